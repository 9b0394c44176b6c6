"""Units into shards: how many by the limits of the run, which together by its strategy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Literal

from testfleet.config import Profile
from testfleet.contracts.plan import PlannedUnit
from testfleet.errors import UsageError
from testfleet.planning.placement.place import Place
from testfleet.planning.sharding.batching import (
    CostModel,
    Limits,
    judged,
    limited_count,
    measured_startup_s,
)
from testfleet.planning.sharding.outliving import rehoused
from testfleet.planning.sharding.portions import Grouping, Portion
from testfleet.planning.sharding.shard_count import ShardCount, count_for, given_count
from testfleet.planning.sharding.workload import Workload
from testfleet.planning.strategies import DEFAULT, assign, strategy_named
from testfleet.planning.strategies.bundles import apportion
from testfleet.planning.work import Assignment, Job

_TOO_LONG: Final = 3
"""Units that a message names."""


@dataclass(frozen=True)
class Group:
    """Units of one shard, in the order in which they run."""

    profile: str
    units: Sequence[PlannedUnit]


def grouped(
    portions: Sequence[Portion], place: Place, shards: int | Literal["auto"], grouping: Grouping
) -> tuple[list[Group], list[str]]:
    """Shards of all portions, none empty, and the reasons.

    Portions that are not `alone` share the workers, or the number of shards asked for, by their
    seconds. Raises UsageError for an unknown strategy, and for a deadline before the longest unit
    can end.
    """
    _check_deadline(portions, place, grouping)
    groups = [
        Group(portion.profile, bundle.planned)
        for portion in portions
        if portion.alone
        for bundle in portion.bundles
    ]
    spread = [portion for portion in portions if not portion.alone]
    total_s = sum(portion.total_s for portion in spread)
    wanted = place.fleet.workers if shards == "auto" else shards
    reasons: list[str] = []
    counts = apportion([portion.total_s for portion in spread], wanted)
    for portion, count in zip(spread, counts, strict=True):
        part = _Part(portion, place, grouping, portion.total_s / total_s)
        if shards == "auto":
            found, why = part.shards(part.automatic(count))
        else:
            of = shards if len(portions) > 1 else None
            found, why = part.housed(*part.shards(part.given(count, of)))
        groups += found
        reasons += why
    return groups, [*_recounted(portions, len(groups), shards), *reasons]


def _recounted(portions: Sequence[Portion], count: int, asked: int | Literal["auto"]) -> list[str]:
    """Of several portions no reason says what has become of the number that was asked for."""
    if len(portions) < 2 or asked in ("auto", count):  # noqa: PLR2004 (one portion says it itself)
        return []
    alone = sum(len(portion.bundles) for portion in portions if portion.alone)
    return [
        f"{count} shards planned, {asked} asked for: units run on profiles of their own"
        + (f", {alone} of them a shard each" if alone else "")
    ]


def _check_deadline(portions: Sequence[Portion], place: Place, grouping: Grouping) -> None:
    deadline_s = grouping.objectives.deadline_s
    if deadline_s is None:
        return
    ends = [
        (unit.predicted_s + place.profiles[portion.profile].startup_s, unit.id)
        for portion in portions
        for bundle in portion.bundles
        for unit in bundle.planned
        if unit.known and unit.predicted_s > deadline_s
    ]
    if ends:
        longest = sorted(ends, reverse=True)
        names = ", ".join(name for _, name in longest[:_TOO_LONG])
        raise UsageError(
            f"a deadline of {deadline_s:g} s cannot be met: {len(ends)} unit{'s' * (len(ends) > 1)}"
            f" alone take longer, {names}; the soonest possible end is after {longest[0][0]:.1f} s",
            hint="allow more time, or split the file",
        )


@dataclass(frozen=True)
class _Part:
    """One portion, and what it may use."""

    portion: Portion
    place: Place
    grouping: Grouping
    share: float
    """Of the seconds of all portions."""

    def automatic(self, workers: int) -> ShardCount:
        """The number of shards that the limits allow or, without any, that is worth its starts."""
        fleet = self.place.fleet.model_copy(update={"workers": workers})
        place = replace(self.place, fleet=fleet)
        limits = self._limits()
        if limits:
            return limited_count(self._model(place), limits)
        return count_for(self._workload(place, self.grouping.startup_s))

    def given(self, count: int, of: int | None) -> ShardCount:
        """The number of shards that was asked for, or its share of it, as far as possible."""
        number = given_count(self._workload(self.place, self.grouping.startup_s), count, of)
        limits = self._limits()
        return judged(self._model(self.place), limits, number) if limits else number

    def shards(self, count: ShardCount) -> tuple[list[Group], list[str]]:
        """The portion in that many shards, as the strategy deals it out."""
        job = self._job(count)
        answer = assign(strategy_named(self.grouping.objectives.strategy), job)
        units = [unit for bundle in self.portion.bundles for unit in bundle.planned]
        groups = [
            Group(
                answer.profiles[at] if answer.profiles else self.portion.profile,
                [units[member] for member in shard],
            )
            for at, shard in enumerate(answer.shards)
            if shard
        ]
        return groups, [count.reason, *self._told(answer)]

    def housed(
        self, groups: Sequence[Group], reasons: Sequence[str]
    ) -> tuple[list[Group], list[str]]:
        """The same, where no worker is to hold more than it can if another profile can."""
        work = {
            planned.id: unit
            for bundle in self.portion.bundles
            for planned, unit in zip(bundle.planned, bundle.work, strict=True)
        }
        profiles, why = rehoused(
            [[work[unit.id] for unit in group.units] for group in groups],
            [group.profile for group in groups],
            self.place,
        )
        moved = [replace(group, profile=name) for group, name in zip(groups, profiles, strict=True)]
        return moved, [*reasons, *why]

    def _model(self, place: Place) -> CostModel:
        """What limits are held against: with starts as they were measured. Without limits the
        configured start decides, because imports are in what is measured, and more shards save some
        of them."""
        profile = place.profiles[self.portion.profile]
        beside_s = [shard.beside_s for shard in self.grouping.past]
        startup_s = self.grouping.startup_s
        if startup_s is None:
            startup_s = max(profile.startup_s, measured_startup_s(profile.startup_s, beside_s))
        known = self.grouping.known
        usd = None if known is None else partial(known.usd, profile)
        return CostModel(self._workload(place, startup_s), usd)

    def _workload(self, place: Place, startup_s: float | None) -> Workload:
        return Workload.of(self._wholes(), place, self.portion.profile, startup_s)

    def _told(self, answer: Assignment) -> tuple[str, ...]:
        name = self.grouping.objectives.strategy
        return tuple(f"{name}: {reason}" for reason in answer.reasons if name != DEFAULT)

    def _limits(self) -> Limits:
        objectives = self.grouping.objectives
        max_usd = None if objectives.max_usd is None else objectives.max_usd * self.share
        return Limits(objectives.deadline_s, max_usd)

    def _job(self, count: ShardCount) -> Job:
        name = self.portion.profile
        objectives = self.grouping.objectives
        startup_s = self.grouping.startup_s
        return Job(
            units=[unit for bundle in self.portion.bundles for unit in bundle.work],
            weights=count.weights,
            workers=self.place.fleet.workers,
            profile=name,
            profiles=self._reachable(),
            overhead_s=self.place.profiles[name].startup_s if startup_s is None else startup_s,
            deadline_s=objectives.deadline_s,
            max_usd=objectives.max_usd,
            shares=self.grouping.shares,
            past=self.grouping.past,
        )

    def _reachable(self) -> Mapping[str, Profile]:
        """Profiles that a strategy may move units to."""
        place = self.place
        if not place.is_bound:
            return place.profiles
        return {name: place.profiles[name] for name in (*place.choices, self.portion.profile)}

    def _wholes(self) -> list[PlannedUnit]:
        return [bundle.planned_whole for bundle in self.portion.bundles]
