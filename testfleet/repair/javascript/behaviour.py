"""What patches do beyond turning tests green: how a changed function answers calls."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from testfleet.repair.javascript.process import NodeError
from testfleet.repair.javascript.search import Search
from testfleet.repair.javascript.vote import Plausible
from testfleet.repair.typescript.bench import Bench

MOST: Final = 12
"""Patches that are compared, the likeliest ones."""
REPORT: Final = "answers.jsonl"
LIMIT_S: Final = 30.0
_TELLING: Final = 0.5
"""Share of the tests' own calls that must be answered by a value, for the answers to count."""

Answers = Mapping[str, str]
"""By call."""


def behaviours(search: Search, plausible: Sequence[Plausible], bench: Bench) -> dict[str, str]:
    """Name of the group of patches that answer alike, by effect; without those that cannot be
    watched."""
    likely = sorted(plausible, key=lambda one: -one.weight)[:MOST]
    if len({one.effect for one in likely}) < 2:  # noqa: PLR2004 - there is nothing to compare
        return {}
    search.progress(f"comparing {len(likely)} patches")
    known: list[tuple[str, Answers]] = []
    found: dict[str, str] = {}
    for one in likely:
        answers = _answers(search, one, bench)
        if not answers:
            continue
        alike = next((name for name, other in known if _agree(answers, other)), one.effect)
        found[one.effect] = alike
        known.append((alike, answers))
    search.runner.put(search.base)
    return found


def _answers(search: Search, one: Plausible, bench: Bench) -> Answers:
    report = bench.scratch / REPORT
    report.unlink(missing_ok=True)
    watched = search.writer.observed(one.draft.proposal.edits, search.aim.loop_ms)
    if watched is None:
        return {}
    tests = search.writer.ending(search.aim.files, bench.home.runner, report)
    search.runner.put({**search.base, **watched, **tests})
    try:
        search.runner.run(search.aim.files, LIMIT_S + 2 * search.aim.seconds)
    except NodeError:
        return {}
    return _told(report)


def _told(report: Path) -> Answers:
    found: dict[str, str] = {}
    if report.exists():
        for line in report.read_text("utf-8", "replace").splitlines():
            found.update(json.loads(line))
    real = [answer for call, answer in found.items() if call.startswith("real ")]
    values = sum(answer.startswith("returned ") for answer in real)
    return found if real and values >= _TELLING * len(real) else {}


def _agree(one: Answers, other: Answers) -> bool:
    both = one.keys() & other.keys()
    return bool(both) and all(one[call] == other[call] for call in both)
