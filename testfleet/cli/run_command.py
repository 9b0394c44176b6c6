"""`testfleet run`: from a working tree to a report."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import err, say, show_error
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import (
    DEFAULT_STRATEGY,
    ChangedSinceOption,
    DeadlineOption,
    EnvOption,
    FallbackOption,
    HtmlOption,
    JunitOption,
    MaxCostOption,
    ModeOption,
    PathArgument,
    RecordCoverageOption,
    ReportOption,
    SarifOption,
    ShardsOption,
    StrategyOption,
    SuiteOption,
    parse_objectives,
    parse_shards,
)
from testfleet.cli.outputs import Outputs
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.contracts.result import WorkerErrorType
from testfleet.contracts.run import Fallback, Mode
from testfleet.errors import IncompleteError, NothingToRunError, UsageError

if TYPE_CHECKING:
    from testfleet.cli.client import Client
    from testfleet.cli.follow import Follower

INTERRUPTED = 130
_CANCEL_GRACE_S = 15.0


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
    report: ReportOption = None,
    junit: JunitOption = None,
    sarif: SarifOption = None,
    html: HtmlOption = None,
    env: EnvOption = "local",
    keep_going: Annotated[
        bool, typer.Option("--keep-going/--fail-fast", help="Go on, or stop, after a failure.")
    ] = True,
    fallback: FallbackOption = Fallback.FLEET,
    record_coverage: RecordCoverageOption = False,
    json: JsonOption = False,
) -> None:
    """Run the tests of PATH on the fleet. What follows `--` goes to the test framework.

    Exit codes: 0 all passed or what failed is in quarantine, 1 tests failed, 2 bad usage or
    configuration, 3 incomplete, 5 nothing to run.
    """
    from testfleet.cli.request import RunOptions, draft_run

    outputs = Outputs(report, junit, sarif, html, json)
    outputs.check()
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
        fallback=fallback,
        record_coverage=record_coverage,
    )
    draft = draft_run(options)

    from testfleet.cli.client import connect

    client = connect(env, say)
    request = draft.submit(client)
    raise typer.Exit(watch(client, request.run_id, outputs))


def watch(client: Client, run_id: str, outputs: Outputs) -> int:
    """Follow a run to its end, show and write what it reports, and return the exit code."""
    from testfleet.cli.display import open_display
    from testfleet.cli.follow import Follower
    from testfleet.workflow.keys import RunKeys

    follower = Follower(run_id, client.objects, client.executions)
    interrupted = False
    with terminate_like_interrupt(), open_display(err()) as display:
        try:
            for view in follower.follow():
                display.show(view)
        except KeyboardInterrupt:
            interrupted = True
            with contextlib.suppress(KeyboardInterrupt, IncompleteError):
                cancel(client, follower, display.note)
    report = follower.view.report
    if report is not None:
        outputs.write(report, lambda: client.objects.get(RunKeys(run_id).junit) or b"")
        return INTERRUPTED if interrupted else exit_code(report)
    if interrupted:
        show_error(f"run {run_id} was stopped before it could report")
        return INTERRUPTED
    raise IncompleteError(
        f"run {run_id} left no report", hint="see `testfleet status`, then run again"
    )


def cancel(client: Client, follower: Follower, tell: Callable[[str], None]) -> None:
    """Ask workers and workflow to end, wait for what they still report, then end the execution.

    `tell` is given what to say once they were asked.
    """
    run_id = follower.view.run_id
    # Whoever presses Ctrl-C again, however soon, meets a `try` that ends the execution.
    try:
        from testfleet.workflow.keys import RunKeys

        client.objects.put(RunKeys(run_id).cancel, b"cancelled by the client")
        tell("stopping the run; press Ctrl-C again to leave at once")
        for _ in follower.follow(timeout_s=_CANCEL_GRACE_S):
            pass
    finally:
        if follower.view.report is None:
            client.executions.stop(run_id, follower.resumed)


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
