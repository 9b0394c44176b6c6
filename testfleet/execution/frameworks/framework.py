"""What the worker asks of a test tool: how to start it, and what it found.

One process of the tool runs the units of a shard. It tells how it goes in one of two ways, or both:

- live, by JSON lines on the FIFO `Job.events`: written by a reporter that the tool is given;
- at the end, by what `Adapter.read` makes of the files, the output and the exit status it leaves.

Either way these are the events that `ToolJournal` knows; the functions below build them:

    {"kind": "collecting", "unit": U}            the file is being loaded
    {"kind": "items", "unit": U, "ids": [...]}   its tests, if they can be known before they run
    {"kind": "start", "id": T, "unit": U}        a test begins
    {"kind": "result", "id": T, "unit": U, "outcome": ..., "duration": seconds, "message": ...,
     "longrepr": ..., "attempts": 1}             a test has ended; only id, unit, outcome are needed
    {"kind": "closed", "unit": U}                nothing more comes of the file

A unit is a path relative to the tree. A test id is the tool's own notation, the same in each run
and unique in the suite. What failed and is no test (a file that cannot be loaded) is a result whose
id is the unit itself and whose outcome is `error`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from testfleet.contracts.result import Outcome
from testfleet.contracts.tool import ToolOptions
from testfleet.execution.supervisor import Stop

Event = dict[str, Any]
MESSAGE_LIMIT = 1000
TEXT_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Job:
    """What one process of the tool is to run, and where."""

    tree: Path
    """The working copy."""
    cwd: Path
    """Folder of the suite in it, in which the tool is started."""
    scratch: Path
    """An empty folder outside of the tree for what the adapter writes and wants to be written."""
    events: Path
    """FIFO for live events. One line at a time; a writer must not fail when nobody reads."""
    environment: Mapping[str, str]
    """Variables that the tool will see. PATH begins with the project's own tools."""
    args: tuple[str, ...] = ()
    """The user's: those of the suite, then those after `--`."""
    options: ToolOptions = field(default_factory=ToolOptions)
    units: tuple[str, ...] = ()
    excluded: tuple[str, ...] | None = None
    """When set, whatever else the tool would collect runs too, but for these units. Only for an
    adapter that `collects_rest`."""
    only: str | None = None
    """Id of the single test to run; `units` then holds its file. May be the file itself."""
    fail_fast: bool = False

    def inside(self, unit: str) -> str:
        """The unit as seen from `cwd`."""
        return Path(os.path.relpath(self.tree / unit, self.cwd)).as_posix()

    def unit_of(self, path: str) -> str:
        """The unit of a path that the tool has told: absolute, or relative to `cwd`."""
        full = Path(os.path.normpath(self.cwd / path))
        if not full.is_relative_to(self.tree):
            full = Path(os.path.realpath(full))
        tree = self.tree if full.is_relative_to(self.tree) else self.tree.resolve()
        return full.relative_to(tree).as_posix() if full.is_relative_to(tree) else full.as_posix()


@dataclass(frozen=True)
class Launch:
    """How the tool is started."""

    argv: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)
    """Set on top of the job's environment."""
    output: Path | None = None
    """File that standard output goes to. Default: the shard's log, as standard error does."""


@dataclass(frozen=True)
class Exit:
    """How the process ended."""

    stop: Stop | None
    """Why the worker ended it. None: it ended by itself."""
    status: int | None
    """Exit status, negative for a signal; None when it is not known."""
    output: str
    """The end of what it printed."""

    @property
    def is_own(self) -> bool:
        """Whether it ended by itself and not by a signal."""
        return self.stop is None and self.status is not None and self.status >= 0


@dataclass(frozen=True)
class Reading:
    """What is left to be said after a process."""

    is_whole: bool
    """The tool got to its end: what it has not reported is not there."""
    events: tuple[Event, ...] = ()
    """What it has not told live."""
    problem: str = ""
    """One line: something failed that no test bears, e.g. an exit status of 1 with all tests
    passed. The run fails with it."""
    text: str = ""
    """The same at length."""
    misuse: str = ""
    """The tool would not run with these arguments or settings. Counts when nothing has run."""
    is_certain: bool = False
    """When not whole: another try would end in the same way."""
    notes: tuple[str, ...] = ()


class Adapter(Protocol):
    """One tool. Stateless: everything that it needs is in the job."""

    @property
    def name(self) -> str:
        """Word in `testfleet.toml`."""
        ...

    @property
    def is_live(self) -> bool:
        """Whether it reports each test as it runs, and can run one alone. Only then can one that
        hangs be told from a long run, and `test_timeout_s` hold."""
        ...

    @property
    def one_at_a_time(self) -> bool:
        """Whether each unit needs a process of its own."""
        ...

    @property
    def collects_rest(self) -> bool:
        """Whether it can run what no unit names, see `Job.excluded`. False when reading the tree
        finds every unit."""
        ...

    def launch(self, job: Job) -> Launch:
        """The command line of a job. May write into `scratch`.

        Raises EnvironmentUnusableError when the tool is not there or of a version that will not do.
        """
        ...

    def read(self, job: Job, exit_: Exit) -> Reading:
        """What the process has left. Must not raise on anything that tests may have written."""
        ...


def result(unit: str, test: str, outcome: Outcome, **more: Any) -> Event:
    """A test has ended. `more`: duration (seconds), message, longrepr, attempts."""
    return {"kind": "result", "id": test, "unit": unit, "outcome": outcome.value, **more}


def closed(unit: str) -> Event:
    """Nothing more comes of the unit."""
    return {"kind": "closed", "unit": unit}


def cut(text: str, limit: int = TEXT_LIMIT) -> str:
    """The text with its middle taken out when it is longer than the limit."""
    if len(text) <= limit:
        return text
    half = limit // 2
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters cut ...]\n{text[-half:]}"


def first_line(text: str) -> str:
    """The first line that is not empty, not longer than a message may be."""
    return text.strip().partition("\n")[0].strip()[:MESSAGE_LIMIT]
