"""The outside world of the workflow's steps, in three small protocols.

`testfleet.aws` implements them with boto3; `testfleet.workflow.fakes` in memory, for tests.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Protocol

from testfleet.contracts.base import Contract
from testfleet.contracts.event import GivenUp
from testfleet.contracts.history import HistoryDetails, UnitHistory
from testfleet.contracts.quota import QuotaState
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.planning.scaling.provisioning import Capacity


class ObjectStore(Protocol):
    """Objects in one bucket, and addresses that let somebody without rights read or write one."""

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None when there is no such object."""
        ...

    def put(self, key: str, body: bytes) -> None:
        """Write the object whole."""
        ...

    def put_many(self, objects: Mapping[str, bytes]) -> None:
        """Write all objects, several at a time."""
        ...

    def get_many(self, keys: list[str]) -> dict[str, bytes]:
        """Read all objects that exist, several at a time."""
        ...

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        ...

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys that begin with the prefix, sorted."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object, if there is one."""
        ...

    def get_url(self, key: str) -> str:
        """Presigned GET."""
        ...

    def put_url(self, key: str) -> str:
        """Presigned PUT."""
        ...


class RunRow(Contract):
    """One line of `testfleet runs`."""

    run_id: str
    repository: str
    suite: str
    status: RunStatus | None
    """None while the run goes on."""
    started_at: datetime
    wall_s: float | None = None
    totals: dict[str, int] | None = None
    usd: float | None = None
    workers: int | None = None
    """Shards that ran at the same time."""

    @classmethod
    def of(cls, report: RunReport) -> RunRow:
        """The row of a run that has ended."""
        return cls(
            run_id=report.run_id,
            repository=report.repository,
            suite=report.suite,
            status=report.status,
            started_at=report.started_at,
            wall_s=report.wall_s,
            totals=report.totals.model_dump(),
            usd=report.cost.usd,
            workers=report.workers,
        )


class RunStore(Protocol):
    """The list of runs."""

    def start(self, row: RunRow) -> None:
        """Record that a run was admitted. A second call with the same id changes nothing."""
        ...

    def finish(self, report: RunReport) -> None:
        """Record how it ended."""
        ...

    def recent(self, limit: int) -> list[RunRow]:
        """The newest runs, newest first."""
        ...

    def since(self, moment: datetime) -> list[RunRow]:
        """All runs that have started since then, oldest first."""
        ...


class HistoryStore(Protocol):
    """What past runs leave, one query a suite."""

    def load(self, suite_key: str) -> dict[str, UnitHistory]:
        """History by unit id. Empty when there is none or it cannot be read."""
        ...

    def save(self, suite_key: str, history: Mapping[str, UnitHistory]) -> None:
        """Replace the suite's history. What a newer version has stored stays beside it."""
        ...

    def details(self, suite_key: str) -> HistoryDetails:
        """What is kept beside the units: single tests, and which runs were imported."""
        ...

    def save_details(self, suite_key: str, details: HistoryDetails) -> None:
        """Replace the suite's details."""
        ...


class DeadLetters(Protocol):
    """Where it is kept what runs have given up."""

    def send(self, given_up: GivenUp) -> None:
        """Put one onto the queue. Raises FleetError when it was not taken."""
        ...


class QuotaStore(Protocol):
    """The use of the quotas: one state, exchanged whole."""

    def load(self) -> tuple[QuotaState, int]:
        """The state and its version. Raises FleetError when it cannot be read."""
        ...

    def exchange(self, state: QuotaState, version: int) -> bool:
        """Replace the state, if it still has this version. False when it has another."""
        ...


class Provisioner(Protocol):
    """Something whose capacity can be kept warm."""

    @property
    def name(self) -> str:
        """What it is, for people."""
        ...

    def capacity(self) -> Capacity:
        """What is there now. Raises FleetError when that cannot be known."""
        ...

    def apply(self, units: int) -> int:
        """Keep so many units warm; answers with how many were asked for in the end."""
        ...


class Executions(Protocol):
    """Executions of the `run-tests` state machine, named by their run and how often it was resumed.

    `resumed` is that number: 0 for the first execution.
    """

    def start(self, run_id: str, resumed: int = 0) -> None:
        """Start the run's execution. A second call for the same one changes nothing."""
        ...

    def state(self, run_id: str, resumed: int = 0) -> str:
        """RUNNING, SUCCEEDED, FAILED, TIMED_OUT or ABORTED; MISSING when there is none."""
        ...

    def stop(self, run_id: str, resumed: int = 0) -> None:
        """End the run's execution, if it still runs."""
        ...
