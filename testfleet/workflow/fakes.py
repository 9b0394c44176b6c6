"""The workflow's ports in memory: for unit tests, and as the shortest description of the ports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from testfleet.contracts.event import GivenUp, RunEvent
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


class InMemoryEvents:
    """EventStore in a list, and EventBus in another."""

    def __init__(self) -> None:
        self.stream: list[RunEvent] = []
        self.bus: list[RunEvent] = []
        self._published: dict[str, int] = {}

    def after(self, run_id: str, sequence: int) -> list[RunEvent]:
        """Events with higher numbers, in their order."""
        return [one for one in self.stream if one.run_id == run_id and one.sequence > sequence]

    def append(self, events: Sequence[RunEvent]) -> bool:
        """Add them all, unless a number is taken."""
        taken = {(one.run_id, one.sequence) for one in self.stream}
        if any((one.run_id, one.sequence) in taken for one in events):
            return False
        self.stream.extend(events)
        return True

    def published(self, run_id: str) -> int:
        """Number of the last event that was surely published."""
        return self._published.get(run_id, 0)

    def note_published(self, run_id: str, sequence: int) -> None:
        """Remember it, unless more is known."""
        self._published[run_id] = max(sequence, self.published(run_id))

    def publish(self, events: Sequence[RunEvent]) -> None:
        """Hand all over."""
        self.bus.extend(events)


class InMemoryDeadLetters:
    """DeadLetters in a list."""

    def __init__(self) -> None:
        self.letters: list[GivenUp] = []

    def send(self, given_up: GivenUp) -> None:
        """Put one onto the queue."""
        self.letters.append(given_up)
