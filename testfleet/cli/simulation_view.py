"""What `testfleet simulate` shows: lanes, numbers, reasons, and the picture."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from testfleet.cli.console import out
from testfleet.cli.timeline import Bar, Timeline, svg, terminal_lines
from testfleet.errors import UsageError
from testfleet.planning.simulation.attempts import Ending
from testfleet.workflow.simulation import SimulatedRun, in_order

_WIDEST = 120

Row = tuple[str, str, str]
"""A number's name, the number, and what it means."""


def write_svg(done: SimulatedRun, path: Path, name: str) -> None:
    """Write the timeline as a picture. Raises UsageError when the file cannot be written."""
    job = done.scenario.job
    title = f"{name}: {len(job.units)} units on {job.workers} workers, simulated"
    try:
        path.write_text(svg(_timeline(done), title), "utf-8")
    except OSError as exc:
        raise UsageError(f"--timeline {path}: {exc.strerror}") from None


def show(done: SimulatedRun, more: Iterable[Row] = ()) -> None:
    """Print all for a person; `more` are rows below the usual ones."""
    for line in terminal_lines(_timeline(done), min(out().width, _WIDEST)):
        out().print(line, markup=False, soft_wrap=True)
    out().print()
    _print_numbers([*_rows(done), *more])
    for reason in done.reasons:
        out().print(f"- {reason}", markup=False)


def _timeline(done: SimulatedRun) -> Timeline:
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


def _print_numbers(rows: Iterable[Row]) -> None:
    from rich import box
    from rich.table import Table

    numbers = Table(box=box.SIMPLE, pad_edge=False, show_header=False)
    numbers.add_column(no_wrap=True)
    numbers.add_column(justify="right", no_wrap=True)
    numbers.add_column()
    for row in rows:
        numbers.add_row(*row)
    out().print(numbers)


def _ratio(ratio: float | None, otherwise: str) -> str:
    return otherwise if ratio is None else f"{ratio:.3f}"


def _rows(done: SimulatedRun) -> list[Row]:
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
        (
            "ratio",
            _ratio(found.ratio, "not finished" if found.lost_units else "none"),
            f"to the bound; the plan alone {_ratio(found.plan_ratio, 'none')}",
        ),
        ("utilisation", f"{found.utilisation:.0%}", "of the workers' time in tests that count"),
        ("cost", f"${done.cost.usd:.4f}", prices),
        ("attempts", str(len(simulation.attempts)), unwell),
    ]
    if found.lost_units:
        rows.append(("lost units", str(found.lost_units), "no round brought a result"))
    if simulation.stages > 1:
        rows.append(("stages", str(simulation.stages), "each waits for the one before it"))
    if job.deadline_s is not None or found.missed_deadlines:
        rows.append(
            ("missed deadlines", str(found.missed_deadlines), "units without a result in time")
        )
    if job.max_usd is not None:
        verdict = "kept" if done.tests_usd <= job.max_usd else "exceeded"
        rows.append(("budget", f"${job.max_usd:.4f}", f"{verdict}: workers ${done.tests_usd:.4f}"))
    return rows
