"""Secrets out of text; see `testfleet.mask`, which workers use, too."""

from testfleet.mask import MASK, mask

__all__ = ["MASK", "mask"]
