"""What a failure is: its domain and cause, the lines that say so, and whom it concerns."""

from __future__ import annotations

from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Annotated, Literal

from pydantic import Field

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.quarantine import QuarantineConfig


class Domain(StrEnum):
    """Whose failure it is, and so which repair engine understands it."""

    TYPESCRIPT = "typescript"
    """A compiler or type error: tsc, ts-jest diagnostics, vue-tsc, missing declarations."""
    REACT = "react"
    """A rendering error at run time or in a component test."""
    TEST = "test"
    """A test's own report, of any runner."""
    GENERAL = "general"
    """Everything else."""


class Cause(StrEnum):
    """What went wrong."""

    ASSERTION = "assertion"
    TYPE_ERROR = "type-error"
    SYNTAX = "syntax"
    IMPORT_OR_DEPENDENCY = "import-or-dependency"
    NULL_OR_ATTRIBUTE = "null-or-attribute"
    TIMEOUT = "timeout"
    NETWORK = "network"
    RESOURCE = "resource"
    """Memory, disk, killed, too many files."""
    PORT_CONFLICT = "port-conflict"
    PERMISSION_OR_CONFIG = "permission-or-config"
    RACE_OR_ORDER = "race-or-order"
    """Order, flaky, act(), after tear-down, event loop closed."""
    SELECTOR = "selector"
    """An element that was not found, or found more than once."""
    SNAPSHOT = "snapshot"
    RENDER = "render"
    INFRASTRUCTURE = "infrastructure"
    """Docker, a runner that was lost, a service that is not ready, a database that refuses."""
    OTHER = "other"


class EvidenceLine(Contract):
    """One line of the input that decided, without time stamp, colours and secrets."""

    line: Annotated[int, Field(ge=1)]
    """Counted from 1 in the input."""
    text: str


class Classification(Contract):
    """The answer about one failure."""

    domain: Domain
    cause: Cause
    confidence: Annotated[float, Field(ge=0.0, le=1.0)]
    """Calibrated: of answers given with 0.8, about eight in ten are right in both labels."""
    model: str
    """Who spoke: `rules`, `override`, or the name and version of a model."""
    evidence: tuple[EvidenceLine, ...] = ()


class FailureVerdict(StrEnum):
    """Whether a failure is the code's."""

    REAL = "real"
    FLAKY = "flaky"
    INFRASTRUCTURE = "infrastructure"
    UNCONFIRMED = "unconfirmed"
    """It was not run again."""


class FlakyCategory(StrEnum):
    """What a flaky test depends on beside the code."""

    ORDER_DEPENDENT = "order-dependent"
    """On the tests before it; which of them is not known."""
    LEAK = "leak"
    """On one named test before it."""
    TIMING = "timing"
    RESOURCE = "resource"
    NETWORK = "network"
    RANDOMNESS = "randomness"
    UNKNOWN = "unknown"


class FlakeRate(Contract):
    """How often a test fails that has nothing wrong with it: what its past lets one believe."""

    mean: Annotated[float, Field(ge=0.0, le=1.0)]
    low: Annotated[float, Field(ge=0.0, le=1.0)]
    high: Annotated[float, Field(ge=0.0, le=1.0)]
    """The rate lies between `low` and `high` with a chance of 90 %."""
    runs: Annotated[int, Field(ge=0)]
    """Runs that this rests on."""


class Judgement(Contract):
    """Whether a failure is real, and why one thinks so."""

    verdict: FailureVerdict
    category: FlakyCategory | None = None
    """Of a flaky test only."""
    polluter: str | None = None
    """Id of the test that leaves something behind, where it was found."""
    rate: FlakeRate | None = None
    reason: str = ""


class Priority(IntEnum):
    """How soon somebody should look. Smaller is sooner."""

    CRITICAL = 0
    HIGH = 1
    MEDIUM = 2
    LOW = 3


class Route(Contract):
    """Who looks at a failure."""

    engine: str
    """Repair engine of config/routing.toml."""
    model: str | None = None
    """Model that the engine asks. None: it asks none."""
    actions: tuple[str, ...] = ()
    """What a person can do, where no model is asked or beside it."""
    priority: Priority
    score: Annotated[float, Field(ge=0.0, le=1.0)]
    """Orders failures of the same priority."""
    reasons: tuple[str, ...] = ()


class Failure(Contract):
    """One test that failed, as triage sees it. Its message is the test's own in `tests`."""

    test: str
    file: str
    fingerprint: str
    """The same for the same cause, in other tests and other runs, too."""
    cluster: str
    """Id of its cluster."""
    classification: Classification | None = None
    judgement: Judgement | None = None
    quarantined: bool = False
    """Reported, but it does not block."""
    quarantine: QuarantineConfig | None = None
    """The entry of testfleet.toml that says so: whose test it is, and until when."""


class Sighting(Contract):
    """A run in which a cluster was seen."""

    run_id: str
    commit: str | None = None
    at: datetime


class Suspect(Contract):
    """A commit or file that may have broken it."""

    kind: Annotated[str, Field(pattern="^(commit|file)$")]
    name: str
    score: Annotated[float, Field(ge=0.0, le=1.0)]
    reason: str


class SimilarCluster(Contract):
    """A cluster of the past that reads much the same."""

    id: str
    title: str
    similarity: Annotated[float, Field(ge=0.0, le=1.0)]
    last_seen: Sighting


class FailureCluster(Contract):
    """Failures with one cause."""

    id: str
    """The same in every run in which the cause shows."""
    title: str
    """The message of its representative, in one line."""
    representative: str
    """Id of the test to look at."""
    count: Annotated[int, Field(ge=1)]
    files: Annotated[int, Field(ge=1)]
    """Test files that its tests lie in."""
    fingerprints: tuple[str, ...]
    where: str = ""
    """Innermost place of the project's own code: `path:line, in function`."""
    first_seen: Sighting | None = None
    suspects: tuple[Suspect, ...] = ()
    """Most suspicious first."""
    similar: tuple[SimilarCluster, ...] = ()
    classification: Classification | None = None
    route: Route | None = None
    text: str = ""
    """What broke, where, since when and what to try, in plain sentences."""


class PastCluster(Contract):
    """What is kept of a cluster for later runs."""

    id: str
    title: str
    kind: str
    """Type of the exception or code of the compiler."""
    fingerprints: tuple[str, ...]
    first_seen: Sighting
    last_seen: Sighting
    runs: Annotated[int, Field(ge=1)] = 1
    """Runs in which it was seen."""


class PastClusters(Contract):
    """What is kept of a suite's clusters."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    clusters: tuple[PastCluster, ...] = ()
    """Those seen last at the end."""
    passed: Sighting | None = None
    """The newest run of the whole suite in which nothing failed."""
