"""The lines of a log that are the failure.

Lines that look like trouble are found, and each is weighed: what the catalogue knows about it,
less what stands against it (a warning, a retry that went well, output of a test that passed).
Neighbours are joined into blocks. A block counts for its best lines and for where it stands:
shortly before the step ended with an error, late in the log. What follows from a failure (`exit
code 1`) is no block.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from testfleet.contracts.failure import Cause, Domain, EvidenceLine
from testfleet.triage.rules import Rules, Signature, load_rules
from testfleet.triage.signs import Kind, kind_of, suspicious
from testfleet.triage.text import Log

MAX_LINES: Final = 60
"""Lines of evidence that are given."""
_SHORT: Final = 30
"""A text of so many lines is the failure itself, unless it says otherwise."""
_GAP: Final = 4
_UP: Final = 10
_DOWN: Final = 25
_WEIGHED: Final = 400
"""Suspicious lines that are compared with the catalogue."""
_NEAR_THE_END: Final = 30


@dataclass(frozen=True)
class WeighedLine:
    """One line of the failure."""

    number: int
    """Of the input, from 1."""
    text: str
    weight: float
    """How much it counts, from 0 to 1: a warning beside an error counts little."""
    signatures: tuple[Signature, ...]

    def evidence(self) -> EvidenceLine:
        """As it is reported."""
        return EvidenceLine(line=self.number, text=self.text)


@dataclass(frozen=True)
class _Seed:
    at: int
    strength: float
    cause: Cause | None


@dataclass(frozen=True)
class _Scene:
    """A log, and what its lines are."""

    lines: Sequence[str]
    rules: Rules

    @cached_property
    def suspects(self) -> Mapping[int, Kind]:
        """Lines with a sign of trouble, in order. A sign alone makes a line `SOFT`."""
        found = suspicious(self.lines, self.rules.telling)
        return {at: kind_of(self.lines[at]) or Kind.SOFT for at in found}

    def kind(self, at: int) -> Kind | None:
        """What a line is; None also where there is none."""
        if at in self.suspects:
            return self.suspects[at]
        return kind_of(self.lines[at]) if 0 <= at < len(self.lines) else None


def extract(log: Log, rules: Rules | None = None) -> tuple[WeighedLine, ...]:
    """The lines of the failure, in order. Empty if nothing in the log looks like one."""
    rules = rules or load_rules()
    filled = [at for at, line in enumerate(log.lines) if line.strip()]
    if not filled:
        return ()
    scene = _Scene(log.lines, rules)
    if len(filled) <= _SHORT and not any(scene.kind(at) is Kind.PASSED for at in filled):
        return _weigh(log, filled, scene)
    start, end = _decisive(scene)
    inside = range(start, min(end, start + MAX_LINES))
    return _weigh(log, [at for at in inside if log.lines[at].strip()], scene)


def _weigh(log: Log, indices: Sequence[int], scene: _Scene) -> tuple[WeighedLine, ...]:
    hard = any(scene.kind(at) is Kind.HARD and not _recovered_soon(at, scene) for at in indices)
    return tuple(
        WeighedLine(
            log.numbers[at],
            log.lines[at],
            _share(at, scene, beside_hard=hard),
            tuple(one for one in scene.rules.matches(log.lines[at]) if not one.harmless),
        )
        for at in indices
    )


def _share(at: int, scene: _Scene, *, beside_hard: bool) -> float:
    """How much a line counts within its block."""
    kind = scene.kind(at)
    if kind in (Kind.CONSEQUENCE, Kind.PASSED, Kind.BENIGN) and beside_hard:
        return 0.1
    if beside_hard and (kind is Kind.RECOVERED or _recovered_soon(at, scene)):
        return 0.1
    if kind in (Kind.RECOVERED, Kind.WARNING, Kind.CONSEQUENCE, Kind.PASSED, Kind.BENIGN):
        return 0.4 if beside_hard else 0.9
    return 1.0


def _recovered_soon(at: int, scene: _Scene) -> bool:
    return scene.kind(at + 1) is Kind.RECOVERED


# ------------------------------------------------------------------ where the failure stands


def _decisive(scene: _Scene) -> tuple[int, int]:
    """Start and end of the block that counts most; nothing if there is none."""
    seeds = _seeds(scene)
    if not seeds:
        return 0, 0
    ends = sorted(at for at, kind in scene.suspects.items() if kind is Kind.CONSEQUENCE)
    groups = _groups(seeds, scene)
    best = max(groups, key=lambda group: _score(group, scene, ends))
    return _grown(best[0].at, best[-1].at, scene)


_STRENGTH: Final = {
    Kind.HARD: 3.0,
    Kind.SOFT: 0.5,
    Kind.WARNING: -4.5,
    Kind.BENIGN: -4.0,
    Kind.RECOVERED: -4.0,
}
_PLAIN_STATEMENT: Final = 5.0
"""Weight of a signature that needs no `error` before it."""
_LEAST: Final = 2.0


def _seeds(scene: _Scene) -> list[_Seed]:
    """Lines that may be a failure."""
    places: dict[str, list[int]] = {}
    for at, kind in scene.suspects.items():
        if kind in _STRENGTH:
            places.setdefault(_shape(scene.lines[at]), []).append(at)
    # What is said a hundred times over the log is no news: its first and last place are enough.
    often = {at: len(found) for found in places.values() for at in {*found[:2], *found[-2:]}}
    wanted = sorted(often)
    if len(wanted) > _WEIGHED:
        hard = [at for at in wanted if scene.kind(at) is Kind.HARD]
        wanted = sorted({*hard[:100], *hard[-200:], *wanted[-100:]})
    seeds = [_seed(at, often[at], scene) for at in wanted]
    least = _LEAST if any(seed.strength >= _LEAST for seed in seeds) else -math.inf
    return [seed for seed in seeds if seed.strength >= least]


def _seed(at: int, said: int, scene: _Scene) -> _Seed:
    found = sorted(scene.rules.matches(scene.lines[at]), key=lambda one: -one.weight)
    signatures = [one for one in found if not one.harmless]
    known = signatures[0].weight if signatures else 0.0
    kind = scene.suspects[at]
    special = any(one.domain in _SPECIAL for one in signatures)
    if kind is Kind.SOFT and known >= _PLAIN_STATEMENT:
        strength = known + 2.0
    elif kind is Kind.WARNING and any(one.domain is Domain.REACT for one in signatures):
        strength = known - 1.5  # React reports as a warning what fails
    else:
        strength = known + _STRENGTH[kind]
    strength += 1.5 * special - 6.0 * (len(signatures) < len(found))
    cause = next((one.cause for one in signatures if one.cause), None)
    return _Seed(at, strength - min(4.0, 1.2 * math.log2(said)), cause)


_SPECIAL: Final = frozenset({Domain.TYPESCRIPT, Domain.REACT, Domain.TEST})
"""Domains whose messages stand in no log of a machine that is merely unwell."""


def _shape(line: str) -> str:
    """How the line begins, without what differs when it is said again."""
    return _VARIABLE.sub("0", line.strip()[:_BEGINNING])


_BEGINNING: Final = 24
_VARIABLE = re.compile(r"\d+")


def _groups(seeds: Sequence[_Seed], scene: _Scene) -> list[list[_Seed]]:
    """Seeds that stand together."""
    groups = [[seeds[0]]]
    for seed in seeds[1:]:
        last = groups[-1][-1].at
        if seed.at - last <= _reach(last, seed.at, scene):
            groups[-1].append(seed)
        else:
            groups.append([seed])
    return groups


def _reach(start: int, end: int, scene: _Scene) -> int:
    """How far apart lines of one failure may stand. Its stack does not count."""
    between = range(start + 1, end)
    if any(_is_border(at, scene) or scene.kind(at) is Kind.RECOVERED for at in between):
        return 0
    detail = sum(_is_detail(scene.lines[at]) for at in between)
    return _GAP + detail


def _is_detail(line: str) -> bool:
    return bool(_DETAIL.match(line))


_DETAIL = re.compile(
    r"^(?:\s{2,}\S|\s*at |\s*\||\s*\d+[ :]|\s*>|[-+] |E  |\t|goroutine |\s*File \")"
)


def _is_border(at: int, scene: _Scene) -> bool:
    """Whether no failure reaches over this line."""
    line = scene.lines[at]
    if scene.kind(at) is Kind.CONSEQUENCE:
        return not line.startswith("npm ")
    return scene.kind(at) is Kind.PASSED or bool(_STEP.match(line))


_STEP = re.compile(
    r"^(?:Run |\$ |> \S+@\S+ |\+ \S|Step \d|#\d+ \[|RUNS? |Post |Complete job|Cleaning up)"
    r"|^\[Pipeline\]"
)


def _score(group: Sequence[_Seed], scene: _Scene, ends: Sequence[int]) -> float:
    best = max(seed.strength for seed in group)
    more = math.log2(1 + len(group))
    late = 2.0 * group[-1].at / len(scene.lines)
    return (
        best + 0.7 * more + late + _before_an_end(group[-1].at, ends, scene) - _mended(group, scene)
    )


def _before_an_end(at: int, ends: Sequence[int], scene: _Scene) -> float:
    """What it counts that the step ended with an error soon after."""
    follows = bisect_right(ends, at)
    if follows == len(ends):
        return 0.0
    distance = sum(1 for line in scene.lines[at + 1 : ends[follows]] if line.strip())
    return 4.0 * max(0.0, 1.0 - distance / _NEAR_THE_END)


_MENDED_BY_TIME: Final = frozenset(
    {Cause.NETWORK, Cause.TIMEOUT, Cause.INFRASTRUCTURE, Cause.RESOURCE, Cause.OTHER, None}
)
"""Nobody tries again what does not compile."""


def _mended(group: Sequence[_Seed], scene: _Scene) -> float:
    """What counts against it: it was tried again, or belongs to what passed."""
    last = group[-1]
    after = next((at for at in (1, 2, 3) if scene.kind(last.at + at) is Kind.RECOVERED), None)
    recovered = 8.0 - 2.0 * after if after and last.cause in _MENDED_BY_TIME else 0.0
    if any(scene.kind(seed.at) is Kind.RECOVERED for seed in group):
        recovered = 6.0
    before = scene.lines[max(0, group[0].at - 4) : group[0].at + 1]
    quoted = any(_QUOTED.match(line) for line in before)
    passed = any(scene.kind(last.at + at) is Kind.PASSED for at in (1, 2))
    return recovered + 3.0 * quoted + 1.0 * passed


_QUOTED = re.compile(r"^\s*(?:console\.(?:error|warn|log|info)\b|std(?:err|out) \||-+ Captured)")


# ------------------------------------------------------------------ how far it reaches


def _grown(first: int, last: int, scene: _Scene) -> tuple[int, int]:
    """The block with the lines around that belong to it."""
    up = _grow(range(first - 1, max(-1, first - _UP - 1), -1), scene, plain=4)
    down = _grow(range(last + 1, min(len(scene.lines), last + _DOWN + 1)), scene, plain=8)
    return (first if up is None else up), (last if down is None else down) + 1


def _grow(way: range, scene: _Scene, *, plain: int) -> int | None:
    """The last line on the way that belongs to the block.

    So many lines that tell nothing are taken along, then the next has to be part of a report.
    """
    reached, left, blank = None, plain, False
    for at in way:
        if not scene.lines[at].strip():
            blank = True
            continue
        if _is_border(at, scene):
            break
        if _is_told(at, scene):
            left = plain
        elif blank or left == 0:
            break
        else:
            left -= 1
        reached, blank = at, False
    return reached


_MORE = re.compile(
    r"(?:Component Stack|Call Stack|Call log|Check |See |Learn more|Did you|This |The above|If you"
    r"|To |Please|Description|Action|Reason|Details?|Time:|Source:|Node\.js v|stdout|stderr|With )"
)
"""How a paragraph begins that goes on with a report."""


def _is_told(at: int, scene: _Scene) -> bool:
    """Whether the line is a detail of a report, or speaks of trouble itself."""
    if _is_detail(scene.lines[at]) or _MORE.match(scene.lines[at]):
        return True
    return scene.kind(at) in (Kind.HARD, Kind.SOFT)
