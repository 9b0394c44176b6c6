"""Units go where a worker has what they need, and the hungry ones not all to the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.config import Profile
from testfleet.planning.partition.balance import partition
from testfleet.planning.strategies.bundles import Bundles, apportion, handed_out_longest_first
from testfleet.planning.strategies.profiles import Needs, ProfileChoice
from testfleet.planning.work import Assignment, Job

_HUNGRY: Final = 0.25
"""From this share of a worker's memory on, a unit's memory counts beside its seconds."""
_WORTH_A_SHARD: Final = 0.5
"""Units with the same needs get shards of their own from this share of a usual shard on."""


@dataclass(frozen=True)
class ResourceAware:
    """Vector packing by the largest share, with shards reserved for what few profiles have.

    Every unit is assigned to the job's profile if that meets its needs, else to the smallest one
    that does. Each profile gets shards by the seconds of its units (reservation); units with the
    same needs share shards if they fill one (affinity), because what they need is then set up
    less often. Within a profile the size of a unit is the larger of its share of the seconds and
    its share of a worker's memory, as in R. Panigrahy, K. Talwar, L. Uyeda, U. Wieder, "Heuristics
    for vector bin packing", Microsoft Research 2011: a process that has run two hungry units gives
    back little of what they took.
    """

    name: str = "resource-aware"
    summary: str = "units on workers that have what they need, hungry ones apart"

    def assign(self, job: Job) -> Assignment:
        """More shards than asked for only where there are more profiles needed than shards.

        Raises UsageError for units that no profile can run: with the nearest one, and what it
        lacks.
        """
        bundles = Bundles.of(job)
        groups = _by_needs(bundles)
        totals = [sum(bundles.seconds[at] for at in group.bundles) for group in groups]
        shards: list[list[int]] = []
        profiles: list[str] = []
        for group, count in zip(groups, apportion(totals, len(job.weights)), strict=True):
            parts = _packed(bundles, group, job, count)
            shards += parts
            profiles += [group.profile] * len(parts)
        assignment = Assignment(bundles.arranged(shards), _reasons(job, profiles), tuple(profiles))
        return handed_out_longest_first(job, assignment)


@dataclass(frozen=True)
class _Group:
    """Bundles for the same workers."""

    profile: str
    bundles: Sequence[int]


def _by_needs(bundles: Bundles) -> list[_Group]:
    job = bundles.job
    choice = ProfileChoice(job.profiles, job.profile)
    found: defaultdict[tuple[str, frozenset[str]], list[int]] = defaultdict(list)
    for at, members in enumerate(bundles.members):
        if len(members) == 1:
            unit = job.units[members[0]]
            needs = Needs(unit.requires, unit.memory_mb, unit.id)
        else:
            needs = Needs.of(bundles.units_of(at))
        found[choice.profile_for(needs), needs.requires].append(at)
    shard_s = sum(bundles.seconds) / len(job.weights)
    return _with_enough(bundles, found, _WORTH_A_SHARD * shard_s)


def _with_enough(
    bundles: Bundles, found: Mapping[tuple[str, frozenset[str]], list[int]], enough_s: float
) -> list[_Group]:
    """Groups of the same needs that fill shards; of the others one group a profile."""
    groups: list[_Group] = []
    rest: defaultdict[str, list[int]] = defaultdict(list)
    for (profile, requires), members in found.items():
        if requires and sum(bundles.seconds[at] for at in members) >= enough_s:
            groups.append(_Group(profile, members))
        else:
            rest[profile] += members
    groups += [_Group(profile, sorted(members)) for profile, members in rest.items()]
    room = max(len(bundles.job.weights), len({group.profile for group in groups}))
    return groups if len(groups) <= room else _one_each(groups)


def _one_each(groups: Sequence[_Group]) -> list[_Group]:
    merged: defaultdict[str, list[int]] = defaultdict(list)
    for group in groups:
        merged[group.profile] += group.bundles
    return [_Group(profile, sorted(members)) for profile, members in merged.items()]


def _packed(bundles: Bundles, group: _Group, job: Job, count: int) -> list[list[int]]:
    shard_s = sum(bundles.seconds[at] for at in group.bundles) / count
    sizes = [bundles.seconds[at] / shard_s for at in group.bundles]
    profile: Profile | None = job.profiles.get(group.profile)
    if profile is not None:
        for place, at in enumerate(group.bundles):
            share = max(job.units[each].memory_mb for each in bundles.members[at])
            share /= profile.memory_mb
            if share >= _HUNGRY:
                sizes[place] = max(sizes[place], share)
    # The job's own weights, falling for guessed durations, hold where all shards are alike.
    weights = job.weights if count == len(job.weights) else (1.0,) * count
    return [[group.bundles[at] for at in part] for part in partition(sizes, weights)]


def _reasons(job: Job, profiles: Sequence[str]) -> tuple[str, ...]:
    if set(profiles) <= {job.profile}:
        return (f"profile `{job.profile}` has what every unit needs",)
    counts = {name: profiles.count(name) for name in sorted(set(profiles))}
    return tuple(f"{count} shard{'s' * (count > 1)} on `{name}`" for name, count in counts.items())


RESOURCE_AWARE = ResourceAware()
