"""What `testfleet fix` remembers of earlier fixes of a tree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from testfleet.contracts.past_fix import PastFixes
    from testfleet.repair.fix import FixResult
    from testfleet.repair.memory.past import MemoryEngine


def memory_engine(place: Path, names: Sequence[str]) -> MemoryEngine:
    """Offers what mended the same failure before, unless other engines alone were asked for; then
    it only learns by what the failures are known."""
    from testfleet.repair.memory.past import NAME, MemoryEngine

    offers = not names or NAME in names
    return MemoryEngine(past_fixes(place).fixes if offers else ())


def remember_fix(place: Path, memory: MemoryEngine, result: FixResult) -> None:
    """Keep a fix for the day that its failure comes back."""
    from testfleet.contracts.base import utc_now
    from testfleet.contracts.repair import FixStatus
    from testfleet.repair.memory.past import remembered

    report = result.report
    prints = [memory.fingerprints[test] for test in report.tests if test in memory.fingerprints]
    if report.status is not FixStatus.FIXED or not prints:
        return
    what = (tuple(dict.fromkeys(prints)), report.engine, report.template)
    past = remembered(past_fixes(place), result.files, what, (utc_now(), ""))
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f"{place.name}.part")
    part.write_text(past.model_dump_json(), "utf-8")
    part.replace(place)


def past_fixes(place: Path) -> PastFixes:
    """Nothing is remembered of what cannot be read."""
    from pydantic import ValidationError

    from testfleet.contracts.past_fix import PastFixes

    try:
        return PastFixes.model_validate_json(place.read_bytes())
    except (OSError, ValidationError):
        return PastFixes()
