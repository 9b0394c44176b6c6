"""`testfleet simulate`: what a plan would take and cost on AWS, without a fleet."""

from __future__ import annotations

import json as jsonlib
import math
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from testfleet.cli.console import print_json, say
from testfleet.cli.fleet_commands import JsonOption
from testfleet.cli.options import (
    DEFAULT_STRATEGY,
    DeadlineOption,
    MaxCostOption,
    ShardsOption,
    StrategyOption,
    parse_objectives,
    parse_shards,
)

if TYPE_CHECKING:
    from testfleet.contracts.run import Objectives
    from testfleet.planning.simulation.durations import Durations
    from testfleet.workflow.simulation import SimulatedRun

_MANY_UNITS = 2000
"""From here on JSON is written without line breaks."""
_NAMED = 3
"""Units that a message names."""


_DurationsOption = Annotated[
    Path,
    typer.Option(
        "--durations",
        metavar="FILE",
        help="CSV with the columns unit,duration_s; or the report of a run (.json).",
    ),
]
_ProfileOption = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="NAME",
        help="Start workers of this profile within AWS's limits. Left out: they stand ready.",
    ),
]
_WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers", min=1, help="Shards at the same time. Left out: all of a given --shards."
    ),
]
_FaultsOption = Annotated[
    float, typer.Option("--faults", metavar="P", help="Chance that an attempt is lost, 0 to 1.")
]
_SeedOption = Annotated[int, typer.Option("--seed", help="Another seed, other losses.")]
_StrictOption = Annotated[
    bool, typer.Option("--strict", help="Refuse durations that are 0 or missing.")
]
_FleetOption = Annotated[
    str, typer.Option("--env", help="Whose profiles and fleet: a file of config/.")
]
_TimelineOption = Annotated[
    Path | None, typer.Option("--timeline", metavar="FILE", help="Write the timeline as SVG.")
]


@dataclass(frozen=True)
class _Fleet:
    """The fleet on paper."""

    env: str
    profile: str | None
    """None: workers stand ready, and nothing limits them."""
    shards: int | Literal["auto"]
    workers: int | None
    objectives: Objectives
    faults: float
    seed: int


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(simulate)


def simulate(
    *,
    durations: _DurationsOption,
    shards: ShardsOption = "auto",
    strategy: StrategyOption = DEFAULT_STRATEGY,
    profile: _ProfileOption = None,
    workers: _WorkersOption = None,
    deadline: DeadlineOption = None,
    max_cost: MaxCostOption = None,
    faults: _FaultsOption = 0.0,
    seed: _SeedOption = 0,
    strict: _StrictOption = False,
    env: _FleetOption = "prod",
    timeline: _TimelineOption = None,
    json: JsonOption = False,
) -> None:
    """Simulate a run of the units in a table on AWS. Needs no fleet.

    Without --profile it is the plan alone: workers stand ready and nothing limits them.

    Ends with exit code 3 when units never finished: their worker's time limit, or losses in every
    round.
    """
    if not 0.0 <= faults <= 1.0:
        raise typer.BadParameter(f"--faults takes a chance from 0 to 1, like 0.05; got {faults}")
    objectives = parse_objectives(strategy, deadline, max_cost)
    fleet = _Fleet(env, profile, parse_shards(shards), workers, objectives, faults, seed)
    done = _simulated(_read(durations, strict=strict), fleet)
    if timeline is not None:
        from testfleet.cli.simulation_view import write_svg

        write_svg(done, timeline, durations.name)
    if json:
        _print_json(done)
    else:
        _show(done, fleet)
    _check_finished(done)


def _simulated(table: Durations, fleet: _Fleet) -> SimulatedRun:
    from testfleet.config import load_environment
    from testfleet.planning.placement.place import Place
    from testfleet.planning.simulation.feasible import check_feasible
    from testfleet.planning.simulation.limits import UNLIMITED, limits_of
    from testfleet.workflow.simulation import simulate_run
    from testfleet.workflow.simulation_plan import SimulationRequest

    environment = load_environment(fleet.env)
    is_limited = fleet.profile is not None
    place = Place.of(environment, fleet.profile)
    if not is_limited:
        place = place.ready()
    check_feasible(table, place)
    return simulate_run(
        SimulationRequest(
            units=table.units,
            place=place,
            shards=fleet.shards,
            workers=fleet.workers,
            objectives=fleet.objectives,
            faults=fleet.faults,
            seed=fleet.seed,
            limits=limits_of(environment) if is_limited else UNLIMITED,
        )
    )


def _show(done: SimulatedRun, fleet: _Fleet) -> None:
    from testfleet.cli.simulation_view import show
    from testfleet.config import load_environment

    show(done)
    if fleet.profile is None:
        names = ", ".join(sorted(load_environment(fleet.env).profiles))
        say(f"note: workers stood ready; --profile counts their starts and limits: {names}")


def _print_json(done: SimulatedRun) -> None:
    from testfleet.workflow.simulation import as_json

    if len(done.scenario.job.units) < _MANY_UNITS:
        print_json(as_json(done))
    else:
        sys.stdout.write(jsonlib.dumps(as_json(done), allow_nan=False) + "\n")


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
