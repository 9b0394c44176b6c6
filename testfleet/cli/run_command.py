"""`testfleet run`: from a working tree to a report."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import err, print_json, say, show_error
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import (
    DEFAULT_STRATEGY,
    ChangedSinceOption,
    DeadlineOption,
    EnvOption,
    MaxCostOption,
    ModeOption,
    PathArgument,
    ShardsOption,
    StrategyOption,
    SuiteOption,
    parse_objectives,
    parse_shards,
)
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.contracts.result import WorkerErrorType
from testfleet.contracts.run import Mode
from testfleet.errors import IncompleteError, NothingToRunError, UsageError

if TYPE_CHECKING:
    from testfleet.cli.client import Client
    from testfleet.cli.follow import Follower

INTERRUPTED = 130
_CANCEL_GRACE_S = 15.0


@dataclass(frozen=True)
class Outputs:
    """What is written at the end, and how the run is shown."""

    report: Path | None
    junit: Path | None
    json: bool


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(run)


def run(
    context: typer.Context,
    path: PathArgument = Path(),
    *,
    suite: SuiteOption = None,
    shards: ShardsOption = "auto",
    strategy: StrategyOption = DEFAULT_STRATEGY,
    changed_since: ChangedSinceOption = None,
    deadline: DeadlineOption = None,
    max_cost: MaxCostOption = None,
    mode: ModeOption = Mode.FULL,
    report: Annotated[
        Path | None, typer.Option(metavar="FILE.json", help="Write the report here.")
    ] = None,
    junit: Annotated[
        Path | None, typer.Option(metavar="FILE.xml", help="Write the merged JUnit file here.")
    ] = None,
    env: EnvOption = "local",
    keep_going: Annotated[
        bool, typer.Option("--keep-going/--fail-fast", help="Go on, or stop, after a failure.")
    ] = True,
    json: JsonOption = False,
) -> None:
    """Run the tests of PATH on the fleet. What follows `--` goes to the test framework.

    Exit codes: 0 all passed, 1 tests failed, 2 bad usage or configuration, 3 incomplete,
    5 nothing to run.
    """
    from testfleet.cli.request import RunOptions, draft_run

    outputs = Outputs(report, junit, json)
    check_writable(outputs)
    options = RunOptions(
        path=path,
        suite=suite,
        shards=parse_shards(shards),
        mode=mode,
        keep_going=keep_going,
        framework_args=context.obj or (),
        env=env,
        objectives=parse_objectives(strategy, deadline, max_cost),
        changed_since=changed_since,
    )
    draft = draft_run(options)

    from testfleet.cli.client import connect

    client = connect(env, say)
    request = draft.submit(client)
    raise typer.Exit(watch(client, request.run_id, outputs))


def check_writable(outputs: Outputs) -> None:
    """Find out before the run, not after it, that a file cannot be written."""
    for option, path in (("--report", outputs.report), ("--junit", outputs.junit)):
        if path is not None:
            _check_file(option, path)


def _check_file(option: str, path: Path) -> None:
    folder = path.absolute().parent
    if path.is_dir() or not folder.is_dir():
        raise UsageError(
            f"{option} {path}: expected a file in a folder that exists",
            hint="name a file" if path.is_dir() else f"create {folder} first, or name another file",
        )
    is_new = not path.exists()
    try:
        path.open("ab").close()  # Rights alone don't tell: there are read-only file systems.
    except OSError as exc:
        raise UsageError(
            f"{option} {path}: cannot be written: {exc.strerror or exc}",
            hint="name another file",
        ) from exc
    if is_new:
        path.unlink()


def watch(client: Client, run_id: str, outputs: Outputs) -> int:
    """Follow a run to its end, show and write what it reports, and return the exit code."""
    from testfleet.cli.display import open_display
    from testfleet.cli.follow import Follower

    follower = Follower(run_id, client.objects, client.executions)
    interrupted = False
    with terminate_like_interrupt(), open_display(err()) as display:
        try:
            for view in follower.follow():
                display.show(view)
        except KeyboardInterrupt:
            interrupted = True
            display.note("stopping the run; press Ctrl-C again to leave at once")
            with contextlib.suppress(KeyboardInterrupt, IncompleteError):
                cancel(client, follower)
    report = follower.view.report
    if report is not None:
        _write_outputs(client, run_id, report, outputs)
        return INTERRUPTED if interrupted else exit_code(report)
    if interrupted:
        show_error(f"run {run_id} was stopped before it could report")
        return INTERRUPTED
    raise IncompleteError(
        f"run {run_id} left no report", hint="see `testfleet status`, then run again"
    )


def cancel(client: Client, follower: Follower) -> None:
    """Ask workers and workflow to end, wait for what they still report, then end the execution."""
    from testfleet.workflow.keys import RunKeys

    run_id = follower.view.run_id
    try:
        client.objects.put(RunKeys(run_id).cancel, b"cancelled by the client")
        for _ in follower.follow(timeout_s=_CANCEL_GRACE_S):
            pass
    finally:
        if follower.view.report is None:
            client.executions.stop(run_id)


def exit_code(report: RunReport) -> int:
    """0 passed or failed in quarantine only, 1 tests failed, 2 bad configuration, 3 incomplete,
    5 nothing to run."""
    kinds = {error.type for error in report.errors}
    if report.status in (RunStatus.PASSED, RunStatus.PASSED_WITH_QUARANTINED):
        return 0
    if report.status is RunStatus.FAILED:
        return 1
    if report.status is RunStatus.INCOMPLETE:
        return IncompleteError.exit_code
    if WorkerErrorType.CONFIGURATION in kinds:
        return UsageError.exit_code
    return NothingToRunError.exit_code


def _write_outputs(client: Client, run_id: str, report: RunReport, outputs: Outputs) -> None:
    from testfleet.cli.summary import print_summary
    from testfleet.workflow.keys import RunKeys

    bodies: dict[Path, bytes] = {}
    if outputs.report:
        bodies[outputs.report] = report.model_dump_json(indent=2).encode() + b"\n"
    if outputs.junit:
        bodies[outputs.junit] = client.objects.get(RunKeys(run_id).junit) or b""
    problems = {path: problem for path, body in bodies.items() if (problem := _write(path, body))}
    if outputs.json:
        print_json(report.model_dump(mode="json"))
    else:
        print_summary(report, [path for path in bodies if path not in problems])
    for error in report.errors:
        show_error(error.message)
    for path, problem in problems.items():
        raise IncompleteError(
            f"{path} cannot be written: {problem}", hint="free or mend it, then run again"
        )


def _write(path: Path, body: bytes) -> str:
    """Write the file; what went wrong, or nothing."""
    try:
        path.write_bytes(body)
    except OSError as exc:
        return exc.strerror or str(exc)
    return ""


@contextlib.contextmanager
def terminate_like_interrupt() -> Iterator[None]:
    """SIGTERM and a closed terminal end a run as cleanly as Ctrl-C does; not so under nohup."""
    numbers = (signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    taken = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in taken:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number in taken:
            signal.signal(number, before[number])
