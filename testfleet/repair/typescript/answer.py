"""What `testfleet fix` answers about a TypeScript project."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from testfleet.contracts.repair import (
    CandidateCounts,
    FixReport,
    FixStatus,
    Suggestion,
    SuspiciousLine,
)
from testfleet.repair.typescript.model import Complaint
from testfleet.repair.typescript.rounds import Repaired
from testfleet.repair.typescript.search import Limits, Round
from testfleet.repair.typescript.texts import Batches, Texts, files_of
from testfleet.repair.typescript.vote import THRESHOLD, Group

SUGGESTIONS = 5
LINES_SHOWN = 30


@dataclass(frozen=True)
class Answer:
    """All that a search has come to."""

    complaints: Sequence[Complaint]
    """As the program was at first."""
    repaired: Repaired
    limits: Limits
    texts: Texts
    unproved: Sequence[str]
    """What the project's own tsc still says."""
    untested: str = ""
    """Why the tests prove nothing, where the project has a runner for them."""

    def report(self, time_s: float) -> FixReport:
        """The answer as a contract."""
        status = self._status()
        fixed = status is FixStatus.FIXED
        batches = self.repaired.batches
        best = self.repaired.chosen[-1].best.proposal if fixed else None
        return FixReport(
            status=status,
            reason=self._reason(status),
            patch=self.texts.diff(batches) if fixed else "",
            files=files_of(batches) if fixed else (),
            engine=best.engine if best else "",
            template=best.template if best else "",
            consensus=round(self.repaired.share, 4),
            concerns=self.repaired.concerns if fixed else (),
            tests=tuple(one.id for one in self.complaints),
            candidates=self._counts(),
            suggestions=() if fixed else tuple(self._suggestions()),
            localisation=tuple(self._lines()),
            time_s=round(time_s, 3),
        )

    def _status(self) -> FixStatus:
        chosen = self.repaired.chosen
        if not chosen:
            return FixStatus.NOT_FIXED
        sure = self.repaired.share >= THRESHOLD and not any(one.is_grave for one in chosen)
        if self.repaired.left or self.unproved or self.untested or not sure:
            return FixStatus.SUGGESTED
        return FixStatus.FIXED

    def _reason(self, status: FixStatus) -> str:
        if status is FixStatus.FIXED:
            return ""
        if self.unproved:
            return f"the project's own tsc is not content with it: {self.unproved[0]}"
        if not self.repaired.chosen:
            return self._why_nothing()
        if self.repaired.left:
            first = self.repaired.left[0]
            return f"{len(self.repaired.left)} complaints are left, the first is {first.id}"
        grave = [one for one in self.repaired.chosen if one.is_grave]
        if grave:
            return f"the best patch only silences the compiler: {'; '.join(grave[0].concerns)}"
        return self._why_unsure()

    def _why_unsure(self) -> str:
        if self.untested and self.repaired.share >= THRESHOLD:
            return f"the best patch compiles; it is not proved by tests: {self.untested}"
        return (
            f"patches that behave differently content the compiler, and the best of them has"
            f" {self.repaired.share:.0%} of the vote ({THRESHOLD:.0%} is asked for): choose one"
        )

    def _why_nothing(self) -> str:
        first = self.complaints[0]
        locked = self.texts.why_not(first.file) if first.file else "it is about the configuration"
        if locked:
            return f"{first.id or f'TS{first.code}'} cannot be repaired here: {locked}"
        spent = "the time or the number was used up" if self.limits.spent else "all were tried"
        return (
            f"none of {self.limits.tried} candidates contents the compiler, and {spent};"
            f" it begins with {first.id}"
        )

    def _counts(self) -> CandidateCounts:
        groups = [group for found in self.repaired.rounds for group in found.groups]
        return CandidateCounts(
            generated=self.limits.generated,
            tried=self.limits.tried,
            plausible=sum(len(group.members) for group in groups),
            validated=len(groups),
        )

    def _suggestions(self) -> Iterator[Suggestion]:
        """What was chosen as a whole, then the rivals of the last round."""
        if len(self.repaired.chosen) > 1 or self.repaired.left:
            yield from self._whole()
            return
        for found in self.repaired.rounds[:1]:
            for group in found.groups[:SUGGESTIONS]:
                yield self._suggestion(group, _batches(found, group))

    def _whole(self) -> Iterator[Suggestion]:
        if self.repaired.chosen:
            made = self._suggestion(self.repaired.chosen[-1], self.repaired.batches)
            left = len(self.repaired.left)
            more = (f"{left} of {len(self.complaints)} complaints are left",) if left else ()
            concerns = (*self.repaired.concerns, *more)
            yield made.model_copy(update={"concerns": concerns, "share": self.repaired.share})

    def _suggestion(self, group: Group, batches: Batches) -> Suggestion:
        proposal = group.best.proposal
        return Suggestion(
            patch=self.texts.diff(batches),
            engine=proposal.engine,
            template=proposal.template,
            share=round(group.share, 4),
            concerns=group.concerns,
        )

    def _lines(self) -> Iterator[SuspiciousLine]:
        """Where the patches begin, then where the compiler complains."""
        places: dict[tuple[str, int], str] = {}
        for found in self.repaired.rounds[:1]:
            for group in found.groups if not found.before else ():
                edit = group.best.proposal.edits[0]
                reason = f"{group.best.proposal.template} there contents the compiler"
                places.setdefault((edit.file, self.texts.line_of(edit)), reason)
        for one in self.complaints:
            if one.file:
                said = one.message.splitlines()[0]
                reason = f"eslint: {said}" if one.rule else f"tsc: TS{one.code} {said}"
                places.setdefault((one.file, one.line), reason)
        for rank, ((path, line), reason) in enumerate(list(places.items())[:LINES_SHOWN]):
            yield SuspiciousLine(path=path, line=line, score=1 / (1 + rank), reasons=(reason,))


def _batches(found: Round, group: Group) -> Batches:
    return [one for one in (found.before, group.best.proposal.edits) if one]
