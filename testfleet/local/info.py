"""What the daemon and the fleet say of themselves, in files that outlive them."""

from __future__ import annotations

from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError

from testfleet.contracts.base import Contract
from testfleet.local.home import write_whole
from testfleet.local.processes import ProcessId


class _Saved(Contract):
    @classmethod
    def load(cls, path: Path) -> Self | None:
        """What the file says; None when there is none or it is of another form."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except (OSError, ValidationError):
            return None

    def save(self, path: Path) -> None:
        """Write the file whole."""
        write_whole(path, self.model_dump_json(indent=2) + "\n")


class DaemonInfo(_Saved):
    """The daemon that answers, written by itself."""

    process: ProcessId
    endpoint_url: str
    program: str
    """Fingerprint of the code that it runs."""


class FleetInfo(_Saved):
    """The fleet with the application deployed onto it."""

    endpoint_url: str
    region: str
    pid: int
    outputs: dict[str, str]
    """Outputs of all stacks: DataBucket, RunsTable, HistoryTable, StateMachineArn, ..."""
    stacks: tuple[str, ...]
    application: str
    """Fingerprint of what is deployed."""


class FleetStatus(Contract):
    """The fleet now. Without one everything but `home` and `is_up` has its default."""

    home: str
    is_up: bool
    pid: int | None = None
    endpoint_url: str | None = None
    region: str | None = None
    uptime_s: float = 0.0
    memory_mb: float = 0.0
    """Resident memory of the daemon and all its workers, in MB (1024 * 1024 bytes)."""
    stacks: tuple[str, ...] = ()
    outputs: dict[str, str] = Field(default_factory=dict)
