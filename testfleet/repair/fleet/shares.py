"""Engines as the workers of a fleet see them: a share of the candidates, or those of others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import Engine, Fault


@dataclass(frozen=True)
class Shared:
    """Every n-th candidate of an engine, from number k on: n workers try all, and none twice.

    Engines have their best first, so each share begins with good ones. Two edits are built upon a
    first edit of the same share.
    """

    engine: Engine
    share: tuple[int, int]
    is_over: Callable[[], bool]
    """Asked before each candidate: whether the search shall end early."""

    @property
    def name(self) -> str:
        """The engine's own."""
        return self.engine.name

    def candidates(self, fault: Fault) -> Iterator[Candidate]:
        """The share, best first."""
        first, every = self.share
        known = (each for each in self.engine.candidates(fault) if each is not None)
        for candidate in islice(known, first, None, every):
            if self.is_over():
                return
            yield candidate

    def two_edits(self, first: Candidate, fault: Fault) -> Iterator[Candidate]:
        """As the engine has them; none where it has none."""
        build = getattr(self.engine, "two_edits", None)
        for candidate in build(first, fault) if build is not None else ():
            if self.is_over():
                return
            yield candidate


class Given:
    """Candidates that other workers have found, as an engine: so they are proved once more, in one
    place and from the beginning, before they are voted on."""

    name = "given"

    def __init__(self, candidates: Sequence[Candidate]) -> None:
        self._given = candidates
        self._first: dict[str, str] = {}

    def candidates(self, fault: Fault) -> Iterator[Candidate]:
        """Those whose places in the text are still where they were."""
        for path, text in fault.sources.items():
            self._first.setdefault(path, text)
        for candidate in self._given:
            if all(self._is_as_at_first(edit.path, fault) for edit in candidate.edits):
                yield candidate

    def _is_as_at_first(self, path: str, fault: Fault) -> bool:
        return path in fault.sources and fault.sources[path] == self._first[path]
