"""`testfleet simulate`: what a plan would take and cost on AWS, without a fleet."""

from __future__ import annotations

import json as jsonlib
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import print_json, say
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
    from testfleet.planning.simulation.durations import Durations
    from testfleet.workflow.simulation import SimulatedRun

_MANY_UNITS = 2000
"""From here on JSON is written without line breaks."""
_NAMED = 3
"""Units that a message names."""


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
            help="CSV with the columns unit,duration_s; or the report of a run (.json).",
        ),
    ],
    shards: ShardsOption = "auto",
    strategy: StrategyOption = "balanced",
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile",
            metavar="NAME",
            help="Start workers of this profile within AWS's limits. Left out: they stand ready.",
        ),
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
    """Simulate a run of the units in a table on AWS. Needs no fleet.

    Without --profile it is the plan alone: workers stand ready and nothing limits them.

    Ends with exit code 3 when units never finished: their worker's time limit, or losses in every
    round.
    """
    if not 0.0 <= faults <= 1.0:
        raise typer.BadParameter(f"--faults takes a chance from 0 to 1, like 0.05; got {faults}")
    wanted = parse_shards(shards)
    objectives = parse_objectives(strategy, deadline, max_cost)

    from testfleet.cli.simulation_view import show, write_svg
    from testfleet.config import load_environment
    from testfleet.planning.placement.place import Place
    from testfleet.planning.simulation.feasible import check_feasible
    from testfleet.planning.simulation.limits import UNLIMITED, limits_of
    from testfleet.workflow.simulation import as_json, simulate_run
    from testfleet.workflow.simulation_plan import SimulationRequest

    environment = load_environment(env)
    table = _read(durations, strict=strict)
    place = Place.of(environment, profile) if profile else Place.of(environment).ready()
    check_feasible(table, place)
    done = simulate_run(
        SimulationRequest(
            units=table.units,
            place=place,
            shards=wanted,
            workers=workers,
            objectives=objectives,
            faults=faults,
            seed=seed,
            limits=limits_of(environment) if profile else UNLIMITED,
        )
    )
    if timeline is not None:
        write_svg(done, timeline, durations.name)
    if not json:
        show(done)
        if profile is None:
            names = ", ".join(sorted(environment.profiles))
            say(f"note: workers stood ready; --profile counts their starts and limits: {names}")
    elif len(table.units) < _MANY_UNITS:
        print_json(as_json(done))
    else:
        sys.stdout.write(jsonlib.dumps(as_json(done), allow_nan=False) + "\n")
    _check_finished(done)


def _check_finished(done: SimulatedRun) -> None:
    """Raises IncompleteError that names the first units without a result."""
    from testfleet.errors import IncompleteError

    ends = done.simulation.finished_s
    units = [
        unit.id
        for unit, end_s in zip(done.scenario.job.units, ends, strict=True)
        if end_s == math.inf
    ]
    if units:
        more = f" and {len(units) - _NAMED} more" if len(units) > _NAMED else ""
        raise IncompleteError(
            f"{len(units)} unit{'s' * (len(units) > 1)} never finished in the simulation:"
            f" {', '.join(units[:_NAMED])}{more}",
            hint="split what is longer than a worker's time limit, take a --profile that allows"
            " more, or lower --faults",
        )


def _read(path: Path, *, strict: bool) -> Durations:
    from testfleet.errors import UsageError

    try:
        found = _read_report(path) if path.suffix == ".json" else _read_table(path, strict=strict)
    except OSError as exc:
        raise UsageError(
            f"--durations {path}: {exc.strerror}",
            hint="name a CSV file with the columns unit,duration_s, or a run's report",
        ) from None
    if found.guessed:
        units = _units(found.guessed)
        say(f"note: {units} without a duration: the median of the others was taken")
    if found.too_short:
        say(f"note: {_units(found.too_short)} with a duration of 0: taken as 0.001 s")
    return found


def _units(count: int) -> str:
    return f"{count} unit{'s' * (count != 1)}"


def _read_table(path: Path, *, strict: bool) -> Durations:
    from testfleet.planning.simulation.durations import read_durations

    with path.open(encoding="utf-8-sig", newline="") as lines:
        return read_durations(lines, path.name, strict=strict)


def _read_report(path: Path) -> Durations:
    from pydantic import ValidationError

    from testfleet.config import describe_validation
    from testfleet.contracts.report import RunReport
    from testfleet.errors import UsageError
    from testfleet.planning.simulation.reports import durations_of

    try:
        return durations_of(RunReport.model_validate_json(path.read_bytes()))
    except ValidationError as exc:
        raise UsageError(
            describe_validation(path, exc), hint="expected what `testfleet run --report` wrote"
        ) from None
