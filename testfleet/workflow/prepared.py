"""What the first steps of a run find out for the later ones."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from testfleet.contracts.base import Contract
from testfleet.contracts.change import FileChange
from testfleet.contracts.quarantine import QuarantineConfig
from testfleet.planning.project import ResolvedSuite


class FoundInterpreter(Contract):
    """The interpreter of home, on the machine that client and workers share."""

    kind: Literal["interpreter"] = "interpreter"
    python: str


class SetupCommands(Contract):
    """An environment to be built, or built before under the same key."""

    kind: Literal["built"] = "built"
    key: str
    python: str
    setup: tuple[str, ...]


class PreparedRun(Contract):
    """Source, suite and environment of one run."""

    started_at: datetime
    archive_key: str
    sha256: str
    original_root: str | None
    reuse: bool
    """False for untrusted code: nothing that its tests leave may be used by another run."""
    project_key: str
    """What the tree's working copies and its history are kept under."""
    changes: tuple[FileChange, ...] | None = None
    """What the run is to test; None is everything."""
    notes: tuple[str, ...] = ()
    """What a person should know of the preparation."""
    quarantine: tuple[QuarantineConfig, ...] = ()
    """Flaky tests that do not block, as the tree's testfleet.toml has them."""
    suite: ResolvedSuite | None = None
    environment: Annotated[FoundInterpreter | SetupCommands, Field(discriminator="kind")] | None = (
        None
    )

    @property
    def history_key(self) -> str:
        """Key of the suite's history. Untrusted runs have one of their own."""
        suite = self.suite.name if self.suite else ""
        return history_key(self.project_key, suite, trusted=self.reuse)


def history_key(project: str, suite: str, *, trusted: bool) -> str:
    """What a suite's history is kept under."""
    return f"{project}{'' if trusted else '!fork'}#{suite}"


def project_key(repository: str, original_root: str | None) -> str:
    """Stable and safe as a folder name: two trees of one name on one machine stay apart."""
    plain = "".join(char if char.isalnum() or char in "-_." else "-" for char in repository)
    if original_root is None and plain == repository:
        return plain[:80]
    distinct = hashlib.sha256(f"{repository}\0{original_root}".encode()).hexdigest()[:8]
    return f"{plain[:80]}-{distinct}"
