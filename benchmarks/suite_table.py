"""The table of `run_suites`."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass

from benchmarks.measure import verdict

LONG_S = 20.0
"""From this sequential time on, Testfleet may take no longer than xdist with loadfile."""
SHORT_ALLOWANCE_S = 2.0
"""What it may take more for shorter suites."""
FIRST_FACTOR = 1.25
"""What the very first run may take more than that."""
_SHOWN_PROBLEMS = 20
_COLUMNS = (
    ("plain", "sequential"),
    ("xdist loadfile", "loadfile"),
    ("xdist load", "load"),
    ("xdist loadscope", "loadscope"),
    ("xdist worksteal", "worksteal"),
    ("first", "first"),
    ("warm", "warm"),
)


@dataclass(frozen=True)
class Row:
    """One suite."""

    suite: str
    tests: int
    times: dict[str, list[float]]
    """Seconds by mode, sorted."""
    bound_s: float
    """max(longest file, all tests / workers): no way to hand out whole files is faster."""
    realised: list[float]
    """Makespan of the shards of each warm run by the lower bound of its units, sorted."""
    problems: list[str]
    notes: list[str]

    def median(self, mode: str) -> float | None:
        """The middle of the times; None when the mode was not run."""
        values = self.times.get(mode)
        return statistics.median(values) if values else None

    @property
    def middle_realised(self) -> float:
        """The middle of the realised ratios; 0 when there is none."""
        return statistics.median(self.realised) if self.realised else 0.0

    @property
    def allowed_s(self) -> float:
        """What a warm run may take."""
        loadfile, plain = self.median("xdist loadfile") or 0.0, self.median("plain") or 0.0
        return loadfile if plain >= LONG_S else loadfile + SHORT_ALLOWANCE_S

    @property
    def is_warm_met(self) -> bool:
        """Whether the median of the warm runs is within what is allowed."""
        return (self.median("warm") or 0.0) <= self.allowed_s

    @property
    def is_first_met(self) -> bool:
        """Whether the median of the first runs is within what is allowed."""
        return (self.median("first") or 0.0) <= self.allowed_s * FIRST_FACTOR

    def data(self) -> dict[str, object]:
        """Everything, for a program."""
        medians = {mode: self.median(mode) for mode in self.times}
        judged = {
            "allowed_s": self.allowed_s,
            "warm_met": self.is_warm_met,
            "first_met": self.is_first_met,
        }
        return asdict(self) | {"medians": medians, "targets": judged}


def render(rows: list[Row]) -> str:
    """The table, the targets, and every difference in outcomes."""
    header = (
        f"{'suite':<18}{'tests':>7}"
        + "".join(f"{title:>11}" for _, title in _COLUMNS)
        + f"{'warm/lf':>9}{'warm-lf':>9}{'bound':>8}{'bound/warm':>12}{'realised':>10}  outcomes"
    )
    lines = [header, "-" * len(header), *(_line(row) for row in rows), ""]
    lines += [
        f"seconds, medians; loadfile to worksteal: pytest-xdist -n 2; lf: loadfile;"
        f" runs: {', '.join(str(len(row.times['warm'])) for row in rows[:1])} each",
        "realised: first shard's start to last shard's end, by max(longest unit, units / 2),"
        " imports included",
        *_targets(rows),
        *(f"{row.suite}: {note}" for row in rows for note in row.notes),
    ]
    for row in rows:
        lines += [f"OTHER OUTCOME {row.suite}: {one}" for one in row.problems[:_SHOWN_PROBLEMS]]
        hidden = len(row.problems) - _SHOWN_PROBLEMS
        lines += [f"{row.suite}: {hidden} more in the JSON file"] if hidden > 0 else []
    return "\n".join(lines)


def _line(row: Row) -> str:
    loadfile, warm = row.median("xdist loadfile") or 0.0, row.median("warm") or 0.0
    cells = "".join(_cell(row.median(mode)) for mode, _ in _COLUMNS)
    same = f"{len(row.problems)} DIFFER" if row.problems else "equal"
    return (
        f"{row.suite:<18}{row.tests:>7}{cells}{warm / loadfile:>9.2f}{warm - loadfile:>+9.2f}"
        f"{row.bound_s:>8.2f}{row.bound_s / warm:>12.0%}{row.middle_realised:>10.2f}  {same}"
    )


def _cell(seconds: float | None) -> str:
    return f"{'-':>11}" if seconds is None else f"{seconds:>11.2f}"


def _targets(rows: list[Row]) -> list[str]:
    return [
        f"{row.suite}: warm {row.median('warm') or 0:.2f} s, allowed {row.allowed_s:.2f}:"
        f" {verdict(met=row.is_warm_met)}; first {row.median('first') or 0:.2f} s,"
        f" allowed {row.allowed_s * FIRST_FACTOR:.2f}: {verdict(met=row.is_first_met)}"
        for row in rows
    ]
