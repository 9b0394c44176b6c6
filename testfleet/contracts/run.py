"""What a run is asked to do, and the small state that the workflow carries about it."""

from __future__ import annotations

import re
import secrets
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, field_validator

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.change import FileChange, RecentCommit

RUN_ID_PATTERN = re.compile(r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}$")


class Mode(StrEnum):
    """How much of the world around the tests is real."""

    LIGHTWEIGHT = "lightweight"
    INTEGRATION = "integration"
    FULL = "full"


class Trigger(StrEnum):
    """Who asked for the run."""

    CLI = "cli"
    WEBHOOK = "webhook"
    SCHEDULE = "schedule"


class ArchiveSource(Contract):
    """A working tree that the client has already uploaded."""

    kind: Literal["archive"] = "archive"
    key: str
    """Object key of a gzip-compressed tar of the tree."""
    sha256: str
    original_root: str | None = None
    """Absolute path of the tree on the client. Only a worker on the same machine can use it."""


class RepositorySource(Contract):
    """A commit on a code host, fetched by the workflow."""

    kind: Literal["repository"] = "repository"
    tarball_url: str
    """HTTPS address of the commit's tar.gz, as code hosts offer it."""
    trusted: bool
    """False for a fork: nothing of its run may be reused by another."""
    base_tarball_url: str | None = None
    """The same of the commit that a pull request wants to change: only tests that the difference
    can reach are run."""


Source = Annotated[ArchiveSource | RepositorySource, Field(discriminator="kind")]


class Objectives(Contract):
    """What a plan is to reach."""

    strategy: str = Field(default="balanced", pattern=r"^[a-z][a-z0-9-]{0,40}$")
    """How units become shards: a name of the entry point `testfleet.strategies`."""
    deadline_s: float | None = Field(default=None, gt=0)
    """Seconds that the tests may take; as few dollars as that allows."""
    max_usd: float | None = Field(default=None, gt=0)
    """Dollars that the tests may cost; as few seconds as that allows."""


class Fallback(StrEnum):
    """How what was lost with a worker is run again."""

    FLEET = "fleet"
    """On as many workers as the run may have."""
    SINGLE = "single"
    """All of it on one worker."""


class RunRequest(Contract):
    """One run, as the CLI, the webhook or a schedule asks for it."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    run_id: str
    repository: str
    """Stable name that history is kept under, e.g. `owner/name` or the folder's name."""
    commit: str | None = None
    trigger: Trigger
    requested_at: datetime
    source: Source
    suite: str | None = None
    """Name of a `[suites.NAME]` table; None is the only or the default suite."""
    mode: Mode = Mode.FULL
    shards: int | Literal["auto"] = "auto"
    objectives: Objectives = Objectives()
    changes: tuple[FileChange, ...] | None = None
    """Run only tests that these can reach. None: all."""
    reached: tuple[str, ...] | None = None
    """Units that the client has found `changes` to reach: it can read more than the fleet, such as
    what is installed beside the project. None: the planner finds out."""
    commits: tuple[RecentCommit, ...] = ()
    """The newest of the tree, newest first, after what is not committed: suspects of what fails."""
    keep_going: bool = True
    fallback: Fallback = Fallback.FLEET
    """How what was lost is run again. When a round has no result at all, it is a single worker."""
    record_coverage: bool = False
    """Record which functions each test file enters, whatever its suite says."""
    framework_args: tuple[str, ...] = ()
    env: dict[str, str] = Field(default_factory=dict)
    """The client's own variables, secrets left out. Local fleets only; a suite's `env` wins."""
    python: str | None = None
    """Interpreter on the client's machine that runs the tests at home. Local fleets only."""

    @field_validator("run_id")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if not RUN_ID_PATTERN.match(value):
            raise ValueError("expected YYYYMMDD-HHMMSS-xxxxxx")
        return value


def new_run_id(now: datetime) -> str:
    """A run id that sorts by time and cannot collide within a second."""
    return f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
