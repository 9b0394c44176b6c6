"""The workflow's ports in memory: for unit tests, and as the shortest description of the ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime

from testfleet.contracts.history import HistoryDetails, UnitHistory
from testfleet.contracts.quota import QuotaState
from testfleet.contracts.report import RunReport
from testfleet.workflow.ports import RunRow


class InMemoryObjects:
    """ObjectStore in a dictionary. Its addresses are `memory:<key>`."""

    def __init__(self) -> None:
        self.bodies: dict[str, bytes] = {}

    def get(self, key: str) -> bytes | None:
        """The object's bytes, or None."""
        return self.bodies.get(key)

    def put(self, key: str, body: bytes) -> None:
        """Write the object."""
        self.bodies[key] = body

    def put_many(self, objects: Mapping[str, bytes]) -> None:
        """Write all objects."""
        self.bodies.update(objects)

    def get_many(self, keys: list[str]) -> dict[str, bytes]:
        """Read all objects that exist."""
        return {key: self.bodies[key] for key in keys if key in self.bodies}

    def exists(self, key: str) -> bool:
        """Whether there is such an object."""
        return key in self.bodies

    def keys(self, prefix: str) -> Iterator[str]:
        """Keys that begin with the prefix, sorted."""
        return (key for key in sorted(self.bodies) if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Remove the object."""
        self.bodies.pop(key, None)

    def get_url(self, key: str) -> str:
        """An address for reading."""
        return f"memory:{key}"

    def put_url(self, key: str) -> str:
        """An address for writing."""
        return f"memory:{key}"


class InMemoryRuns:
    """RunStore in a dictionary."""

    def __init__(self) -> None:
        self.rows: dict[str, RunRow] = {}

    def start(self, row: RunRow) -> None:
        """Record that a run was admitted."""
        self.rows.setdefault(row.run_id, row)

    def finish(self, report: RunReport) -> None:
        """Record how it ended."""
        self.rows[report.run_id] = RunRow.of(report)

    def recent(self, limit: int) -> list[RunRow]:
        """The newest runs, newest first."""
        return sorted(self.rows.values(), key=lambda row: row.started_at, reverse=True)[:limit]

    def since(self, moment: datetime) -> list[RunRow]:
        """All runs that have started since then, oldest first."""
        rows = [row for row in self.rows.values() if row.started_at >= moment]
        return sorted(rows, key=lambda row: row.started_at)


class InMemoryQuotas:
    """QuotaStore in an attribute."""

    def __init__(self) -> None:
        self.state, self.version = QuotaState(), 0

    def load(self) -> tuple[QuotaState, int]:
        """The state and its version."""
        return self.state, self.version

    def exchange(self, state: QuotaState, version: int) -> bool:
        """Replace the state, if it still has this version."""
        if version != self.version:
            return False
        self.state, self.version = state, version + 1
        return True


class InMemoryHistory:
    """HistoryStore in a dictionary."""

    def __init__(self) -> None:
        self.suites: dict[str, dict[str, UnitHistory]] = {}
        self.beside: dict[str, HistoryDetails] = {}

    def load(self, suite_key: str) -> dict[str, UnitHistory]:
        """History by unit id."""
        return dict(self.suites.get(suite_key, {}))

    def save(self, suite_key: str, history: Mapping[str, UnitHistory]) -> None:
        """Replace the suite's history."""
        self.suites[suite_key] = dict(history)

    def details(self, suite_key: str) -> HistoryDetails:
        """Single tests, and which runs were imported."""
        return self.beside.get(suite_key, HistoryDetails())

    def save_details(self, suite_key: str, details: HistoryDetails) -> None:
        """Replace the suite's details."""
        self.beside[suite_key] = details
