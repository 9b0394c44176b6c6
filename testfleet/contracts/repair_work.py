"""The workflow `repair-failure`: what it is asked, what its workers are told, what they answer."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, field_validator

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.contracts.change import FileChange
from testfleet.contracts.past_fix import PastFix
from testfleet.contracts.pull_request import ChangedFile, PullRequest
from testfleet.contracts.repair import Candidate, FixReport
from testfleet.contracts.result import WorkerError
from testfleet.contracts.task import WorkerTask

REPAIR_ID_PATTERN = re.compile(r"^[0-9]{8}-[0-9]{6}-[0-9a-f]{6}-[0-9a-z]{1,12}$")
MOST_SLICES = 16
"""Workers that search for one repair at the same time."""
JUDGE = "judge"
"""Slice that decides between what the others have found."""


class RepairBudget(Contract):
    """What the repair of one cluster may cost."""

    seconds: Annotated[float, Field(ge=5, le=7200, allow_inf_nan=False)] = 300.0
    """Each worker's search; the decision may take as long again."""
    usd: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.25
    """All workers of the cluster together, at list prices."""
    slices: Annotated[int, Field(ge=1, le=MOST_SLICES)] = 4
    """Workers that share the candidates of one cluster."""


class RepairRequest(Contract):
    """Repairs of one run's failures, as the CLI asks for them, or a red run does by itself."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    repair_id: str
    run_id: str
    requested_at: datetime
    clusters: tuple[str, ...] = ()
    """Ids of the clusters to repair; empty: all that routing hands to an engine."""
    engines: tuple[str, ...] = ()
    """Repair engines to ask; empty: as routing says."""
    budget: RepairBudget = RepairBudget()
    pull_request: bool = True
    """Whether a repair that is proved becomes a pull request."""

    @field_validator("repair_id")
    @classmethod
    def _known_form(cls, value: str) -> str:
        if not REPAIR_ID_PATTERN.match(value):
            raise ValueError("expected the id of a run, `-`, and letters or digits")
        return value


class RepairPlan(Contract):
    """The repair of one cluster."""

    repair_id: str
    cluster: str
    title: str
    priority: Annotated[int, Field(ge=0)] = 3
    """0 is critical."""
    fingerprints: tuple[str, ...]
    tests: tuple[str, ...] = Field(min_length=1)
    engines: tuple[str, ...]
    budget: RepairBudget
    """As far as the money reaches."""
    profile: str


class RepairTask(Contract):
    """One worker's orders: a slice of the search, or the decision."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    repair_id: str
    cluster: str
    slice: str
    """`s0`, `s1`, ... or `judge`."""
    work: WorkerTask
    """Tree, environment, limits and addresses, as for a shard."""
    tests: tuple[str, ...]
    engines: tuple[str, ...] = ()
    share: tuple[int, int] = (0, 1)
    """(k, n): of the candidates, the worker takes number k and every n-th after it."""
    candidates: tuple[Candidate, ...] = ()
    """What the judge decides between."""
    past: tuple[PastFix, ...] = ()
    """What mended this failure before: tried first."""
    budget_s: float
    changes: tuple[FileChange, ...] = ()
    """Of the commit under test."""


class RepairItem(Contract):
    """What starts a worker. Small: the orders lie at the address."""

    work: Literal["repair"] = "repair"
    repair_id: str
    cluster: str
    slice: str
    compute: str
    capacity_provider: str = "FARGATE"
    task_url: str


class SliceResult(Contract):
    """What one worker came to, written once to its result address."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    repair_id: str
    cluster: str
    slice: str
    started_at: datetime
    finished_at: datetime
    report: FixReport | None = None
    candidates: tuple[Candidate, ...] = ()
    """Of a slice: those that turn failing tests green and break nothing."""
    files: tuple[ChangedFile, ...] = ()
    """Of the judge: what the chosen patch makes of the files."""
    whole_suite: str = ""
    """Of the judge: why the whole suite on the branch speaks against the patch; empty if it does
    not."""
    errors: tuple[WorkerError, ...] = ()


class RepairVerdict(Contract):
    """How the repair of one cluster ended."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    repair_id: str
    run_id: str
    cluster: str
    title: str
    priority: Annotated[int, Field(ge=0)] = 3
    report: FixReport
    slices: int = 0
    lost: int = 0
    """Workers that were lost on the way; what they had was given to others."""
    deciding_s: float = 0.0
    """From the end of the search to the decision, the start of its worker included."""
    pull_request: PullRequest | None = None
    notes: tuple[str, ...] = ()


class RepairSummary(Contract):
    """The last thing that a repair writes."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    repair_id: str
    run_id: str
    started_at: datetime
    finished_at: datetime
    verdicts: tuple[RepairVerdict, ...] = ()
    """The most urgent first."""
    left_out: tuple[str, ...] = ()
    """Clusters that no repair was searched for, each with the reason."""
    usd: float = 0.0
    problem: str = ""
    """Why the workflow itself failed; empty when it did not."""
