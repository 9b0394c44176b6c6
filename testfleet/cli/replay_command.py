"""`testfleet replay`: a CI history run through the prioritiser and the simple orderings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from testfleet.cli.console import out, print_json
from testfleet.cli.fleet_commands import JsonOption
from testfleet.errors import UsageError

if TYPE_CHECKING:
    from testfleet.planning.priority.histories import CiHistory
    from testfleet.planning.priority.replay import Replay, Settings


class FeedbackChoice(StrEnum):
    """As planning has it, without importing numpy for `--help`."""

    ALL = "all"
    EXECUTED = "executed"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(replay)


def replay(
    history: Annotated[
        Path,
        typer.Argument(
            metavar="HISTORY", help="CSV with the columns cycle,test,duration_s,failed."
        ),
    ],
    *,
    budget: Annotated[
        float,
        typer.Option(
            "--budget", help="Share of each cycle's duration that may run, above 0, at most 1."
        ),
    ] = 0.5,
    feedback: Annotated[
        FeedbackChoice,
        typer.Option(
            "--feedback",
            help="Verdicts told after each cycle: of all its tests, or only of those that ran.",
        ),
    ] = FeedbackChoice.ALL,
    seed: Annotated[
        int, typer.Option("--seed", min=0, help="For orderings that shuffle; the learner does not.")
    ] = 0,
    json: JsonOption = False,
) -> None:
    """Show how early the prioritiser would have found the failures of a CI history.

    Beside it stand random and other simple orderings. NAPFD as defined by Spieker et al. (ISSTA
    2017), mean of the cycles with failures. The budget is a share of the sum of all durations in
    the cycle; a test that would cross it is left out and the next is tried, and what takes no time
    always runs.
    """
    from testfleet.planning.priority.replay import Feedback, Settings
    from testfleet.planning.priority.replay import replay as run_replay

    settings = Settings(budget=budget, feedback=Feedback(feedback.value), seed=seed)
    past = _read(history)
    result = run_replay(past, settings)
    if not result.failing_cycles:
        raise UsageError(
            f"no test failed in the {result.cycles} cycles of {history}",
            hint="NAPFD is defined for cycles with failures only",
        )
    if json:
        print_json(_as_json(past, settings, result))
    else:
        _print(past, settings, result)


def _read(path: Path) -> CiHistory:
    from testfleet.planning.priority.histories import read_history

    try:
        with path.open(encoding="utf-8", errors="replace", newline="") as lines:
            return read_history(lines)
    except UsageError as exc:
        raise UsageError(f"{path.name}: {exc}", hint=exc.hint) from None
    except OSError as exc:
        raise UsageError(
            f"cannot read the history {path}: {exc.strerror or exc}", hint="give a CSV file"
        ) from exc


def _as_json(past: CiHistory, settings: Settings, result: Replay) -> dict[str, object]:
    scores = {name: round(value, 6) for name, value in result.napfd.items()}
    ceiling = scores.pop("ceiling")
    best = result.best_simple
    return {
        "budget": settings.budget,
        "feedback": settings.feedback.value,
        "seed": settings.seed,
        "cycles": result.cycles,
        "failing_cycles": result.failing_cycles,
        "tests": len(past.names),
        "verdicts": int(past.tests.size),
        "failures": int(past.failed.sum()),
        "napfd": scores,
        "ceiling": ceiling,
        "best_simple": best,
        "gain": round(result.gain, 6),
        "slowest_cycle_s": round(result.slowest_s, 4),
        "notes": list(past.notes),
    }


def _print(past: CiHistory, settings: Settings, result: Replay) -> None:
    from rich import box
    from rich.table import Table

    means = result.napfd
    table = Table(box=box.SIMPLE, pad_edge=False)
    table.add_column("ordering", no_wrap=True)
    table.add_column("NAPFD", justify="right")
    for name in sorted(means, key=lambda name: -means[name]):
        label = "ceiling (knows the verdicts)" if name == "ceiling" else name.replace("_", " ")
        table.add_row(label, f"{means[name]:.4f}", style="bold" if name == "learner" else "")
    out().print(table)
    told = "all tests" if settings.feedback.value == "all" else "those that ran"
    lines = [
        f"{result.failing_cycles} of {result.cycles} cycles with failures, {len(past.names)} tests,"
        f" {past.tests.size} verdicts; budget {settings.budget:.0%}, verdicts of {told} are told",
        f"learner {result.gain:+.1%} against the best simple ordering,"
        f" {result.best_simple.replace('_', ' ')}",
        *(f"- {note}" for note in past.notes),
    ]
    for line in lines:
        out().print(line, markup=False)
