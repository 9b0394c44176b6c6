"""From answers to candidates: read, judged, weighed, and none twice."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import exp
from typing import Final

from testfleet.contracts.repair import Candidate, SuspiciousLine, TextEdit
from testfleet.repair.engine import Fault
from testfleet.repair.model.blocks import Refused, read_blocks
from testfleet.repair.model.policy import breaks_python, edits_of
from testfleet.repair.rank.model import load as load_ranker
from testfleet.repair.rank.naturalness import Naturalness
from testfleet.repair.rank.profile import Profile, tokens
from testfleet.repair.sources import apply_edits, paths_of

ENGINE: Final = "model"
_ELSEWHERE: Final = 0.05
"""Suspicion of a file that no suspicious line is in."""
_LEAST: Final = 0.05
_USUAL_SURPRISE: Final = 4.0
"""Nats for a pair of tokens that neither the file nor the library has often."""


@dataclass
class Reader:
    """Reads the answers to one fault."""

    fault: Fault
    refused: Counter[str] = field(default_factory=Counter)
    """How many answers were not used, by reason."""
    _seen: set[tuple[tuple[str, str], ...]] = field(default_factory=set)

    def candidates(self, model: str, answers: Sequence[str]) -> list[Candidate]:
        """New candidates of answers to one question, the likeliest first.

        What several answers propose is likelier: the share of the answers is part of the prior.
        """
        votes: Counter[tuple[tuple[str, str], ...]] = Counter()
        edits: dict[tuple[tuple[str, str], ...], tuple[TextEdit, ...]] = {}
        for answer in answers:
            try:
                made = edits_of(read_blocks(answer), self.fault)
                key = self._program(made)
            except Refused as exc:
                self.refused[str(exc)] += 1
                continue
            votes[key] += 1
            edits.setdefault(key, made)
        fresh = [key for key in votes if key not in self._seen]
        self._seen.update(fresh)
        found = [
            self._candidate(model, edits[key], votes[key] / max(1, len(answers))) for key in fresh
        ]
        return sorted(found, key=lambda each: -each.suspiciousness * each.prior)

    def _program(self, edits: Sequence[TextEdit]) -> tuple[tuple[str, str], ...]:
        """The files that the edits make, the same for what differs in layout only."""
        programs = []
        for path in paths_of(edits):
            before = self.fault.sources[path]
            after = apply_edits(before, [edit for edit in edits if edit.path == path])
            if breaks_python(path, before, after):
                raise Refused("what it makes is not Python")
            programs.append((path, _layoutless(path, after)))
        return tuple(programs)

    def _candidate(self, model: str, edits: tuple[TextEdit, ...], share: float) -> Candidate:
        near = self._nearest(edits)
        natural = naturalness(self.fault, edits)
        size = sum(edit.text.count("\n") + 1 for edit in edits)
        prior = (0.3 + 0.6 * share) * natural / (1 + size / 40)
        return Candidate(
            engine=ENGINE,
            template=model,
            edits=edits,
            path=near.path,
            line=near.line,
            suspiciousness=near.score,
            prior=min(1.0, max(_LEAST, prior)),
        )

    def _nearest(self, edits: Sequence[TextEdit]) -> SuspiciousLine:
        """The suspicious line that is edited, or the nearest to an edit."""
        spans = {edit.path: self._span(edit) for edit in edits}
        near = [line for line in self.fault.lines if line.path in spans]
        if not near:
            path = edits[0].path
            return SuspiciousLine(path=path, line=spans[path][0], score=_ELSEWHERE)
        return min(near, key=lambda line: (_distance(line.line, spans[line.path]), -line.score))

    def _span(self, edit: TextEdit) -> tuple[int, int]:
        text = self.fault.sources[edit.path]
        first = text.count("\n", 0, edit.start) + 1
        return first, first + text.count("\n", edit.start, max(edit.start, edit.end - 1))


def naturalness(fault: Fault, edits: Sequence[TextEdit]) -> float:
    """How expected the new code is in its file, 0 to 1. Without a general model 0.5 for all."""
    ranker = load_ranker()
    if ranker is None:
        return 0.5
    surprises = []
    for edit in edits:
        text = fault.sources[edit.path]
        reader = Naturalness(Profile(text), ranker.pairs, ranker.known)
        old, new = tokens(text[edit.start : edit.end]), tokens(edit.text)
        if any(pairwise(new)):
            surprises.append(reader.surprise(old, new)[1])
    mean = sum(surprises) / len(surprises) if surprises else 0.0
    return exp(-mean / (2 * _USUAL_SURPRISE))


def _distance(line: int, span: tuple[int, int]) -> int:
    return max(span[0] - line, line - span[1], 0)


def _layoutless(path: str, text: str) -> str:
    if path.endswith(".py"):
        try:
            return ast.dump(ast.parse(text))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return text
    return " ".join(text.split())
