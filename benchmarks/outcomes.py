"""Outcomes as plain pytest reports them, read without any code of Testfleet, and compared.

pytest-reportlog writes one line a phase. As in pytest's own summary a test is failed when its
call or one of its subtests failed, an error when set-up or teardown failed, skipped when a phase
was skipped or failed as expected, else passed. A file that is skipped as a whole or cannot be
collected stands under its own name.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

_GRAVEST_FIRST = ("failed", "error", "skipped", "passed")


@dataclass(frozen=True)
class Recorded:
    """One run of plain pytest."""

    outcomes: dict[str, str]
    """Outcome by test id."""
    seconds: dict[str, float]
    """Seconds of all phases, by file."""
    code: int
    """What pytest ended with."""


@dataclass(frozen=True)
class Difference:
    """One test that two runs do not agree about."""

    id: str
    plain: str
    other: str

    def __str__(self) -> str:
        return f"{self.id}: {self.plain} under plain pytest, {self.other} here"


def read_reportlog(path: Path) -> Recorded:
    """What the lines of pytest-reportlog amount to."""
    phases: dict[str, set[str]] = defaultdict(set)
    seconds: Counter[str] = Counter()
    code = -1
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            report = json.loads(line)
            outcome = _phase_outcome(report)
            if outcome:
                phases[report["nodeid"] or "."].add(outcome)
            if report.get("$report_type") == "TestReport":
                seconds[report["nodeid"].split("::")[0]] += report["duration"]
            code = report.get("exitstatus", code)
    outcomes = {
        test: next(outcome for outcome in _GRAVEST_FIRST if outcome in seen)
        for test, seen in phases.items()
    }
    return Recorded(outcomes, dict(seconds), code)


def _phase_outcome(report: Mapping[str, Any]) -> str | None:
    kind = report.get("$report_type")
    if kind == "CollectReport":
        return {"failed": "error", "skipped": "skipped"}.get(report["outcome"])
    if str(kind).lower() == "subtestreport":  # pytest and its plugin spell it differently
        return "failed" if report["outcome"] == "failed" else None
    if kind != "TestReport":
        return None
    if report["outcome"] == "failed":
        return "failed" if report["when"] == "call" else "error"
    return str(report["outcome"])


def read_report(path: Path) -> list[tuple[str, str]]:
    """Test ids and outcomes of a file that `testfleet run --report` wrote."""
    report = json.loads(path.read_text("utf-8"))
    return [(test["id"], test["outcome"]) for test in report["tests"]]


def differences(plain: Mapping[str, str], other: Iterable[tuple[str, str]]) -> list[Difference]:
    """Every test whose outcome differs, is absent on one side, or is reported more than once.

    `flaky` is a failure that a rerun did not repeat, so plain pytest, which never reruns, has to
    have seen it fail.
    """
    pairs = list(other)
    times = Counter(test for test, _ in pairs)
    found = dict(pairs)
    unequal = [
        Difference(test, plain.get(test, "absent"), found.get(test, "absent"))
        for test in sorted(plain.keys() | found.keys())
        if not _agree(plain.get(test), found.get(test))
    ]
    twice = [
        Difference(test, plain.get(test, "absent"), f"reported {count} times")
        for test, count in sorted(times.items())
        if count > 1
    ]
    return unequal + twice


def _agree(plain: str | None, other: str | None) -> bool:
    if other == "flaky":
        return plain in ("failed", "error")
    return plain == other


def realised_ratio(report: Path) -> float:
    """From the first shard's start to the last one's end, by the run's own lower bound."""
    content = json.loads(report.read_text("utf-8"))
    ran = [shard for shard in content["shards"] if shard["started_at"]]
    begin = min(datetime.fromisoformat(shard["started_at"]) for shard in ran)
    end = max(datetime.fromisoformat(shard["finished_at"]) for shard in ran)
    return (end - begin).total_seconds() / float(content["lower_bound_s"])
