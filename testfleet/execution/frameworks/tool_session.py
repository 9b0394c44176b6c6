"""Runs one process of a tool under supervision and says how it went."""

from __future__ import annotations

import os
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testfleet.contracts.task import Limits, WorkerTask
from testfleet.execution.environments import EnvironmentUnusableError
from testfleet.execution.files import force_remove
from testfleet.execution.frameworks.batches import Batch
from testfleet.execution.frameworks.framework import Adapter, Exit, Job, Launch, Reading
from testfleet.execution.frameworks.tool_journal import ToolJournal
from testfleet.execution.launch import Command
from testfleet.execution.session import COLLECTION_LIMIT_S, FINISH_GRACE_S, OUTPUT_LIMIT
from testfleet.execution.supervisor import ENDS_SHARD, Ending, Stop, Supervisor

_TO_FILE: Final = 'out=$1; shift; exec "$@" > "$out"'
"""The event FIFO and the log stay as they are: only standard output goes elsewhere."""
_FINAL: Final = (Stop.TIMED_OUT, Stop.OUT_OF_MEMORY)


@dataclass(frozen=True)
class ToolEnd:
    """How a process of the tool ended."""

    ending: Ending
    reading: Reading
    description: str
    """A clause: what happened to the process."""
    output: str
    open: Mapping[str, str]
    """Tests that ran then, each with its unit."""
    collecting: str | None

    @property
    def ends_shard(self) -> bool:
        """Whether nothing more is to be run."""
        return self.ending.stop in ENDS_SHARD

    @property
    def is_final(self) -> bool:
        """Whether a second attempt would only cost the same again."""
        return self.ending.stop in _FINAL or self.reading.is_certain


@dataclass(frozen=True)
class ToolPlace:
    """Where a tool runs, and under what."""

    tree: Path
    cwd: Path
    state: Path
    """Folder beside the tree, out of the tests' way."""
    environment: Mapping[str, str]


@dataclass(frozen=True)
class ToolRunner:
    """Starts processes of one tool in one place."""

    adapter: Adapter
    task: WorkerTask
    place: ToolPlace
    supervisor: Supervisor
    journal: ToolJournal
    limits: Limits

    def run(self, batch: Batch) -> ToolEnd:
        """Run one process to its end.

        Raises EnvironmentUnusableError when there is no tool, OSError when it cannot be started.
        """
        job = self._job(batch)
        launch = self.adapter.launch(job)
        self.journal.begin_session(batch.only)
        self.journal.tree = f"{job.tree}/"
        position = self.supervisor.log.position
        command = self._command(job, launch)
        # Of a tool that tells nothing live, what comes through the FIFO is none of its own.
        take = self.journal.take if self.adapter.is_live else _pass_over
        watch = Watch(self, launch)
        ending = self.supervisor.run(command, take, watch.look)
        is_open, collecting = dict(self.journal.open), self.journal.session.collecting
        output = self.supervisor.log.since(position, OUTPUT_LIMIT)
        reading = self.adapter.read(job, Exit(ending.stop, ending.status, output))
        self.journal.take(reading.events)
        self._log_output(launch)
        for test in [test for test in is_open if test in self.journal.results]:
            del is_open[test]
        description = describe(ending, watch, self.limits)
        return ToolEnd(ending, reading, description, output, is_open, collecting)

    def _job(self, batch: Batch) -> Job:
        scratch = self.place.state / "scratch"
        if os.path.lexists(scratch):
            force_remove(scratch)
        scratch.mkdir()
        return Job(
            tree=self.place.tree,
            cwd=self.place.cwd,
            scratch=scratch,
            events=self.supervisor.events.path,
            environment=self.place.environment,
            args=self.task.framework_args,
            options=self.task.tool,
            units=batch.units,
            excluded=self._excluded() if batch.takes_rest else None,
            only=batch.only,
            fail_fast=self.task.fail_fast,
        )

    def _excluded(self) -> tuple[str, ...]:
        settled = (unit for unit in self.journal.units() if self.journal.is_settled(unit))
        return tuple(dict.fromkeys([*(self.task.excluded or ()), *settled]))

    def _command(self, job: Job, launch: Launch) -> Command:
        environment = {**self.place.environment, **launch.variables}
        argv = launch.argv
        if (
            shutil.which(argv[0], path=environment.get("PATH", os.defpath)) is None
            and not (self.place.cwd / argv[0]).exists()
        ):
            raise EnvironmentUnusableError(
                f"{self.adapter.name}: program {argv[0]!r} is not on PATH",
                hint="install it, or mend the suite in testfleet.toml",
            )
        if launch.output is not None:
            argv = ("/bin/sh", "-c", _TO_FILE, "sh", str(launch.output), *argv)
        return Command(argv, job.cwd, environment, self.limits.file_mb)

    def _log_output(self, launch: Launch) -> None:
        """What went to a file belongs into the shard's log all the same."""
        if launch.output is not None:
            with suppress(OSError):
                os.write(self.supervisor.log.fd, launch.output.read_bytes())
                self.supervisor.log.trim()


@dataclass
class Watch:
    """Whether a process still gets on: by what it tells live, or else by what it prints."""

    runner: ToolRunner
    launch: Launch
    _printed: int = -1
    _changed_at: float = 0.0

    def look(self) -> Stop | None:
        """Look now and then."""
        session = self.runner.journal.session
        if not self.runner.adapter.is_live:
            self._look_at_output()
            idle_s = time.monotonic() - self._changed_at
            return Stop.TIMED_OUT if idle_s > self.patience_s else None
        idle_s = time.monotonic() - session.changed_at
        if session.is_finished:
            return Stop.HUNG if idle_s > FINISH_GRACE_S else None
        return Stop.TIMED_OUT if idle_s > self.patience_s else None

    @property
    def patience_s(self) -> float:
        """Seconds that what goes on now may take: a test, or the start and the loading of files."""
        limit_s = self.runner.limits.test_timeout_s
        if self.runner.journal.open or not self.runner.adapter.is_live:
            return limit_s
        return max(limit_s, COLLECTION_LIMIT_S)

    def _look_at_output(self) -> None:
        printed = self.runner.supervisor.log.position
        with suppress(OSError):
            printed += self.launch.output.stat().st_size if self.launch.output else 0
        if printed != self._printed:
            self._printed, self._changed_at = printed, time.monotonic()


def _pass_over(_: object) -> None:
    """Take nothing in."""


def describe(ending: Ending, watch: Watch, limits: Limits) -> str:
    """What happened to a process, as a clause: "while this test ran" can follow."""
    if ending.stop is Stop.TIMED_OUT:
        is_live = watch.runner.adapter.is_live
        what = "did not finish within" if is_live else "printed nothing for"
        return f"the process {what} {watch.patience_s:g} s and was ended"
    if ending.stop is Stop.HUNG:
        return "the process did not end after its last test and was ended"
    if ending.stop is Stop.OUT_OF_MEMORY:
        return f"the process used more than {limits.memory_mb} MB of memory"
    return f"the process {_how_ended(ending.status)}"


def _how_ended(status: int | None) -> str:
    if status is None:
        return "was ended from outside"
    if status >= 0:
        return f"ended with exit status {status}"
    with suppress(ValueError):
        return f"was killed by {signal.Signals(-status).name}"
    return f"was killed by signal {-status}"
