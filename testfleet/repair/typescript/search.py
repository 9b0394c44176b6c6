"""Finds proposals that make the compiler content, one fault after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from testfleet.repair.typescript.model import Complaint, Edit, Proposal, Tried
from testfleet.repair.typescript.service import Service
from testfleet.repair.typescript.vote import Group, vote

SAMPLE: Final = 6
"""Complaints that candidates are asked for at once."""
PATIENCE: Final = 0.4
"""After the first plausible proposal, those with less than this part of its prior are not tried."""
COMPETITORS: Final = 40
"""Most candidates that are tried after the first plausible one."""
BEAM: Final = 3
"""Proposals that leave one other complaint, each of which is tried together with a second one."""
MOST_LEFT: Final = 2
ROUNDS: Final = 20


@dataclass
class Limits:
    """What a search may cost, and what it has cost."""

    deadline: float
    """On the monotonic clock."""
    candidates: int
    generated: int = 0
    tried: int = 0

    @property
    def spent(self) -> bool:
        """Whether nothing more may be tried."""
        return self.tried >= self.candidates or time.monotonic() >= self.deadline


@dataclass(frozen=True)
class Round:
    """One fault: what may repair it, and the complaints that it is about."""

    complaints: tuple[Complaint, ...]
    groups: tuple[Group, ...]
    before: tuple[Edit, ...] = ()
    """Edits of the first half when it takes two."""


@dataclass
class Searcher:
    """A search over the program that a service holds."""

    service: Service
    engines: Sequence[str]
    limits: Limits
    progress: Callable[[str], None] = field(default=lambda _text: None)
    weighed: Callable[[Proposal], Proposal] = field(default=lambda proposal: proposal)
    """Gives a proposal the prior that it has in the light of what else is known."""
    only: Sequence[str] = ()
    """Files or ids of the complaints that are repaired; empty for all."""

    @property
    def wanted(self) -> list[int]:
        """Indices of the complaints that are to be repaired."""
        all_of_them = list(enumerate(self.service.complaints))
        return [
            index
            for index, one in all_of_them
            if not self.only or one.id.startswith(tuple(self.only))
        ]

    def one(self) -> Round:
        """Proposals for the program as it is. Keeps nothing."""
        complaints = self.service.complaints
        tried = list(self._try(self._pool()))
        groups = vote(tried)
        if groups or self.limits.spent:
            return Round(complaints, tuple(groups))
        return self._pairs(tried, complaints)

    def _pool(self) -> list[Proposal]:
        """Candidates for the complaints, the same from several of them once and likelier."""
        found: dict[tuple[Edit, ...], Proposal] = {}
        for index in _sample(self.service.complaints, self.wanted):
            for one in self.service.proposals(index, self.engines):
                found[one.edits] = _both(found.get(one.edits), self.weighed(one))
        self.limits.generated += len(found)
        return sorted(found.values(), key=lambda one: (-one.prior, one.size))

    def _try(self, pool: Sequence[Proposal]) -> Iterator[Tried]:
        best, since = 0.0, 0
        for proposal in pool:
            if self.limits.spent or since > COMPETITORS:
                return
            if best and proposal.prior < best * PATIENCE:
                return
            self.limits.tried += 1
            since += best > 0
            check = self.service.check(proposal.edits)
            yield Tried(proposal, check)
            whole = len(check.gone) == len(self.service.complaints)
            if whole and not check.added and not proposal.is_grave:
                best = max(best, proposal.prior)
            if self.limits.tried % 20 == 0:
                self.progress(f"tried {self.limits.tried} candidates")

    def _pairs(self, tried: Sequence[Tried], complaints: tuple[Complaint, ...]) -> Round:
        """A proposal that only uncovers another complaint may be the first half of the repair."""
        halves = [one for one in tried if one.check.gone and one.check.added <= MOST_LEFT]
        halves.sort(key=lambda one: (-len(one.check.gone), one.check.added, -one.proposal.prior))
        best = Round(complaints, ())
        for half in [one for one in halves if not one.proposal.is_grave][:BEAM]:
            if self.limits.spent:
                break
            self.service.keep(half.proposal.edits)
            try:
                most = len(self.service.complaints) - len(complaints) + len(half.check.gone)
                groups = vote(list(self._try(self._pool())))
            finally:
                self.service.undo()
            improved = groups and len(groups[0].best.check.gone) >= max(1, most)
            if improved and (not best.groups or groups[0].share > best.groups[0].share):
                best = Round(complaints, tuple(groups), half.proposal.edits)
        return best


def _both(known: Proposal | None, one: Proposal) -> Proposal:
    """The likelier of the same two, and likelier still, as two complaints lead to it."""
    if known is None:
        return one
    both = 1 - (1 - known.prior) * (1 - one.prior)
    return replace(max(known, one, key=lambda each: each.prior), prior=min(0.97, both))


def _sample(complaints: Sequence[Complaint], wanted: Sequence[int]) -> list[int]:
    """Indices of complaints that differ, the first of each kind before the second."""
    seen: dict[tuple[int, str], int] = {}
    ranked = []
    for index in wanted:
        one = complaints[index]
        kind = one.code, one.message
        seen[kind] = seen.get(kind, 0) + 1
        ranked.append((seen[kind], index))
    return [index for _, index in sorted(ranked)[:SAMPLE]]
