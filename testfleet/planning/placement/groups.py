"""Profiles and groups of them as a whole: what they can do, how many, how good, how dear."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from testfleet.config import Environment
from testfleet.contracts.placement import ProfileRecord
from testfleet.planning.placement.abilities import (
    TAXONOMY,
    Kind,
    Requirement,
    abilities_of,
    text_of,
)
from testfleet.planning.placement.learning import success_of
from testfleet.planning.placement.score import Experience

_HOUR_S = 3600.0


@dataclass(frozen=True)
class Metrics:
    """One profile, or the profiles of one group together."""

    name: str
    profiles: tuple[str, ...]
    workers: int
    """That run at the same time, whichever of the profiles they are on."""
    vcpu: tuple[float, float]
    """Least and most of one worker, as all pairs here."""
    memory_mb: tuple[int, int]
    usd_per_hour: tuple[float, float]
    success: float
    """Chance that a worker finishes what it began."""
    shards_seen: float
    """Past shards that this chance rests on, older ones counting less. 0: it is assumed."""
    abilities: tuple[str, ...]
    """What every worker of it has, without amounts."""
    lacking: Mapping[str, tuple[str, ...]]
    """By profile: what it lacks of what was asked for."""


def profile_metrics(
    environment: Environment, asked: Sequence[Requirement], known: Experience
) -> tuple[Metrics, ...]:
    """Of every profile, in the order of the file."""
    return tuple(
        _metrics(name, (name,), environment, asked, known) for name in environment.profiles
    )


def group_metrics(
    environment: Environment, asked: Sequence[Requirement], known: Experience
) -> tuple[Metrics, ...]:
    """Of every group, in the order of the file."""
    return tuple(
        _metrics(name, group.profiles, environment, asked, known)
        for name, group in environment.groups.items()
    )


def _metrics(
    name: str,
    members: tuple[str, ...],
    environment: Environment,
    asked: Sequence[Requirement],
    known: Experience,
) -> Metrics:
    profiles = {each: environment.profiles[each] for each in members}
    abilities = {each: abilities_of(profile) for each, profile in profiles.items()}
    together = _together([known.record(each) for each in members])
    prices = [known.usd(profile, _HOUR_S) for profile in profiles.values()]
    cores = [profile.vcpu for profile in profiles.values()]
    sizes = [profile.memory_mb for profile in profiles.values()]
    words = [
        each.words
        | {f"{browser} {text_of(found)}".strip() for browser, found in each.versions.items()}
        for each in abilities.values()
    ]
    return Metrics(
        name=name,
        profiles=members,
        workers=environment.fleet.workers,
        vcpu=(min(cores), max(cores)),
        memory_mb=(min(sizes), max(sizes)),
        usd_per_hour=(min(prices), max(prices)),
        success=success_of(together),
        shards_seen=together.finished + together.lost,
        abilities=tuple(sorted(_told(frozenset.intersection(*words)))),
        lacking={
            each: tuple(str(one) for one in has.lacking(asked)) for each, has in abilities.items()
        },
    )


def _told(words: frozenset[str]) -> frozenset[str]:
    """Of a level only the highest: the others go without saying."""
    levels = [each for each in TAXONOMY.values() if each.kind is Kind.LEVEL]
    lower = {
        f"{level.name}:{word}"
        for level in levels
        for word, above in pairwise(level.words)
        if f"{level.name}:{above}" in words
    }
    return words - lower


def _together(records: Sequence[ProfileRecord]) -> ProfileRecord:
    return ProfileRecord(
        finished=sum(record.finished for record in records),
        lost=sum(record.lost for record in records),
    )
