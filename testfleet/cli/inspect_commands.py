"""`testfleet runs` and `testfleet logs`: what past runs left."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli import report_command
from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption
from testfleet.errors import UsageError

if TYPE_CHECKING:
    from testfleet.cli.client import Client
    from testfleet.workflow.ports import RunRow


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(runs)
    app.command()(logs)
    report_command.register(app)


def runs(
    *,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="How many, newest first.")] = 20,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """List past runs."""
    from testfleet.cli.client import connect

    client = connect(env, say)
    rows = [_settled(row, client) for row in client.runs.recent(limit)]
    if json:
        print_json([row.model_dump(mode="json") for row in rows])
        return
    if not rows:
        out().print("no runs yet; `testfleet run PATH` makes the first")
        return
    _print_table(rows)


def _settled(row: RunRow, client: Client) -> RunRow:
    """The row of a run that ended without a word, with its fleet, or stopped, as what it is."""
    from testfleet.contracts.report import RunStatus

    if row.status is None and client.executions.state(row.run_id) != "RUNNING":
        return row.model_copy(update={"status": RunStatus.INCOMPLETE})
    return row


def _print_table(rows: list[RunRow]) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    for title in ("run", "repository", "suite", "status"):
        table.add_column(title, no_wrap=True)
    for title in ("tests", "failed", "wall", "cost"):
        table.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        totals = row.totals or {}
        failed = totals.get("failed", 0) + totals.get("error", 0) + totals.get("lost", 0)
        table.add_row(
            row.run_id,
            row.repository,
            row.suite,
            row.status.value if row.status else "running",
            str(sum(totals.values())),
            str(failed),
            "" if row.wall_s is None else f"{row.wall_s:.1f} s",
            "" if row.usd is None else f"${row.usd:.4f}",
        )
    out().print(table)


def logs(
    run: Annotated[str, typer.Argument(help="Id of the run, as `testfleet runs` shows it.")],
    *,
    shard: Annotated[
        str | None, typer.Option(help="Id or number of one shard; all when left out.")
    ] = None,
    events: Annotated[
        bool, typer.Option("--events", help="What happened to the run instead, as JSON lines.")
    ] = False,
    env: EnvOption = "local",
) -> None:
    """Print what the test framework printed."""
    if events:
        from testfleet.cli.run_status import show_run

        raise typer.Exit(show_run(run, env, follow=False, json=True))
    from testfleet.cli.client import connect

    client = connect(env, say)
    found = _log_keys(client, run)
    wanted = found if shard is None else {k: v for k, v in found.items() if _is_shard(k, shard)}
    if not wanted:
        raise UsageError(
            f"no log of run {run}" + (f", shard {shard}" if shard else ""),
            hint=f"shards with a log: {', '.join(found)}"
            if found
            else "`testfleet runs` lists runs",
        )
    for name, key in wanted.items():
        text = (client.objects.get(key) or b"").decode("utf-8", "replace")
        end = "" if text.endswith("\n") else "\n"
        # Past Rich, which would look at each character of what may be 64 MB.
        sys.stdout.write(f"--- shard {name}\n{text}{end}")


def _log_keys(client: Client, run: str) -> dict[str, str]:
    from testfleet.workflow.keys import RunKeys

    prefix = RunKeys(run).shards
    keys = [key for key in client.objects.keys(prefix) if key.endswith("/log.txt")]
    return {key.removeprefix(prefix).split("/")[0]: key for key in keys}


def _is_shard(name: str, asked: str) -> bool:
    if not asked.isdecimal():
        return name == asked
    return name.startswith("r1-") and int(name.rsplit("-", 1)[-1]) == int(asked)
