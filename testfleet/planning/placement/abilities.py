"""What workers can do, and whether it is what tests ask for.

The texts of requirements, and how they are read, are in `placement.requirements`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from testfleet.config import Profile
from testfleet.contracts.plan import Compute

Version = tuple[int, ...]


class Kind(StrEnum):
    """How an ability is compared."""

    FLAG = "flag"
    CHOICE = "choice"
    LEVEL = "level"
    AMOUNT = "amount"
    VERSION = "version"


@dataclass(frozen=True)
class Ability:
    """One entry of the taxonomy."""

    name: str
    kind: Kind
    meaning: str
    words: tuple[str, ...] = ()
    """What follows the colon. Of a level: lowest first."""
    unit: str = ""


TAXONOMY: Final[Mapping[str, Ability]] = {
    each.name: each
    for each in (
        Ability(
            "compute",
            Kind.CHOICE,
            "where the worker lives",
            ("lambda", "fargate", "fargate-spot"),
        ),
        Ability("architecture", Kind.CHOICE, "its processor", ("x86_64", "arm64")),
        Ability("vcpu", Kind.AMOUNT, "its processors"),
        Ability("memory", Kind.AMOUNT, "its memory", unit="MB"),
        Ability("disk", Kind.AMOUNT, "its disk", unit="MB"),
        Ability("time", Kind.AMOUNT, "how long a shard may take", unit="s"),
        Ability("gpu", Kind.AMOUNT, "its graphics processors"),
        Ability(
            "browser",
            Kind.VERSION,
            "a browser that it can start",
            ("chromium", "firefox", "webkit"),
        ),
        Ability("webgpu", Kind.FLAG, "a browser of it offers WebGPU"),
        Ability("webnn", Kind.FLAG, "a browser of it offers WebNN"),
        Ability("docker", Kind.FLAG, "tests may start containers"),
        Ability(
            "network",
            Kind.LEVEL,
            "how far it can reach",
            ("none", "private", "internet"),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that a worker must have. Equal requirements are equal objects and equal texts."""

    ability: str
    """Name in the taxonomy."""
    word: str = ""
    operator: str = ""
    """Empty, `>=` or `==`."""
    value: Version | float | None = None
    """A version, or an amount in the ability's unit."""

    @property
    def subject(self) -> str:
        """What is compared: the requirement without its bound."""
        return f"{self.ability}:{self.word}" if self.word else self.ability

    def __str__(self) -> str:
        return f"{self.subject}{self.operator}{text_of(self.value)}"


@dataclass(frozen=True)
class Abilities:
    """What one worker or profile has."""

    words: frozenset[str]
    """Flags, and words as `architecture:arm64`. Levels with all levels below."""
    amounts: Mapping[str, float]
    versions: Mapping[str, Version]
    """By `browser:chromium`; the empty version where nobody knows it."""

    def meet(self, requirement: Requirement) -> bool:
        """Whether they are enough."""
        kind = TAXONOMY[requirement.ability].kind
        if kind is Kind.AMOUNT:
            return self.amounts.get(requirement.ability, 0.0) >= _number(requirement.value)
        if kind is not Kind.VERSION:
            return requirement.subject in self.words
        version = self.versions.get(requirement.subject)
        return version is not None and _version_fits(version, requirement)

    def lacking(self, requirements: Iterable[Requirement]) -> list[Requirement]:
        """The requirements that they do not meet."""
        return [each for each in requirements if not self.meet(each)]

    def shortfall(self, requirement: Requirement) -> float:
        """How far they are from meeting it: 0 when they do, 1 when they have nothing of it."""
        if self.meet(requirement):
            return 0.0
        if requirement.ability in self.amounts:
            return 1.0 - self.amounts[requirement.ability] / _number(requirement.value)
        return 0.5 if requirement.subject in self.versions else 1.0

    def describe(self, requirement: Requirement) -> str:
        """What they have of what is asked for, for a person: `memory is 4096`."""
        if requirement.ability in self.amounts:
            return f"{requirement.ability} is {text_of(self.amounts[requirement.ability])}"
        if requirement.subject in self.versions:
            version = text_of(self.versions[requirement.subject]) or "unknown"
            return f"the version of {requirement.subject} is {version}"
        prefix = f"{requirement.ability}:"
        has = [word for word in sorted(self.words) if word.startswith(prefix)]
        return f"it has {', '.join(has)}" if has else f"it has no {requirement.subject}"


def _number(value: Version | float | None) -> float:
    return value if isinstance(value, float) else math.inf


def _version_fits(version: Version, requirement: Requirement) -> bool:
    wanted = requirement.value
    if not isinstance(wanted, tuple):
        return True
    if requirement.operator == "==":
        return version[: len(wanted)] == wanted
    return version >= wanted  # the empty, unknown version is less than any


def text_of(value: Version | float | None) -> str:
    """A version or an amount as it is written; empty for none."""
    if isinstance(value, tuple):
        return ".".join(str(part) for part in value)
    return "" if value is None else f"{value:.10g}"


def abilities_of(profile: Profile) -> Abilities:
    """What a profile promises of its workers."""
    spot = profile.compute is Compute.FARGATE and profile.spot
    flags = {name for name in ("docker", "webgpu", "webnn") if getattr(profile, name)}
    return Abilities(
        words=frozenset(
            {
                f"compute:{profile.compute.value}{'-spot' * spot}",
                f"architecture:{profile.architecture}",
                *_levels_up_to("network", profile.network),
                *flags,
            }
        ),
        amounts={
            "vcpu": profile.vcpu,
            "memory": float(profile.memory_mb),
            "disk": float(profile.disk_mb),
            "time": float(profile.time_limit_s),
            "gpu": float(profile.gpus),
        },
        versions={
            f"browser:{name}": tuple(int(part) for part in version.split(".") if part)
            for name, version in profile.browsers.items()
        },
    )


def _levels_up_to(ability: str, word: str) -> frozenset[str]:
    words = TAXONOMY[ability].words
    return frozenset(f"{ability}:{each}" for each in words[: words.index(word) + 1])
