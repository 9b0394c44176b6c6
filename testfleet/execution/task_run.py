"""One task from beginning to end: working copy, interpreter, tests, clean-up, result."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from testfleet.contracts.base import utc_now
from testfleet.contracts.leak import Leak
from testfleet.contracts.result import (
    Host,
    ShardResult,
    UnitStatus,
    WorkerError,
    WorkerErrorType,
)
from testfleet.contracts.task import BuiltEnvironment, WorkerTask
from testfleet.errors import UsageError
from testfleet.execution.environments import (
    Builder,
    EnvironmentUnusableError,
    Interpreter,
    built_interpreter,
    named_interpreter,
)
from testfleet.execution.frameworks.tool_shard import ToolShard
from testfleet.execution.guardian import Guardian
from testfleet.execution.herald import Herald
from testfleet.execution.host import MARKER, WorkerOptions, base_environment, memory_for_tests_mb
from testfleet.execution.journal import unit_results
from testfleet.execution.launch import Events
from testfleet.execution.leaks import Belongings
from testfleet.execution.log import BoundedLog
from testfleet.execution.masking import stored_error, stored_log
from testfleet.execution.processes import Family, become_subreaper
from testfleet.execution.services.keeper import Keeper
from testfleet.execution.shard import Shard
from testfleet.execution.supervisor import Stop, Supervisor
from testfleet.execution.task_shard import (
    PYTEST,
    Setting,
    check_framework,
    make_journal,
    make_shard,
    service_setting,
)
from testfleet.execution.traces import traces_of
from testfleet.execution.transfer import TransferError, upload
from testfleet.execution.workspace import Workspace, temporary_for, workspace

_GUARDIAN: Final = Guardian()
_KEEPER: Final = Keeper(_GUARDIAN.guard, _GUARDIAN.release)

_STOP_ERRORS: Final = {
    Stop.DEADLINE: (WorkerErrorType.TIMED_OUT, "the shard's time of {time_s:g} s was over"),
    Stop.CANCELLED: (WorkerErrorType.CANCELLED, "the run was cancelled"),
    Stop.INTERRUPTED: (WorkerErrorType.WORKER_LOST, "the host has ended the worker"),
}


class TaskRun:
    """The state of one task. `execute` may raise; `result` is due all the same."""

    def __init__(self, task: WorkerTask, options: WorkerOptions, host: Host) -> None:
        self.task = task
        self.options = options
        self.errors: list[WorkerError] = []
        self.notes: list[str] = []
        self.leaks: list[Leak] = []
        self._host = host
        self._journal = make_journal(task.framework)
        self._shard: Shard | ToolShard | None = None
        self._stop: Stop | None = None
        self._warm: bool | None = None
        self._marker = f"{task.run_id}/{task.shard_id}"
        self._time_s = options.time_for_shard_s(task.limits.time_s)
        self._deadline = time.monotonic() + self._time_s
        memory_mb = memory_for_tests_mb(host, task.limits.memory_mb)
        self._limits = task.limits.model_copy(update={"memory_mb": memory_mb})
        self._herald = Herald(task, lambda: self._journal.progress(task.run_id, task.shard_id))
        self._started_at = utc_now()
        self._told = 0

    def execute(self) -> None:
        """Do what the task says."""
        check_framework(self.task.framework)
        become_subreaper()
        if self._host.kind == "local":
            _GUARDIAN.guard(self._marker)
        self._herald.start()
        try:
            with workspace(self.task, self.options.resolved_root()) as place:
                self.notes.extend(place.notes)
                self._warm = place.was_there
                self._execute_in(place)
        finally:
            self._herald.finish()
            _GUARDIAN.release(self._marker)

    def stopped(self, stop: Stop) -> None:
        """Note that the task had to end early."""
        self._stop = stop
        if stop in _STOP_ERRORS:
            kind, reason = _STOP_ERRORS[stop]
            message = f"{reason.format(time_s=self._time_s)}; what is left is unfinished"
            self.errors.append(WorkerError(type=kind, message=message))

    def result(self, *, is_partial: bool = False) -> ShardResult:
        """Everything that was found out."""
        return ShardResult(
            run_id=self.task.run_id,
            shard_id=self.task.shard_id,
            host=self._host,
            started_at=self._started_at,
            finished_at=utc_now(),
            attempts=self._shard.processes if self._shard else 0,
            warm=self._warm,
            units=unit_results(self.task, self._journal, self._missing_status()),
            tests=tuple(self._journal.results.values()),
            errors=tuple(map(stored_error, self.errors)),
            notes=tuple(self.notes),
            leaks=tuple(dict.fromkeys(self.leaks)),
            traces=() if is_partial else traces_of(self._shard),
            is_partial=is_partial,
        )

    def _partial(self) -> bytes:
        return self.result(is_partial=True).model_dump_json().encode()

    def _missing_status(self) -> UnitStatus:
        """What is to be said of units that nothing was heard of."""
        if self._shard is not None and self._shard.is_complete:
            return UnitStatus.FINISHED
        is_meant = self._stop in (Stop.CANCELLED, Stop.FAIL_FAST)
        return UnitStatus.STOPPED if is_meant else UnitStatus.UNFINISHED

    def _execute_in(self, place: Workspace) -> None:
        with (
            self._supervisor(place) as supervisor,
            temporary_for(place.state, self.task.env, self.notes) as temporary,
        ):
            variables = self._variables(temporary)
            spec = self.task.environment
            if not isinstance(spec, BuiltEnvironment):
                path = variables.get("PATH", os.defpath)
                self._run_tests(
                    place, supervisor, variables, named_interpreter(self.task, spec, path)
                )
                return
            manifest = place.state / "manifest.json"
            builder = Builder(place.tree, manifest, variables, supervisor, self._limits.file_mb)
            with built_interpreter(spec, self.options.resolved_root(), builder) as interpreter:
                self._run_tests(place, supervisor, variables, interpreter)

    def _run_tests(
        self,
        place: Workspace,
        supervisor: Supervisor,
        variables: dict[str, str],
        interpreter: Interpreter,
    ) -> None:
        if self.task.kind == "prepare":
            return
        environment = {**variables, **interpreter.variables}
        with _KEEPER.lend(service_setting(self.task, place, environment, self._order)) as lent:
            supervisor.family.leave_out_children()
            self._run_shard(place, supervisor, {**environment, **lent.gives}, interpreter)
        self.notes.extend(lent.notes)

    def _run_shard(
        self,
        place: Workspace,
        supervisor: Supervisor,
        environment: dict[str, str],
        interpreter: Interpreter,
    ) -> None:
        setting = Setting(
            workspace=place,
            environment=environment,
            interpreter=interpreter,
            supervisor=supervisor,
            limits=self._limits,
            exit_grace_s=self.options.exit_grace_s,
            announce_failure=self._herald.announce_failure,
        )
        shard = make_shard(self.task, setting, self._journal)
        self._shard = shard
        belongings = Belongings.before(Path(environment["TMPDIR"]), place.tree)
        shard.run()
        self.notes.extend(dict.fromkeys(shard.notes))
        self.leaks.extend(shard.leaks)
        if shard.stop is None:  # what a killed test leaves is no fault of its own
            self.leaks.extend(belongings.left(self._journal.units_between, self.task.units))
        if shard.stop is not None:
            self.stopped(shard.stop)
        if shard.misuse:
            raise UsageError(
                f"{self.task.framework} would not run: {shard.misuse}",
                hint="mend its settings, `args` of the suite, or what stands after `--`",
            )
        if shard.unusable and self.task.framework == PYTEST:
            raise EnvironmentUnusableError(
                shard.unusable,
                hint="install pytest 6.2 or newer there, or set `python` or `setup` in"
                " [environment] of testfleet.toml",
            )
        problem = shard.unusable or shard.refusal
        if problem:
            raise EnvironmentUnusableError(problem)

    @contextmanager
    def _supervisor(self, place: Workspace) -> Iterator[Supervisor]:
        log = BoundedLog(place.state / "log", self._log_bytes())
        events = Events(place.state / "events")
        try:
            yield Supervisor(
                family=Family(self._marker),
                events=events,
                log=log,
                memory_mb=self._limits.memory_mb,
                order=self._order,
                note_memory=self._journal.note_memory,
            )
        finally:
            events.close()
            self._upload_log(log)
            log.close()

    def _variables(self, temporary: Path) -> dict[str, str]:
        # With a PATH of its own, the task brings the whole environment of home.
        variables = {} if "PATH" in self.task.env else base_environment(self._host, os.environ)
        if not os.access(variables.get("HOME", "/"), os.W_OK):  # as in Lambda
            variables["HOME"] = str(temporary)
        variables.update(self.task.env)
        return {**variables, "TMPDIR": str(temporary), MARKER: self._marker}

    def _order(self) -> Stop | None:
        # Here, between two looks at the tests' process, the journal stands still.
        if self._herald.wants_partial and len(self._journal.results) > self._told:
            self._told = len(self._journal.results)
            self._herald.offer_partial(self._partial)
        if self.options.interrupted.is_set():
            return Stop.INTERRUPTED
        if self._herald.is_cancelled:
            return Stop.CANCELLED
        if self._herald.is_stopped:
            return Stop.FAIL_FAST
        return Stop.DEADLINE if time.monotonic() > self._deadline else None

    def _log_bytes(self) -> int:
        # Below what one file may hold, or writing the log would fail instead of being cut.
        megabytes = min(self._limits.output_mb, self._limits.file_mb / 2)
        return int(megabytes * 2**20)

    def _upload_log(self, log: BoundedLog) -> None:
        if log.was_cut():
            self.notes.append(
                f"the output was cut to {self._limits.output_mb} MB: its middle is missing"
            )
        try:
            upload(self.task.uploads.log, stored_log(log.kept()))
        except TransferError as error:
            self.notes.append(f"the log could not be delivered: {error}")
