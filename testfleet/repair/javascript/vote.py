"""Which of the patches that turn the tests green is the repair."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.repair.javascript.writer import Draft

THRESHOLD: Final = 0.8
"""Share of the vote from which a patch is called fixed."""
_SHARPNESS: Final = 2.0
"""Power of a prior in the vote."""
_UNSEEN: Final = 0.04
"""Prior of the repair that nobody proposed."""
_FACTORS: Final = {
    "remove-statement": 0.4,
    "drop-condition": 0.4,
    "early-return": 0.5,
    "optional-chain": 0.8,
}
"""What is left of kinds that fit tests by taking behaviour away."""


@dataclass(frozen=True)
class Plausible:
    """A patch that turns failing tests green and breaks none of their files' others."""

    draft: Draft
    passed: frozenset[str]
    effect: str
    """Of its JavaScript, and with what is known of its behaviour."""

    @property
    def weight(self) -> float:
        """Of its vote."""
        prior = self.draft.proposal.prior * _FACTORS.get(self.draft.proposal.template, 1.0)
        return float(prior**_SHARPNESS)


@dataclass(frozen=True)
class Group:
    """Patches that behave alike, the most natural first."""

    members: tuple[Plausible, ...]
    share: float

    @property
    def best(self) -> Plausible:
        """The one that stands for all."""
        return self.members[0]


def vote(plausible: Sequence[Plausible], behaviour: Mapping[str, str]) -> list[Group]:
    """Groups by behaviour, best share first. `behaviour` is told by effect; what has none is a
    group of its own."""
    groups: dict[str, list[Plausible]] = defaultdict(list)
    for one in plausible:
        groups[behaviour.get(one.effect) or one.effect].append(one)
    weights = {key: max(one.weight for one in ones) for key, ones in groups.items()}
    total = sum(weights.values()) + _UNSEEN**_SHARPNESS
    found = [
        Group(tuple(sorted(ones, key=_naturalness)), weights[key] / total)
        for key, ones in groups.items()
    ]
    return sorted(found, key=lambda one: (-one.share, _naturalness(one.best)))


def _naturalness(one: Plausible) -> tuple[float, int, int, str]:
    proposal = one.draft.proposal
    text = "".join(f"{edit.file}:{edit.start}:{edit.text}" for edit in proposal.edits)
    return -one.weight, len(proposal.edits), proposal.size, text


def without_first(groups: Sequence[Group]) -> list[Group]:
    """The groups without the first, which was refuted; the others share its vote."""
    rest = groups[1:]
    left = 1.0 - groups[0].share
    return [Group(one.members, min(1.0, one.share / left)) for one in rest] if left > 0 else []
