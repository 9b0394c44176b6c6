"""The lines of a log that are the failure.

Lines that look like trouble are found, and each is weighed: what the catalogue knows about it,
less what stands against it (a warning, a retry that went well, output of a test that passed).
Neighbours are joined into blocks. A block counts for its best lines and for where it stands:
shortly before the step ended with an error, late in the log. What follows from a failure (`exit
code 1`) is no block.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.failure import EvidenceLine
from testfleet.triage.blocks import Reader, decisive_block
from testfleet.triage.rules import Rules, Signature, load_rules
from testfleet.triage.scene import Scene
from testfleet.triage.signs import Kind
from testfleet.triage.text import Log

MAX_LINES: Final = 60
"""Lines of evidence that are given."""
_SHORT: Final = 30
"""A text of so many lines is the failure itself, unless tests pass in it."""


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


def extract(
    log: Log, rules: Rules | None = None, reader: Reader | None = None
) -> tuple[WeighedLine, ...]:
    """The lines of the failure, in order. Empty if nothing in the log looks like one."""
    scene = Scene(log.lines, rules or load_rules())
    block = _whole(scene) or decisive_block(scene, reader)
    filled = [at for at in block if log.lines[at].strip()]
    return _weighed(log, filled[:MAX_LINES], scene)


def _whole(scene: Scene) -> range | None:
    """All of a short text."""
    filled = [at for at, line in enumerate(scene.lines) if line.strip()]
    if len(filled) > _SHORT or any(scene.kind(at) is Kind.PASSED for at in filled):
        return None
    return range(len(scene.lines))


def _weighed(log: Log, indices: Sequence[int], scene: Scene) -> tuple[WeighedLine, ...]:
    found = {at: list(scene.rules.matches(log.lines[at])) for at in indices}
    mild = {at for at in indices if _is_mild(at, found[at], scene)}
    hard = any(scene.kind(at) is Kind.HARD for at in found.keys() - mild)
    return tuple(
        WeighedLine(
            log.numbers[at],
            log.lines[at],
            _share(scene.kind(at), mild=at in mild, beside_hard=hard),
            tuple(one for one in found[at] if not one.harmless),
        )
        for at in indices
    )


def _is_mild(at: int, found: Sequence[Signature], scene: Scene) -> bool:
    """Whether the line stands in logs of jobs that went well, or is mended by the next."""
    if any(one.harmless for one in found):
        return True
    return Kind.RECOVERED in (scene.kind(at), scene.kind(at + 1))


def _share(kind: Kind | None, *, mild: bool, beside_hard: bool) -> float:
    """How much a line counts within its block."""
    if mild or kind in (Kind.CONSEQUENCE, Kind.PASSED, Kind.BENIGN):
        return 0.1 if beside_hard else 0.9
    if kind is Kind.WARNING:
        return 0.4 if beside_hard else 0.9
    return 1.0
