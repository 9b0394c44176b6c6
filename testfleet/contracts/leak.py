"""What tests have left behind for others to clean up."""

from __future__ import annotations

from enum import StrEnum

from testfleet.contracts.base import Contract


class LeakKind(StrEnum):
    """What was left."""

    PROCESS = "process"
    PORT = "port"
    """On which a process that was left still listened."""
    TEMPORARY = "temporary"
    """Files or folders in the temporary folder, but those that tools keep."""
    OPEN_FILE = "open-file"
    """The worker itself still held a file of the tests open."""


class Leak(Contract):
    """One finding: the shard's clean-up has seen to it, the test file has not."""

    kind: LeakKind
    units: tuple[str, ...]
    """Test files that may have left it; more than one when several ran then. Empty: unknown."""
    text: str
    """In words for a person, at most 300 characters."""
