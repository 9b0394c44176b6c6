"""The kind of a test chooses how it is spread."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from types import MappingProxyType
from typing import Final

from testfleet.planning.strategies.balanced import BALANCED
from testfleet.planning.strategies.bundles import Bundles, apportion
from testfleet.planning.strategies.hybrid import HYBRID
from testfleet.planning.strategies.order import ranks
from testfleet.planning.strategies.priority import PRIORITY
from testfleet.planning.strategies.resource_aware import RESOURCE_AWARE
from testfleet.planning.work import Assignment, Job, Strategy

_STRATEGIES: Final[Mapping[str, Strategy]] = MappingProxyType(
    {
        "smoke": PRIORITY,
        "integration": HYBRID,
        "contract": HYBRID,
        "browser": RESOURCE_AWARE,
        "e2e": RESOURCE_AWARE,
        "performance": RESOURCE_AWARE,
    }
)
"""Smoke tests should fail early; integration tests build on each other; what needs browsers or a
quiet machine needs the right worker. Every other kind is balanced."""


@dataclass(frozen=True)
class ByKind:
    """Shards by kind in proportion to their seconds, each kind spread by its own strategy.

    `smoke` by priority; `integration` and `contract` as hybrid; `browser`, `e2e` and `performance`
    as resource-aware; every other kind is balanced.
    """

    name: str = "test-type"
    summary: str = "the kind of each test chooses its strategy"
    by_kind: Mapping[str, Strategy] = field(default_factory=lambda: _STRATEGIES)

    def assign(self, job: Job) -> Assignment:
        """Kinds with the same strategy share shards. A bundle counts as its first unit's kind."""
        groups = self._by_strategy(Bundles.of(job))
        if len(groups) == 1:
            ((strategy, _),) = groups
            answer = strategy.assign(job)
            return replace(answer, reasons=(f"all `{strategy.name}`", *answer.reasons))
        totals = [sum(job.units[at].duration_s for at in units) for _, units in groups]
        counts = apportion(totals, len(job.weights))
        shards: list[tuple[int, ...]] = []
        profiles: list[str] = []
        reasons: list[str] = []
        for (strategy, units), count in zip(groups, counts, strict=True):
            answer = strategy.assign(_part_of(job, units, count))
            shards += [tuple(units[at] for at in shard) for shard in answer.shards]
            profiles += answer.profiles or [job.profile] * len(answer.shards)
            kinds = sorted({job.units[at].kind or "(no kind)" for at in units})
            number = len(answer.shards)
            where = f"{number} shard{'s' * (number > 1)}"
            reasons.append(f"{', '.join(kinds)}: `{strategy.name}` on {where}")
        return Assignment(_reordered(job, shards), tuple(reasons), tuple(profiles))

    def _by_strategy(self, bundles: Bundles) -> list[tuple[Strategy, list[int]]]:
        groups: defaultdict[str, list[int]] = defaultdict(list)
        chosen: dict[str, Strategy] = {}
        for members in bundles.members:
            strategy = self.by_kind.get(bundles.job.units[members[0]].kind, BALANCED)
            chosen[strategy.name] = strategy
            groups[strategy.name] += members
        if not groups:
            return [(BALANCED, [])]
        return [(chosen[name], sorted(groups[name])) for name in sorted(groups)]


def _part_of(job: Job, units: Sequence[int], count: int) -> Job:
    weights = (1.0,) * count
    return replace(job, units=[job.units[at] for at in units], weights=weights)


def _reordered(job: Job, shards: Sequence[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """The same order inside each shard, unless units of several strategies wait for each other."""
    if not any(unit.depends_on for unit in job.units):
        return tuple(shards)
    place = {at: number for shard in shards for number, at in enumerate(shard)}
    wished = sorted(chain.from_iterable(shards), key=lambda at: (place[at], at))
    rank = ranks(job.units, wished) or place
    return tuple(tuple(sorted(shard, key=rank.__getitem__)) for shard in shards)


BY_KIND = ByKind()
