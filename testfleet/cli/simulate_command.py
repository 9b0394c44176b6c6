"""`testfleet simulate`: what a plan would take and cost on AWS, without a fleet."""

from __future__ import annotations

import json as jsonlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import (
    DeadlineOption,
    MaxCostOption,
    ShardsOption,
    StrategyOption,
    parse_objectives,
    parse_shards,
)

if TYPE_CHECKING:
    from testfleet.cli.timeline import Timeline
    from testfleet.planning.place import Place
    from testfleet.planning.simulation.durations import Durations
    from testfleet.workflow.simulation import SimulatedRun

_MANY_UNITS = 2000
"""From here on JSON is written without line breaks."""
_WIDEST = 120


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    *,
    durations: Annotated[
        Path,
        typer.Option(
            "--durations",
            metavar="FILE",
            help="CSV with the columns unit,duration_s; see the docs.",
        ),
    ],
    shards: ShardsOption = "auto",
    strategy: StrategyOption = "balanced",
    profile: Annotated[
        str | None,
        typer.Option("--profile", metavar="NAME", help="Worker profile of the environment."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            "--workers", min=1, help="Shards at the same time. Left out: all of a given --shards."
        ),
    ] = None,
    deadline: DeadlineOption = None,
    max_cost: MaxCostOption = None,
    faults: Annotated[
        float,
        typer.Option("--faults", metavar="P", help="Chance that an attempt is lost, 0 to 1."),
    ] = 0.0,
    seed: Annotated[int, typer.Option("--seed", help="Another seed, other losses.")] = 0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse durations that are 0 or missing.")
    ] = False,
    env: Annotated[
        str, typer.Option("--env", help="Whose profiles and fleet: a file of config/.")
    ] = "prod",
    timeline: Annotated[
        Path | None, typer.Option("--timeline", metavar="FILE", help="Write the timeline as SVG.")
    ] = None,
    json: JsonOption = False,
) -> None:
    """Simulate a run of the units in a table on AWS, with its limits. Needs no fleet."""
    from testfleet.workflow.simulation import SimulationRequest, as_json, simulate_run

    if not 0.0 <= faults <= 1.0:
        raise typer.BadParameter(f"--faults takes a chance from 0 to 1, like 0.05; got {faults}")
    wanted = parse_shards(shards)
    objectives = parse_objectives(strategy, deadline, max_cost)
    table = _read(durations, strict=strict)
    done = simulate_run(
        SimulationRequest(
            units=table.units,
            place=_place(env, profile),
            shards=wanted,
            workers=workers,
            objectives=objectives,
            faults=faults,
            seed=seed,
        )
    )
    if timeline is not None:
        _write_svg(done, timeline, durations.name)
    if not json:
        _show(done, table)
    elif len(table.units) < _MANY_UNITS:
        print_json(as_json(done))
    else:
        sys.stdout.write(jsonlib.dumps(as_json(done)) + "\n")


def _read(path: Path, *, strict: bool) -> Durations:
    from testfleet.errors import UsageError
    from testfleet.planning.simulation.durations import read_durations

    try:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            return read_durations(lines, path.name, strict=strict)
    except OSError as exc:
        raise UsageError(
            f"--durations {path}: {exc.strerror}",
            hint="name a CSV file with the columns unit,duration_s",
        ) from None


def _place(env: str, profile: str | None) -> Place:
    from testfleet.config import load_environment
    from testfleet.planning.place import Place

    return Place.of(load_environment(env), profile)


def _write_svg(done: SimulatedRun, path: Path, name: str) -> None:
    from testfleet.cli.timeline import svg
    from testfleet.errors import UsageError

    job = done.scenario.job
    title = f"{name}: {len(job.units)} units on {job.workers} workers, simulated"
    try:
        path.write_text(svg(_timeline(done), title), "utf-8")
    except OSError as exc:
        raise UsageError(f"--timeline {path}: {exc.strerror}") from None


def _timeline(done: SimulatedRun) -> Timeline:
    from testfleet.cli.timeline import Bar, Timeline
    from testfleet.planning.simulation.attempts import Ending
    from testfleet.workflow.simulation import in_order

    units = done.scenario.job.units
    bars = [
        Bar(
            lane=each.worker,
            start_s=each.start_s,
            tests_s=each.tests_s,
            end_s=each.end_s,
            is_whole=each.ending is Ending.FINISHED,
            shard=each.order.id,
            units=[units[at].id for at in each.order.units],
        )
        for each in in_order(done)
    ]
    return Timeline(bars, done.measures.makespan_s, done.measures.lower_bound_s)


def _show(done: SimulatedRun, table: Durations) -> None:
    from testfleet.cli.timeline import terminal_lines

    for line in terminal_lines(_timeline(done), min(out().width, _WIDEST)):
        out().print(line, markup=False, soft_wrap=True)
    out().print()
    _print_numbers(done)
    for reason in done.reasons:
        out().print(f"- {reason}", markup=False)
    if table.guessed:
        say(f"note: {table.guessed} units without a duration: the median of the others was taken")
    if table.too_short:
        say(f"note: {table.too_short} units with a duration of 0: taken as 0.001 s")


def _print_numbers(done: SimulatedRun) -> None:
    from rich import box
    from rich.table import Table

    numbers = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    numbers.add_column(no_wrap=True)
    numbers.add_column(justify="right", no_wrap=True)
    numbers.add_column()
    for row in _rows(done):
        numbers.add_row(*row)
    out().print(numbers)


def _rows(done: SimulatedRun) -> list[tuple[str, str, str]]:
    from testfleet.planning.simulation.attempts import Ending

    found, simulation, job = done.measures, done.simulation, done.scenario.job
    prices = ", ".join(f"{name} ${usd:.4f}" for name, usd in sorted(done.cost.by_service.items()))
    ends = found.endings
    unwell = (
        f"{ends[Ending.LOST]} lost, {ends[Ending.TIMED_OUT]} timed out,"
        f" {ends[Ending.INTERRUPTED]} interrupted; {simulation.throttled_calls} calls throttled"
    )
    rows = [
        ("makespan", f"{found.makespan_s:.1f} s", "with starts, limits, losses and rounds"),
        ("plan alone", f"{found.plan_s:.1f} s", "the units on as many workers, nothing else"),
        (
            "lower bound",
            f"{found.lower_bound_s:.1f} s",
            f"longest unit {found.longest_s:.1f} s; all {found.total_s:.1f} s / {job.workers}",
        ),
        ("ratio", f"{found.ratio:.3f}", f"to the bound; the plan alone {found.plan_ratio:.3f}"),
        ("utilisation", f"{found.utilisation:.0%}", "of the workers' time in tests that count"),
        ("cost", f"${done.cost.usd:.4f}", prices),
        ("attempts", str(len(simulation.attempts)), unwell),
    ]
    if found.lost_units:
        rows.append(("lost units", str(found.lost_units), "no round brought a result"))
    if simulation.stages > 1:
        rows.append(("stages", str(simulation.stages), "each waits for the one before it"))
    if job.deadline_s is not None or found.missed_deadlines:
        rows.append(("missed deadlines", str(found.missed_deadlines), "units without a result"))
    if job.max_usd is not None:
        verdict = "kept" if done.cost.usd <= job.max_usd else "exceeded"
        rows.append(("budget", f"${job.max_usd:.4f}", verdict))
    return rows
