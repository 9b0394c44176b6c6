"""Where the command keeps its state on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from testfleet.config import ROOT


def home() -> Path:
    """`.testfleet/` of the checkout, or what TESTFLEET_HOME names."""
    return Path(os.environ.get("TESTFLEET_HOME") or ROOT / ".testfleet")
