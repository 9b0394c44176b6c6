"""What `testfleet fix` answers, from what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from testfleet.contracts.repair import (
    CandidateCounts,
    FixReport,
    FixStatus,
    Suggestion,
    SuspiciousLine,
)
from testfleet.repair.consensus.vote import Group
from testfleet.repair.patch import unified_diff
from testfleet.repair.search import Found
from testfleet.repair.sources import Source

SUGGESTIONS = 5
LINES_SHOWN = 30


@dataclass
class Tally:
    """Numbers over all searches of one command."""

    generated: int = 0
    tried: int = 0
    plausible: int = 0
    validated: int = 0

    def add(self, found: Found) -> None:
        """Count a search that has ended."""
        self.generated += found.generated
        self.tried += found.tried
        self.plausible += found.plausible
        self.validated += len(found.repairs)

    def counts(self) -> CandidateCounts:
        """As the report has them."""
        return CandidateCounts(
            generated=self.generated,
            tried=self.tried,
            plausible=self.plausible,
            validated=self.validated,
        )


@dataclass
class Outcome:
    """How the search for one fault ended."""

    tests: Sequence[str]
    group: Group | None = None
    fixed: bool = False
    reason: str = ""
    suggestions: Sequence[Suggestion] = ()
    lines: Sequence[SuspiciousLine] = ()


@dataclass
class Ledger:
    """Everything that the report is made of."""

    sources: Mapping[str, Source]
    """As they were at first."""
    outcomes: list[Outcome] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    """What the chosen patches have made of the files."""
    tally: Tally = field(default_factory=Tally)
    notes: list[str] = field(default_factory=list)

    def patch(self, texts: Mapping[str, str] | None = None) -> str:
        """Unified diff from the first sources to these texts."""
        return diff_of(self.sources, self.texts if texts is None else {**self.texts, **texts})

    def report(self, time_s: float) -> FixReport:
        """The answer."""
        best = next((one.group for one in self.outcomes if one.group and one.fixed), None)
        status = self._status()
        shares = [one.group.share for one in self.outcomes if one.group and one.fixed]
        is_fixed = status is FixStatus.FIXED
        return FixReport(
            status=status,
            reason=self._reason(),
            patch=self.patch() if is_fixed else "",
            files=tuple(sorted(self.texts)) if is_fixed else (),
            engine=best.best.repair.candidate.engine if best and is_fixed else "",
            template=best.best.repair.candidate.template if best and is_fixed else "",
            consensus=min(1.0, min(shares, default=0.0)),
            concerns=tuple(dict.fromkeys(self._concerns())) if is_fixed else (),
            tests=tuple(test for one in self.outcomes for test in one.tests),
            candidates=self.tally.counts(),
            suggestions=self._suggestions(),
            localisation=tuple(self.outcomes[0].lines[:LINES_SHOWN]) if self.outcomes else (),
            time_s=round(time_s, 3),
        )

    def _status(self) -> FixStatus:
        if self.outcomes and all(one.fixed for one in self.outcomes):
            return FixStatus.FIXED
        if any(one.fixed or one.suggestions for one in self.outcomes):
            return FixStatus.SUGGESTED
        return FixStatus.NOT_FIXED

    def _suggestions(self) -> tuple[Suggestion, ...]:
        found = [each for one in self.outcomes for each in one.suggestions]
        whole = self._status()
        if whole is FixStatus.SUGGESTED and self.texts:
            found.insert(0, self._part())
        return tuple(found[: SUGGESTIONS + 1])

    def _part(self) -> Suggestion:
        fixed = [one for one in self.outcomes if one.fixed and one.group]
        groups = [one.group for one in fixed if one.group]
        count = sum(len(one.tests) for one in fixed)
        return Suggestion(
            patch=self.patch(),
            engine=groups[0].best.repair.candidate.engine,
            template=groups[0].best.repair.candidate.template,
            share=min(1.0, *(group.share for group in groups)),
            concerns=(f"turns {count} of the failing tests green, not all",),
        )

    def _concerns(self) -> list[str]:
        groups = [one.group for one in self.outcomes if one.group and one.fixed]
        return [concern for group in groups for concern in group.best.concerns]

    def _reason(self) -> str:
        reasons = [one.reason for one in self.outcomes if one.reason]
        return "; ".join(dict.fromkeys([*reasons, *self.notes]))


def diff_of(sources: Mapping[str, Source], texts: Mapping[str, str]) -> str:
    """Unified diff of the files that the texts change."""
    return "".join(
        unified_diff(path, sources[path].text, text)
        for path, text in sorted(texts.items())
        if sources[path].text != text
    )
