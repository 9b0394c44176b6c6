"""The vote: patches that behave alike are one group, and a group's share decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.repair.search import Repair

THRESHOLD: Final = 0.8
"""Share of the vote from which on a patch is called a fix."""
COMPANY: Final = 0.12
"""What each further member adds to a group: a different way to the same behaviour is evidence,
but ten ways to write one comparison are not ten witnesses."""
MOST_COMPANY: Final = 0.6
SHARPNESS: Final = 2.0
"""Power of a group's weight relative to the largest. By the plausible patches of the development
bugs, one that is twice as likely by itself is right more than twice as often."""
UNSEEN: Final = 0.003
"""Weight of the patch that nobody has proposed. It matters where all others are unlikely ones."""
USUAL_SIZE: Final = 40
"""Characters; an edit of that size counts half of one of none."""


@dataclass(frozen=True)
class Opinion:
    """A patch, how likely it is to be right by itself, and what it does."""

    repair: Repair
    weight: float
    behaviour: tuple[str, ...]
    concerns: tuple[str, ...] = ()
    grave: bool = False
    """A concern forbids that it is called a fix."""
    kinds: int = 0
    """Types of values that it makes functions return."""


@dataclass(frozen=True)
class Group:
    """Patches that behave alike, the most natural first."""

    members: tuple[Opinion, ...]
    share: float

    @property
    def best(self) -> Opinion:
        """The one that stands for the group."""
        return self.members[0]


def vote(opinions: Sequence[Opinion]) -> list[Group]:
    """Groups by their share of the vote, largest first."""
    groups: dict[tuple[str, ...], list[Opinion]] = {}
    for opinion in opinions:
        groups.setdefault(opinion.behaviour, []).append(opinion)
    weights = {behaviour: _weight(members) for behaviour, members in groups.items()}
    weights = _sharpened(weights)
    total = sum(weights.values()) + UNSEEN
    found = [
        Group(tuple(sorted(members, key=_unnatural)), weights[behaviour] / total)
        for behaviour, members in groups.items()
    ]
    return sorted(found, key=lambda group: (-group.share, group.best.repair.order))


def own_weight(repair: Repair) -> float:
    """How likely a patch is to be right before anyone else is heard."""
    candidate = repair.candidate
    size = sum(edit.end - edit.start + len(edit.text) for edit in candidate.edits)
    smallness = USUAL_SIZE / (USUAL_SIZE + size)
    return max(1e-6, candidate.suspiciousness * candidate.prior) * smallness


def _sharpened(weights: Mapping[tuple[str, ...], float]) -> dict[tuple[str, ...], float]:
    most = max(weights.values(), default=1.0)
    return {key: most * (weight / most) ** SHARPNESS for key, weight in weights.items()}


def _weight(members: Sequence[Opinion]) -> float:
    best = max(member.weight for member in members)
    return best * (1 + min(MOST_COMPANY, COMPANY * (len(members) - 1)))


def _unnatural(opinion: Opinion) -> tuple[bool, int, float, int]:
    return opinion.grave, opinion.kinds, -opinion.weight, opinion.repair.order
