"""`testfleet profiles`: what the workers of an environment can do, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import EnvOption, SuiteOption

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testfleet.planning.placement.groups import Metrics
    from testfleet.planning.placement.score import Experience


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(profiles)


def profiles(
    *,
    require: Annotated[
        list[str] | None,
        typer.Option(
            "--require",
            metavar="ABILITY",
            help="What tests need, e.g. docker or memory>=8GB. May be repeated.",
        ),
    ] = None,
    project: Annotated[
        Path | None,
        typer.Option(
            "--project",
            metavar="PATH",
            help="Show how shards of this project fared on the profiles. Needs the fleet.",
        ),
    ] = None,
    suite: SuiteOption = None,
    env: EnvOption = "local",
    json: JsonOption = False,
) -> None:
    """Show the worker profiles of an environment: abilities, prices, what they lack."""
    from dataclasses import asdict

    from testfleet.config import load_environment
    from testfleet.planning.placement.groups import group_metrics, profile_metrics
    from testfleet.planning.placement.requirements import parse_all

    environment = load_environment(env)
    asked = parse_all(require or [])
    known = _experience(project, suite, env)
    single = profile_metrics(environment, asked, known)
    groups = group_metrics(environment, asked, known)
    if json:
        print_json(
            {
                "environment": env,
                "requires": [str(each) for each in asked],
                "profiles": [asdict(each) for each in single],
                "groups": [asdict(each) for each in groups],
            }
        )
        return
    _print(single, "profile", has_asked=bool(asked))
    if groups:
        _print(groups, "group", has_asked=bool(asked))


def _experience(project: Path | None, suite: str | None, env: str) -> Experience:
    from testfleet.costs.metering import worker_usd
    from testfleet.planning.placement.score import Experience

    if project is None:
        return Experience(worker_usd)

    from testfleet.cli.client import connect
    from testfleet.cli.request import RunOptions, draft_run
    from testfleet.workflow.placement_memory import PlacementMemory

    draft = draft_run(
        RunOptions(
            path=project,
            suite=suite,
            env=env,
        )
    )
    return PlacementMemory(connect(env, say).objects, draft.history_key).recall()


def _print(rows: Sequence[Metrics], title: str, *, has_asked: bool) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column(title, no_wrap=True)
    for name in ("workers", "vcpu", "memory", "$ per hour", "finished"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("lacks" if has_asked else "abilities")
    for row in rows:
        seen = row.shards_seen
        table.add_row(
            row.name,
            str(row.workers),
            _span(*row.vcpu, "g"),
            f"{_span(*row.memory_mb, 'd')} MB",
            _span(*row.usd_per_hour, ".4f"),
            f"{row.success:.0%} ({seen:.0f} shards)" if seen else "",
            _lacks(row) if has_asked else ", ".join(row.abilities),
        )
    out().print(table)


def _lacks(row: Metrics) -> str:
    able = [name for name, lacking in row.lacking.items() if not lacking]
    if len(row.profiles) > 1:
        return f"nothing on {', '.join(able)}" if able else "no member has all of it"
    return "nothing" if able else ", ".join(row.lacking[row.profiles[0]])


def _span(least: float, most: float, form: str) -> str:
    return format(least, form) if least == most else f"{least:{form}} to {most:{form}}"
