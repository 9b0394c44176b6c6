"""From plausible patches to groups with their share of the vote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from testfleet.repair.baseline import Baseline
from testfleet.repair.consensus.vote import Group, Opinion, own_weight, vote
from testfleet.repair.search import Repair
from testfleet.repair.sources import Source
from testfleet.repair.validate.server import ForkServer


@dataclass(frozen=True)
class Scene:
    """Where patches are compared."""

    server: ForkServer
    baseline: Baseline
    sources: Mapping[str, Source]
    test_files: frozenset[str]
    base: Mapping[str, bytes]


def decide(scene: Scene, repairs: Sequence[Repair], tests: Sequence[str]) -> list[Group]:
    """Groups of patches that behave alike, the largest share first."""
    return vote(
        [Opinion(repair, own_weight(repair), (str(at),)) for at, repair in enumerate(repairs)]
    )
