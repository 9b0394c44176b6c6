"""Runs one pytest process under supervision and says how it went."""

from __future__ import annotations

import json
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from testfleet.contracts.dependencies import Dependency
from testfleet.contracts.plan import Splits
from testfleet.contracts.task import Limits
from testfleet.execution.journal import Journal, SessionState
from testfleet.execution.launch import Command
from testfleet.execution.supervisor import ENDS_SHARD, Ending, Stop, Supervisor

BOOTSTRAP: Final = Path(__file__).with_name("pytest_bootstrap.py")
OUTPUT_LIMIT: Final = 16 * 1024
"""Bytes of output shown with a failure of the process."""
FINISH_GRACE_S: Final = 120.0
"""Seconds for what plugins do after the last test, e.g. a coverage report."""
USAGE_ERROR: Final = 4
COLLECTION_LIMIT_S: Final = 60.0
"""Seconds for the start and for each file to be collected, if a test may not take as long."""


@dataclass(frozen=True)
class Place:
    """Where tests run, and under what."""

    tree: Path
    cwd: Path
    python: str
    environment: dict[str, str]
    settings: Path
    """File to hand the settings over in."""
    remap: tuple[tuple[str, str], ...] = ()
    args: tuple[str, ...] = ()
    splits: Splits = field(default_factory=dict)
    units: tuple[str, ...] = ()
    """Of the task, in the order in which they run when there are dependencies."""
    ordered: bool = False
    mixed: tuple[tuple[str, ...], ...] = ()
    dependencies: tuple[Dependency, ...] = ()


@dataclass(frozen=True)
class Choice:
    """What one process is to run: see `pytest_selection.Selection`."""

    units: tuple[str, ...] = ()
    excluded: tuple[str, ...] | None = None
    done: tuple[str, ...] = ()
    only: str | None = None
    chosen: tuple[str, ...] = ()
    fail_fast: bool = False
    records: bool = False
    """Record the coverage of what runs."""


@dataclass(frozen=True)
class SessionEnd:
    """How a test process ended, and what it was doing then."""

    ending: Ending
    state: SessionState
    description: str
    """A clause: what happened to the process."""
    output: str

    @property
    def ends_shard(self) -> bool:
        """Whether nothing more is to be run."""
        return self.ending.stop in ENDS_SHARD

    @property
    def is_final(self) -> bool:
        """Whether a second attempt would only cost the same time or memory again."""
        return self.ending.stop in (Stop.TIMED_OUT, Stop.OUT_OF_MEMORY)

    @property
    def is_at_rest(self) -> bool:
        """Whether it had collected everything, and no test was left in the middle."""
        state = self.state
        return state.is_ready and state.collecting is None and state.running is None

    @property
    def is_refused(self) -> bool:
        """Whether pytest did not even begin: a usage error, or a conftest that raises."""
        return self.state.returned is not None and not self.state.is_ready

    @property
    def is_content(self) -> bool:
        """Whether pytest says that all is well."""
        return self.state.returned == 0 and not self.state.stopped

    @property
    def is_misuse(self) -> bool:
        """Whether pytest found fault with its arguments or settings: no test has anything to do
        with it, and at home none would run either."""
        return self.state.returned == USAGE_ERROR and not self.state.stopped


@dataclass(frozen=True)
class SessionRunner:
    """Starts test processes in one place."""

    place: Place
    supervisor: Supervisor
    journal: Journal
    limits: Limits
    exit_grace_s: float

    def run(self, choice: Choice) -> SessionEnd:
        """Run one process to its end. OSError when it cannot be started."""
        self._write_settings(choice)
        self.journal.begin_session(choice.only)
        position = self.supervisor.log.position
        ending = self.supervisor.run(self._command(), self.journal.take, self._check)
        state = self.journal.session
        description = describe(ending, state, self.limits)
        output = self.supervisor.log.since(position, OUTPUT_LIMIT)
        return SessionEnd(ending, state, description, output)

    def _command(self) -> Command:
        place = self.place
        return Command(
            argv=(place.python, str(BOOTSTRAP), str(place.settings)),
            cwd=place.cwd,
            environment=place.environment,
            file_mb=self.limits.file_mb,
        )

    def _write_settings(self, choice: Choice) -> None:
        selection = {
            "root": str(self.place.tree),
            "units": choice.units,
            "excluded": choice.excluded,
            "done": choice.done,
            "only": choice.only,
            "chosen": choice.chosen,
            "splits": self.place.splits,
            "fail_fast": choice.fail_fast,
        }
        settings = {
            "events": str(self.supervisor.events.path),
            "args": self.place.args,
            "remap": self.place.remap,
            "selection": selection,
            "sequence": self._sequence(choice),
            "records": choice.records,
        }
        self.place.settings.write_text(json.dumps(settings), encoding="ascii")

    def _sequence(self, choice: Choice) -> dict[str, object]:
        rules = self.place.dependencies
        # What runs again alone is to be judged by itself.
        failed = self.journal.failed_files() if rules and choice.only is None else ()
        return {
            "units": self.place.units if rules or self.place.ordered else (),
            "ordered": self.place.ordered,
            "mixed": self.place.mixed,
            "dependencies": [(rule.units, rule.providers) for rule in rules],
            "failed": sorted(failed),
        }

    def _check(self) -> Stop | None:
        state = self.journal.session
        idle_s = time.monotonic() - state.changed_at
        if state.returned is not None:
            return Stop.HUNG if idle_s > self.exit_grace_s else None
        if state.is_finished:
            return Stop.HUNG if idle_s > FINISH_GRACE_S else None
        return Stop.TIMED_OUT if idle_s > patience_s(state, self.limits) else None


def patience_s(state: SessionState, limits: Limits) -> float:
    """Seconds that what goes on now may take. The limit of a test is not that of an import."""
    if state.running is not None or state.is_ready:
        return limits.test_timeout_s
    return max(limits.test_timeout_s, COLLECTION_LIMIT_S)


def describe(ending: Ending, state: SessionState, limits: Limits) -> str:
    """What happened to a test process, as a clause: "while this test ran" can follow."""
    if ending.stop is Stop.TIMED_OUT:
        return f"the process did not finish within {patience_s(state, limits):g} s"
    if ending.stop is Stop.OUT_OF_MEMORY:
        return f"the process used more than {limits.memory_mb} MB of memory"
    if state.stopped:
        return f"pytest broke off the session ({state.stopped})"
    if state.returned is not None:
        return f"pytest ended the session early, with exit status {state.returned},"
    return f"the process {_cause_of_death(ending.status)}"


def _cause_of_death(status: int | None) -> str:
    if status is None:
        return "was ended from outside"
    if status >= 0:
        return f"ended with os._exit({status})"
    try:
        return f"was killed by {signal.Signals(-status).name}"
    except ValueError:
        return f"was killed by signal {-status}"
