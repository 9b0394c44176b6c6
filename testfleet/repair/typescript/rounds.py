"""Repairs one fault after the other until the compiler is content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from testfleet.repair.typescript.model import Complaint, Edit
from testfleet.repair.typescript.search import ROUNDS, Round, Searcher
from testfleet.repair.typescript.vote import Group

Choose = Callable[[Round], Sequence[Group]]
"""Puts the groups of a round in a better order, or drops some: by the project's tests, say."""


@dataclass(frozen=True)
class Repaired:
    """What a search has come to."""

    batches: tuple[tuple[Edit, ...], ...]
    """Edits that are applied one after the other."""
    rounds: tuple[Round, ...]
    chosen: tuple[Group, ...]
    left: tuple[Complaint, ...]

    @property
    def share(self) -> float:
        """Of the vote, in the round that was least sure."""
        return min((group.share for group in self.chosen), default=0.0)

    @property
    def concerns(self) -> tuple[str, ...]:
        """What speaks against what was chosen."""
        return tuple(dict.fromkeys(one for group in self.chosen for one in group.concerns))


def repair_all(searcher: Searcher, choose: Choose) -> Repaired:
    """The service keeps what was chosen, so that the next fault is sought on top of it."""
    service = searcher.service
    batches: list[tuple[Edit, ...]] = []
    rounds: list[Round] = []
    chosen: list[Group] = []
    while searcher.wanted and len(rounds) < ROUNDS and not searcher.limits.spent:
        found = searcher.one()
        rounds.append(found)
        groups = choose(found)
        if not groups:
            break
        chosen.append(groups[0])
        for edits in filter(None, (found.before, groups[0].best.proposal.edits)):
            service.keep(edits)
            batches.append(tuple(edits))
    left = tuple(service.complaints[index] for index in searcher.wanted)
    return Repaired(tuple(batches), tuple(rounds), tuple(chosen), left)
