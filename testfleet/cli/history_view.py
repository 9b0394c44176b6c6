"""A suite's history for a person, and for a program."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from testfleet.cli.console import out
from testfleet.contracts.history import HistoryDetails, UnitHistory

_SHOWN = 10


def as_json(units: Mapping[str, UnitHistory], details: HistoryDetails) -> dict[str, Any]:
    """Everything that is kept, and the same summary that a person sees."""
    return {
        "expected_s": round(sum(past.duration_s for past in units.values()), 3),
        "runs": max((past.runs for past in units.values()), default=0),
        "imported_runs": len(details.imported),
        "units": {unit: past.model_dump(mode="json") for unit, past in sorted(units.items())},
        "tests": {
            test: past.model_dump(mode="json") for test, past in sorted(details.tests.items())
        },
    }


def print_history(suite: str, units: Mapping[str, UnitHistory], details: HistoryDetails) -> None:
    """Totals, the slowest files, and the files and tests that fail."""
    plain = out()
    if not units:
        plain.print(f"nothing is known of suite {suite}: run it, or import its past", markup=False)
        return
    total_s = sum(past.duration_s for past in units.values())
    runs = max(past.runs for past in units.values())
    plain.print(
        f"suite {suite}: {len(units)} files, {total_s:.1f} s in all, up to {runs} runs each;"
        f" expected to within {_sureness(units.values()):.0%}, four times of five",
        markup=False,
    )
    _print_units("slowest files", sorted(units.items(), key=lambda item: -item[1].duration_s))
    failing = [item for item in units.items() if item[1].failed or item[1].flaky]
    _print_units("files that fail most", sorted(failing, key=lambda item: -_badness(item[1])))
    _print_tests(details)


def _print_units(title: str, units: list[tuple[str, UnitHistory]]) -> None:
    if not units:
        return
    table = _table(title, "file", "expected", "80 % between", "runs", "failed", "flaky", "newest")
    for unit, past in units[:_SHOWN]:
        low, high = past.low_s, past.high_s
        table.add_row(
            Text(unit),
            f"{past.duration_s:.2f} s",
            f"{low:.2f} and {high:.2f} s" if low is not None and high is not None else "",
            str(past.runs),
            str(past.failed),
            str(past.flaky),
            past.recent[-8:],
        )
    out().print(table)


def _print_tests(details: HistoryDetails) -> None:
    bad = {test: past for test, past in details.tests.items() if past.failed or past.flaky}
    if not bad:
        return
    table = _table("tests that fail most", "test", "seconds", "runs", "failed", "flaky", "newest")
    ordered = sorted(bad.items(), key=lambda item: (-item[1].failed - item[1].flaky, item[0]))
    for test, past in ordered[:_SHOWN]:
        counts = (str(past.runs), str(past.failed), str(past.flaky))
        table.add_row(Text(test), f"{past.duration_s:.2f}", *counts, past.recent[-8:])
    out().print(table)


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, box=box.SIMPLE, pad_edge=False, title_justify="left")
    table.add_column(first)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def _badness(past: UnitHistory) -> float:
    return (past.failed + past.flaky) / max(past.runs, 1)


def _sureness(units: Iterable[UnitHistory]) -> float:
    """Half the width of the intervals of all files, as a share of what is expected."""
    known = [past for past in units if past.low_s is not None and past.high_s is not None]
    width = sum((past.high_s or 0.0) - (past.low_s or 0.0) for past in known)
    expected = sum(past.duration_s for past in known)
    return width / 2 / expected if expected else 1.0
