"""From plausible patches to groups with their share of the vote."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Final, TypeAlias

from testfleet.repair.consensus.behaviour import (
    Reply,
    Scene,
    behaviours,
    failures,
    kinds_of,
    replies_of,
)
from testfleet.repair.consensus.concerns import Concern, concerns_of, raised_by
from testfleet.repair.consensus.vote import Group, Opinion, own_weight, vote
from testfleet.repair.search import Repair

MOST_HEARD: Final = 30
"""Patches that are compared, the likeliest first."""
Judged: TypeAlias = tuple[Repair, list[Concern], float]
"""A patch, what speaks against it, its weight."""


def decide(
    scene: Scene, repairs: Sequence[Repair], tests: Sequence[str], test_texts: Sequence[str]
) -> list[Group]:
    """Groups of patches that behave alike, the largest share first."""
    judged = [(repair, _concerns(scene, repair, test_texts)) for repair in repairs]
    weighed = [(repair, found, _weight(repair, found)) for repair, found in judged]
    weighed.sort(key=lambda each: (-each[2], each[0].order))
    heard = weighed[:MOST_HEARD]
    replies = replies_of(scene, [repair for repair, _, _ in heard], tests)
    heard = [
        _heard(each, row, replies.before) for each, row in zip(heard, replies.rows, strict=False)
    ]
    weights = [weight for _, _, weight in heard]
    opinions = [
        Opinion(
            repair=repair,
            weight=weight,
            behaviour=behaviour,
            concerns=tuple(dict.fromkeys(concern.text for concern in found)),
            grave=any(concern.grave for concern in found),
            kinds=kinds_of(row),
        )
        for (repair, found, weight), behaviour, row in zip(
            heard, behaviours(replies.rows, weights), replies.rows, strict=True
        )
    ]
    return vote(opinions)


def _heard(judged: Judged, row: Sequence[Reply], before: Sequence[Reply]) -> Judged:
    """The patch, with what its replies say against it."""
    repair, found, weight = judged
    raised = raised_by(repair.texts)
    new = sorted(name for name in failures(row, before) if name not in raised)
    if not new:
        return judged
    concern = Concern(f"{new[0]} where the program returned a value before", 0.3)
    return repair, [*found, concern], weight * concern.factor


def _concerns(scene: Scene, repair: Repair, test_texts: Sequence[str]) -> list[Concern]:
    old = {path: scene.sources[path].text for path in repair.texts}
    return concerns_of(old, repair.texts, test_texts)


def _weight(repair: Repair, found: Sequence[Concern]) -> float:
    return own_weight(repair) * prod(concern.factor for concern in found)
