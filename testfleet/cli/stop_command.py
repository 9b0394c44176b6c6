"""`testfleet stop` and `testfleet resume`: end a run before its time, and let one go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, HtmlOption, JunitOption, ReportOption, SarifOption
from testfleet.contracts.report import RunReport, RunStatus
from testfleet.errors import UsageError

if TYPE_CHECKING:
    from testfleet.cli.client import Client
    from testfleet.workflow.records import RunRecords

_ALL_LIMIT = 1000
"""Runs that are looked through for those that go on."""
_RUNNING = "RUNNING"
_RESUMABLE = (None, RunStatus.INCOMPLETE)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(stop)
    app.command()(resume)
    app.command()(redrive)


def stop(
    run: Annotated[str | None, typer.Argument(help="Id of the run.")] = None,
    *,
    everything: Annotated[
        bool, typer.Option("--all", help="Stop every run that goes on: in an emergency.")
    ] = False,
    now: Annotated[
        bool, typer.Option("--now", help="Do not wait for what the workers still report.")
    ] = False,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Stop a run. What is done stays: `testfleet resume` goes on from there.

    Workers end their tests and report what they have; the run is then reported as incomplete.
    """
    if (run is None) is not everything:
        raise UsageError("expected a run, or --all", hint="`testfleet runs` lists runs")

    from testfleet.cli.client import connect

    client = connect(env, say)
    if run is not None and not _is_running(client, _records(client, run)):
        raise UsageError(f"run {run} does not go on", hint="`testfleet runs` shows how it ended")
    names = [run] if run is not None else _going_on(client)
    for name in names:
        _stop(client, name, at_once=now)
    if json:
        print_json({"stopped": names})
    else:
        out().print(f"stopped: {', '.join(names)}" if names else "no run goes on")


def resume(
    run: Annotated[str, typer.Argument(help="Id of the run, as `testfleet runs` shows it.")],
    *,
    report: ReportOption = None,
    junit: JunitOption = None,
    sarif: SarifOption = None,
    html: HtmlOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Let a run go on that was stopped or lost something: run what has no result, keep the rest.

    Exit codes are those of `testfleet run`.
    """
    from testfleet.cli.outputs import Outputs
    from testfleet.cli.run_command import watch

    outputs = Outputs(report, junit, sarif, html, json)
    outputs.check()

    from testfleet.cli.client import connect

    client = connect(env, say)
    records = _records(client, run)
    _refuse_unless_resumable(client, records)
    client.executions.start(run, records.resume())
    raise typer.Exit(watch(client, run, outputs))


def redrive(
    run: Annotated[
        str | None, typer.Argument(help="Id of the run. Left out: list what was given up.")
    ] = None,
    *,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Run again what a run has given up after it was lost several times.

    What was given up lies in a dead letter queue. Without a run, lists what lies there, by run.
    """
    from testfleet.cli.client import connect

    client = connect(env, say)
    if run is not None:
        _refuse_unless_resumable(client, _records(client, run))
        _take_off(client, run)
        resume(run, env=env, json=json)
    letters = _dead_letters(client)
    if json:
        print_json(letters)
        return
    for name, units in letters.items():
        out().print(f"{name}: {', '.join(units)}", highlight=False, markup=False)
    if not letters:
        out().print("no run has given anything up")


def _stop(client: Client, run: str, *, at_once: bool) -> None:
    from testfleet.cli.follow import Follower
    from testfleet.cli.run_command import cancel

    if at_once:
        from testfleet.workflow.records import RunRecords

        records = RunRecords(run, client.objects)
        # Workers look at it, too, so that those that still run end by themselves.
        client.objects.put(records.keys.cancel, b"stopped at once")
        client.executions.stop(run, len(records.resumptions()))
        return
    cancel(client, Follower(run, client.objects, client.executions), lambda _: None)


def _records(client: Client, run: str) -> RunRecords:
    from testfleet.workflow.records import RunRecords

    records = RunRecords(run, client.objects)
    if not client.objects.exists(records.keys.request):
        raise UsageError(f"no run {run!r}", hint="`testfleet runs` lists runs")
    return records


def _is_running(client: Client, records: RunRecords) -> bool:
    times = len(records.resumptions())
    return client.executions.state(records.run_id, times) == _RUNNING


def _going_on(client: Client) -> list[str]:
    from testfleet.workflow.records import RunRecords

    rows = client.runs.recent(_ALL_LIMIT)
    names = [row.run_id for row in rows if row.status in _RESUMABLE]
    # Rows may outlive what lay in the bucket: nobody needs that to stop the others.
    return [name for name in names if _is_running(client, RunRecords(name, client.objects))]


def _refuse_unless_resumable(client: Client, records: RunRecords) -> None:
    run = records.run_id
    if _is_running(client, records):
        raise UsageError(f"run {run} still goes on", hint=f"stop it first: testfleet stop {run}")
    body = client.objects.get(records.keys.report)
    status = RunReport.model_validate_json(body).status if body else None
    if status not in _RESUMABLE:
        raise UsageError(
            f"run {run} is complete: it ended as {status}", hint="start a new one: testfleet run"
        )
    if not records.plans():
        raise UsageError(
            f"run {run} ended before anything was planned", hint="start a new one: testfleet run"
        )


def _dead_letters(client: Client) -> dict[str, list[str]]:
    """What lies in the dead letter queue, by run, without what was made good since."""
    from testfleet.workflow.keys import RunKeys

    letters = client.dead_letters.take(_ALL_LIMIT)
    runs = {letter.given_up.run_id for letter in letters if letter.given_up}
    bodies = client.objects.get_many([RunKeys(run).report for run in sorted(runs)])
    reports = (RunReport.model_validate_json(body) for body in bodies.values())
    open_runs = {each.run_id for each in reports if each.status is RunStatus.INCOMPLETE}
    found: dict[str, set[str]] = {}
    settled, kept = [], []
    for letter in letters:
        given_up = letter.given_up
        if given_up is not None and given_up.run_id not in open_runs:
            settled.append(letter)
            continue
        kept.append(letter)
        if given_up is not None:
            found.setdefault(given_up.run_id, set()).update(given_up.units)
    client.dead_letters.remove(settled)
    client.dead_letters.put_back(kept)
    return {run: sorted(units) for run, units in sorted(found.items())}


def _take_off(client: Client, run: str) -> None:
    """What runs again is no dead letter any more; if it is lost once more, it comes back."""
    letters = client.dead_letters.take(_ALL_LIMIT)
    mine = [each for each in letters if each.given_up and each.given_up.run_id == run]
    client.dead_letters.put_back([each for each in letters if each not in mine])
    client.dead_letters.remove(mine)
