"""Past repairs: which of them a failure brings back, and what a new one adds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from testfleet.contracts.past_fix import PastFix, PastFixes
from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import FailingTest, Fault
from testfleet.repair.memory.hunks import edits_of, hunks_of
from testfleet.triage.fingerprints.fingerprint import FailureText, fingerprint

MOST_REMEMBERED: Final = 200
MOST_FINGERPRINTS: Final = 20
MOST_OFFERED: Final = 10
_PRIOR: Final = 0.95
NAME: Final = "memory"


class MemoryEngine:
    """What mended the same failure before, as candidates. The tests prove them like any other."""

    name = NAME

    def __init__(self, past: Sequence[PastFix], *, for_any: bool = False) -> None:
        """`for_any`: the repairs were chosen already, so that fingerprints are not compared."""
        self._past = past
        self._for_any = for_any
        self.fingerprints: dict[str, str] = {}
        """Of the failing tests that it was asked about."""

    def candidates(self, fault: Fault) -> Iterator[Candidate]:
        """The repairs that fit, the newest first."""
        own = {test.id: _fingerprint(test) for test in fault.tests}
        self.fingerprints |= own
        fitting = [fix for fix in reversed(self._past) if self._fits(fix, own)]
        for fix in fitting[:MOST_OFFERED]:
            candidate = _candidate(fix, fault)
            if candidate is not None:
                yield candidate

    def _fits(self, fix: PastFix, own: Mapping[str, str]) -> bool:
        return self._for_any or not set(own.values()).isdisjoint(fix.fingerprints)


def matching(past: PastFixes, fingerprints: Sequence[str]) -> tuple[PastFix, ...]:
    """The repairs of failures with one of these fingerprints, those proved last at the end."""
    found = [fix for fix in past.fixes if not set(fingerprints).isdisjoint(fix.fingerprints)]
    return tuple(found[-MOST_OFFERED:])


def remembered(
    past: PastFixes,
    files: Mapping[str, tuple[bytes, bytes]],
    fix: tuple[Sequence[str], str, str],
    at: tuple[datetime, str],
) -> PastFixes:
    """The past with a repair that was proved now. The oldest are forgotten.

    `files` are (old, new) contents, `fix` is (fingerprints, engine, template), `at` when and in
    which run it was proved.
    """
    fingerprints, engine, template = fix
    hunks = hunks_of(files)
    if not hunks or not fingerprints:
        return past
    same = [each for each in past.fixes if each.hunks == hunks]
    names = dict.fromkeys([*fingerprints, *(name for each in same for name in each.fingerprints)])
    new = PastFix(
        fingerprints=tuple(names)[:MOST_FINGERPRINTS],
        hunks=hunks,
        # What offered it again is not what found it.
        engine=same[0].engine if same else engine,
        template=same[0].template if same else template,
        at=at[0],
        run_id=at[1],
        times=1 + sum(each.times for each in same),
    )
    kept = [each for each in past.fixes if each.hunks != hunks]
    return PastFixes(fixes=tuple([*kept, new][-MOST_REMEMBERED:]))


def _fingerprint(test: FailingTest) -> str:
    message = f"{test.exception}: {test.message}" if test.exception else test.message
    return fingerprint(FailureText(test.id, test.file, message, test.longrepr))


def _candidate(fix: PastFix, fault: Fault) -> Candidate | None:
    edits = edits_of(fix.hunks, fault.sources)
    if not edits or any(edit.path in fault.test_files for edit in edits):
        return None
    first = edits[0]
    return Candidate(
        engine=NAME,
        template=f"again: {fix.template}",
        edits=edits,
        path=first.path,
        line=fault.sources[first.path].count("\n", 0, first.start) + 1,
        suspiciousness=1.0,
        prior=_PRIOR,
    )
