"""A learned order of candidates: what right changes of made bugs look like."""

from testfleet.repair.rank.order import order

__all__ = ["order"]
