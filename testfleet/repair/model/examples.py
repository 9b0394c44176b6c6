"""Repairs of the past that a model is shown: those of the same file first, as small diffs."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

from testfleet.contracts.past_fix import PastFix
from testfleet.repair.engine import Fault


def similar_fixes(fault: Fault, past: Sequence[PastFix], most: int) -> list[str]:
    """Diffs of the repairs that are nearest to a fault: in a file that is suspicious now, then by
    how often they were proved, the newest first."""
    suspicious = {line.path for line in fault.lines[:20]}

    def distance(at: int) -> tuple[bool, int, int]:
        fix = past[at]
        return (not any(hunk.path in suspicious for hunk in fix.hunks), -fix.times, -at)

    return [_diff(past[at]) for at in sorted(range(len(past)), key=distance)[:most]]


def _diff(fix: PastFix) -> str:
    return "\n".join(
        "\n".join(
            difflib.unified_diff(
                hunk.old.splitlines(), hunk.new.splitlines(), hunk.path, hunk.path, lineterm="", n=1
            )
        )
        for hunk in fix.hunks
    )
