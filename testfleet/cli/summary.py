"""What a person reads at the end of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from testfleet.cli.console import clip, out
from testfleet.cli.display import SYMBOLS, counts_line
from testfleet.cli.problems import chance, judgements_of, print_problems
from testfleet.contracts.failure import Judgement
from testfleet.contracts.report import RunReport, RunStatus, TestReport
from testfleet.contracts.result import Outcome
from testfleet.results.summary import FileFailures, Speed, Summary, summarize

if TYPE_CHECKING:
    from rich.console import Console

_STATUS_STYLE = {
    RunStatus.PASSED: "green",
    RunStatus.PASSED_WITH_QUARANTINED: "green",
    RunStatus.FAILED: "red",
    RunStatus.INCOMPLETE: "yellow",
    RunStatus.REJECTED: "yellow",
}
_FAILURES_SHOWN = 20
_SLOWEST_SHOWN = 5
_SHARDS_SHOWN = 12
_LEAKS_SHOWN = 10
_BAR_WIDTH = 24


def print_summary(report: RunReport, written: Sequence[Path]) -> None:
    """Print the summary on standard output, the paths of the written files last."""
    console = out()
    summary = summarize(report, slowest=_SLOWEST_SHOWN)
    print_problems(console, report)
    # What a problem says of its tests is not said of each again.
    _print_failures(console, summary.failures, with_messages=not report.clusters)
    _print_flaky(console, summary.flaky, judgements_of(report))
    _print_tests(console, "lost: planned, but no worker could finish them", summary.lost)
    if report.shards:
        _print_shards(console, report)
        _print_slowest(console, summary.slowest)
    _print_leaks(console, report)
    for note in summary.notes:
        console.print(f"note: {note}", style="dim", markup=False)
    console.print(_verdict(report, summary))
    for path in written:
        console.print(f"wrote {path}", markup=False)


def _print_leaks(console: Console, report: RunReport) -> None:
    """Names of files and processes are the tests' own: they may hold anything."""
    for leak in report.leaks[:_LEAKS_SHOWN]:
        line = f"leak ({leak.kind.value}): {leak.text}"
        console.print(clip(line), style="yellow", markup=False, highlight=False)
    hidden = len(report.leaks) - _LEAKS_SHOWN
    if hidden > 0:
        console.print(f"… and {hidden} more leaks: see the report", style="dim")


def _print_failures(
    console: Console, groups: Sequence[FileFailures], *, with_messages: bool
) -> None:
    shown = 0
    for group in groups:
        if shown >= _FAILURES_SHOWN:
            break
        console.print(f"\n[bold]{escape(clip(group.file))}[/bold]")
        for test in group.tests[: _FAILURES_SHOWN - shown]:
            _print_failure(console, test, with_message=with_messages)
            shown += 1
    hidden = sum(len(group.tests) for group in groups) - shown
    if hidden > 0:
        console.print(f"… and {hidden} more failures: see the report", style="dim")


def _print_failure(console: Console, test: TestReport, *, with_message: bool) -> None:
    name = test.id.removeprefix(f"{test.file}::")
    console.print(f"  [red]✗ {escape(clip(name))}[/red]")
    if test.message and with_message:
        console.print(f"    {clip(test.message)}", markup=False, style="dim")


def _print_flaky(
    console: Console, tests: Sequence[TestReport], judgements: Mapping[str, Judgement]
) -> None:
    """Each with the reason why it is thought to be chance, else with its message."""
    told = [
        test.model_copy(update={"message": chance(judgements[test.id])})
        if test.id in judgements
        else test
        for test in tests
    ]
    _print_tests(console, "flaky: failed, then passed when run alone", told)


def _print_tests(console: Console, title: str, tests: Sequence[TestReport]) -> None:
    if not tests:
        return
    console.print(f"\n[bold]{escape(title)}[/bold]")
    for test in tests[:_FAILURES_SHOWN]:
        symbol, style = SYMBOLS[test.outcome]
        console.print(f"  [{style}]{symbol}[/{style}] {escape(clip(test.id))}")
        if test.message:
            console.print(f"    {clip(test.message)}", markup=False, style="dim")
    if len(tests) > _FAILURES_SHOWN:
        console.print(f"  … and {len(tests) - _FAILURES_SHOWN} more", style="dim")


def _print_shards(console: Console, report: RunReport) -> None:
    """A small Gantt chart: where the time went."""
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for title in ("shard", "host", "files", "tests", "seconds", ""):
        right = title in ("files", "tests", "seconds")
        table.add_column(title, justify="right" if right else "left", no_wrap=True)
    counts: dict[str, int] = {}
    for test in report.tests:
        counts[test.shard] = counts.get(test.shard, 0) + 1
    for shard in report.shards[:_SHARDS_SHOWN]:
        begin = _since(report, shard.started_at)
        end = _since(report, shard.finished_at)
        table.add_row(
            shard.id,
            escape(shard.host),
            str(len(shard.units)),
            str(counts.get(shard.id, 0)),
            f"{end - begin:.1f}" if shard.finished_at else shard.status.value,
            _bar(begin, end, report.wall_s),
        )
    console.print()
    console.print(table)
    if len(report.shards) > _SHARDS_SHOWN:
        console.print(f"… and {len(report.shards) - _SHARDS_SHOWN} more shards", style="dim")


def _since(report: RunReport, moment: datetime | None) -> float:
    return 0.0 if moment is None else (moment - report.started_at).total_seconds()


def _bar(begin: float, end: float, whole: float) -> str:
    if whole <= 0:
        return ""
    left = max(0, min(_BAR_WIDTH - 1, round(begin / whole * _BAR_WIDTH)))
    width = max(1, round((end - begin) / whole * _BAR_WIDTH))
    return " " * left + "[cyan]" + "━" * min(width, _BAR_WIDTH - left) + "[/cyan]"


def _print_slowest(console: Console, tests: Sequence[TestReport]) -> None:
    if not tests:
        return
    console.print("\n[bold]slowest[/bold]")
    for test in tests:
        console.print(f"  {test.duration_s:6.2f} s  {escape(clip(test.id))}")


def _verdict(report: RunReport, summary: Summary) -> Panel:
    style = _STATUS_STYLE[report.status]
    counts = {outcome: getattr(report.totals, outcome.value) for outcome in Outcome}
    lines = [counts_line(counts) or "no tests", _speed_line(summary.speed)]
    lines.append(f"${report.cost.usd:.4f} at AWS list prices")
    title = f"[bold {style}]{report.status.value}[/] · {escape(report.repository)}"
    return Panel(
        "\n".join(line for line in lines if line),
        title=f"{title} · run {report.run_id}",
        title_align="left",
        border_style=style,
        expand=False,
        padding=(0, 2),
    )


def _speed_line(speed: Speed) -> str:
    line = f"{speed.wall_s:.1f} s"
    if speed.speed_up is None:
        return line
    line += f" for {speed.serial_s:.1f} s of tests"
    if speed.speed_up > 1:
        line += f", {speed.speed_up:.1f} times as fast"
    return f"{line}; no plan could take less than {speed.lower_bound_s:.1f} s"
    return line
