"""`testfleet plan`: the shards of a run that is not started, and why they are so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json, say
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
from testfleet.contracts.run import Mode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testfleet.contracts.plan import Plan
    from testfleet.workflow.explanation import UnitExplanation

_UNITS_SHOWN = 6


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(plan)


def plan(
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
    env: EnvOption = "local",
    explain: Annotated[
        bool, typer.Option("--explain", help="Also show the decisions about each file.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Show how the tests of PATH would be cut into shards. Runs none of the project's code."""
    from testfleet.cli.request import RunOptions, draft_run

    options = RunOptions(
        path=path,
        suite=suite,
        shards=parse_shards(shards),
        mode=mode,
        framework_args=context.obj or (),
        env=env,
        objectives=parse_objectives(strategy, deadline, max_cost),
        changed_since=changed_since,
    )
    draft = draft_run(options)

    from testfleet.cli.client import connect

    found = draft.preview(connect(env, say))
    if json:
        data = found.plan.model_dump(mode="json")
        decisions = {"units": [unit.model_dump(mode="json") for unit in found.units]}
        print_json(data | (decisions if explain else {}))
        return
    if explain:
        _print_decisions(found.units)
    _print_plan(found.plan)


def _print_decisions(units: Sequence[UnitExplanation]) -> None:
    for unit in units:
        span = f", {unit.low_s:.1f} to {unit.high_s:.1f}" if unit.low_s and unit.high_s else ""
        out().print(
            f"{unit.unit}: {unit.shard} on {unit.profile}, {unit.predicted_s:.1f} s{span}",
            markup=False,
            highlight=False,
        )
        for sentence in unit.because:
            out().print(f"    {sentence}", markup=False, highlight=False)


def _print_plan(plan: Plan) -> None:
    from rich import box
    from rich.table import Table

    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("shard", no_wrap=True)
    table.add_column("profile", no_wrap=True)
    table.add_column("files", justify="right")
    table.add_column("predicted", justify="right", no_wrap=True)
    if plan.later:
        table.add_column("stage", justify="right")
    table.add_column("longest first")
    for shard in (*plan.shards, *plan.later):
        units = sorted(shard.units, key=lambda unit: -unit.predicted_s)
        names = [unit.id for unit in units[:_UNITS_SHOWN]]
        more = len(units) - len(names)
        table.add_row(
            shard.id,
            shard.profile,
            str(len(units)),
            f"{shard.predicted_s:.1f} s",
            *([str(shard.stage)] if plan.later else []),
            ", ".join(names) + (f" and {more} more" if more > 0 else ""),
        )
    out().print(table)
    for reason in plan.reasons:
        out().print(f"- {reason}", markup=False)
    out().print(
        f"about {plan.predicted_s:.1f} s on {plan.workers} workers; "
        f"no plan can be shorter than {plan.lower_bound_s:.1f} s",
        markup=False,
    )
