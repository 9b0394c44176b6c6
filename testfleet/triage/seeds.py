"""Lines of a log that may be its failure, and how strongly each says so."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.failure import Cause, Domain
from testfleet.triage.scene import Scene
from testfleet.triage.signs import Kind

PLAIN_STATEMENT: Final = 5.0
"""Weight of a signature that needs no `error` before it."""
_LEAST: Final = 2.0
_WEIGHED: Final = 400
"""Lines that are compared with the catalogue."""
_APART: Final = 20
"""Lines between two parts of a log."""
_OF_ONE_PART: Final = 60
_BEGINNING: Final = 24
_STRENGTH: Final = {
    Kind.HARD: 3.0,
    Kind.SOFT: 0.5,
    Kind.WARNING: -4.5,
    Kind.BENIGN: -4.0,
    Kind.RECOVERED: -4.0,
    Kind.CONSEQUENCE: -2.0,
}
_SPECIAL: Final = frozenset({Domain.TYPESCRIPT, Domain.REACT, Domain.TEST})
"""Domains whose messages stand in no log of a machine that is merely unwell."""
_LOUD: Final = frozenset({Kind.HARD, Kind.SOFT})
_QUIET: Final = 5.0
"""What a message counts at most where the line itself says that it is a warning."""
_VARIABLE = re.compile(r"\d+")


@dataclass(frozen=True)
class Seed:
    """A line that may be the failure."""

    at: int
    """Its index among the lines of the log."""
    strength: float
    cause: Cause | None
    special: bool
    """Whether its message belongs to a compiler, to React or to a test runner."""


def find_seeds(scene: Scene) -> list[Seed]:
    """Lines that may be a failure, in order: the strong ones, or all if there is none."""
    seeds = all_seeds(scene)
    least = _LEAST if any(seed.strength >= _LEAST for seed in seeds) else -math.inf
    return [seed for seed in seeds if seed.strength >= least]


def all_seeds(scene: Scene, may_be: Callable[[int], bool] | None = None) -> list[Seed]:
    """Every line that may be a failure, in order.

    With `may_be` those of which it says so, and among them also lines that tell what followed.
    """
    kinds = _STRENGTH.keys() - (set() if may_be else {Kind.CONSEQUENCE})
    places: dict[str, list[int]] = {}
    for at, kind in scene.suspects.items():
        if kind in kinds:
            places.setdefault(_shape(scene.lines[at]), []).append(at)
    said = {at: count for found in places.values() for at, count in _counted(found)}
    wanted = sorted(said)
    if len(wanted) > _WEIGHED:
        hard = [at for at in wanted if scene.kind(at) is Kind.HARD]
        wanted = sorted({*hard[:100], *hard[-200:], *wanted[-100:]})
    return [_seed(at, said[at], scene) for at in wanted if may_be is None or may_be(at)]


def _counted(places: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Places of one message, each with how many parts of the log have it.

    What is said all over a log is no news: its first and last parts are enough.
    """
    parts = [[places[0]]]
    for at in places[1:]:
        if at - parts[-1][-1] <= _APART:
            parts[-1].append(at)
        else:
            parts.append([at])
    kept = parts if len(parts) <= 4 else [*parts[:2], *parts[-2:]]  # noqa: PLR2004
    yield from ((at, len(parts)) for part in kept for at in part[:_OF_ONE_PART])


def seed_at(at: int, scene: Scene) -> Seed:
    """A line as a seed, whether or not it has a sign of trouble."""
    return _seed(at, 1, scene)


def _seed(at: int, said: int, scene: Scene) -> Seed:
    found = sorted(scene.rules.matches(scene.lines[at]), key=lambda one: -one.weight)
    signatures = [one for one in found if not one.harmless]
    known = signatures[0].weight if signatures else 0.0
    kind = scene.suspects.get(at, Kind.SOFT)
    special = any(one.domain in _SPECIAL for one in signatures)
    if kind is Kind.SOFT and known >= PLAIN_STATEMENT:
        strength = known + 2.0
    elif kind is Kind.WARNING and any(one.domain is Domain.REACT for one in signatures):
        strength = known - 1.5  # React reports as a warning what fails
    else:
        strength = (known if kind in _LOUD else min(known, _QUIET)) + _STRENGTH[kind]
    strength += 1.5 * (special and kind in _LOUD) - 6.0 * (len(signatures) < len(found))
    cause = next((one.cause for one in signatures if one.cause), None)
    return Seed(at, strength - min(4.0, 1.2 * math.log2(said)), cause, special)


def _shape(line: str) -> str:
    """How the line begins, without what differs when it is said again."""
    return _VARIABLE.sub("0", line.strip()[:_BEGINNING])
