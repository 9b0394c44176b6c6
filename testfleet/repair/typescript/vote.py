"""Which of the plausible proposals is the repair: a vote of what behaves alike."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from testfleet.repair.typescript.model import Tried

THRESHOLD: Final = 0.8
"""Share of the vote from which a patch is called fixed."""
_SILENCED: Final = 0.001
"""What a vote counts that only makes the compiler be quiet."""
_UNSEEN: Final = 0.25
"""Prior of the repair that nobody proposed: a patch that alone type-checks is not sure for that."""
_TYPES: Final = 4.0
"""What a vote counts that changes nothing at run time: of the development packages' cases with such
a plausible proposal, it was right in 60 of 73."""
_REFUTED: Final = 0.25
"""What is left of all other votes when failing tests have turned green."""
_SHARPNESS: Final = 4.0
"""Power of a prior in the vote: priors say how often a kind of change is right among all that are
tried, and of those that also type-check the likely ones are right far more often."""


@dataclass(frozen=True)
class Group:
    """Proposals that do the same when they run."""

    effect: str
    best: Tried
    share: float
    members: tuple[Tried, ...]

    @property
    def is_grave(self) -> bool:
        """Whether its best member only silences the compiler."""
        return self.best.proposal.is_grave

    @property
    def concerns(self) -> tuple[str, ...]:
        """What speaks against its best member."""
        return tuple(filter(None, [self.best.proposal.concern]))


def vote(tried: Sequence[Tried]) -> list[Group]:
    """Groups of proposals that remove the most complaints and add none, best share first."""
    plausible = [one for one in tried if one.check.gone and not one.check.added]
    by_effect: dict[str, list[Tried]] = defaultdict(list)
    for one in _of_one_fault(plausible):
        by_effect[one.check.effect].append(one)
    weights = {effect: max(map(_weight, ones)) for effect, ones in by_effect.items()}
    total = sum(weights.values()) + _UNSEEN**_SHARPNESS
    groups = [
        Group(effect, min(ones, key=_naturalness), weights[effect] / total, tuple(ones))
        for effect, ones in by_effect.items()
    ]
    return sorted(groups, key=lambda one: (-one.share, _naturalness(one.best)))


def _of_one_fault(plausible: Sequence[Tried]) -> list[Tried]:
    """Those that remove the same complaints: the most, and of as many the likeliest's. Repairs of
    another fault are no rivals."""
    if not plausible:
        return []
    first = max(plausible, key=lambda one: (len(one.check.gone), _weight(one)))
    return [one for one in plausible if one.check.gone == first.check.gone]


def without(groups: Sequence[Group], dropped: Sequence[Group]) -> list[Group]:
    """The groups that are left, which share the votes of those that are dropped."""
    total = 1.0 - sum(group.share for group in dropped)
    left = [group for group in groups if group not in dropped]
    return [replace(group, share=min(1.0, group.share / total)) for group in left]


def confirmed(groups: Sequence[Group]) -> list[Group]:
    """The groups when tests that failed pass with the first of them, and not with its rivals."""
    first, *others = groups
    total = first.share + (1 - first.share) * _REFUTED
    lower = [replace(group, share=group.share * _REFUTED / total) for group in others]
    return [replace(first, share=first.share / total), *lower]


def _weight(one: Tried) -> float:
    if one.proposal.is_grave:
        return float(one.proposal.prior**_SHARPNESS) * _SILENCED
    return float(one.proposal.prior**_SHARPNESS) * (_TYPES if one.check.effect == "types" else 1.0)


def _naturalness(one: Tried) -> tuple[bool, float, int, int, str]:
    """Order within a group: honest, likely, few edits, small; the text makes it total."""
    edits = one.proposal.edits
    text = "".join(f"{edit.file}:{edit.start}:{edit.text}" for edit in edits)
    return one.proposal.is_grave, -one.proposal.prior, len(edits), one.proposal.size, text
