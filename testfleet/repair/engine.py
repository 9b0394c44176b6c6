"""What a repair engine is given, and what it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from testfleet.contracts.repair import Candidate, SuspiciousLine


@dataclass(frozen=True)
class Frame:
    """One level of a traceback, in the project's own code."""

    path: str
    line: int
    function: str


@dataclass(frozen=True)
class FailingTest:
    """A test that a repair must turn green."""

    id: str
    file: str
    exception: str = ""
    """Type name, e.g. `AttributeError`; empty where the framework does not tell."""
    message: str = ""
    longrepr: str = ""
    frames: Sequence[Frame] = ()
    """Outermost first."""


@dataclass(frozen=True)
class Fault:
    """All that is known about what is to be repaired."""

    tests: Sequence[FailingTest]
    lines: Sequence[SuspiciousLine]
    """Most suspicious first."""
    sources: Mapping[str, str]
    """Text of the project's own files by path, tests included: the suspicious ones and those that
    ingredients may come from."""
    test_files: frozenset[str] = field(default_factory=frozenset)
    """Paths of `sources` that are tests, which must not be edited."""


class Engine(Protocol):
    """A source of candidates: an entry point of the group `testfleet.engines`."""

    @property
    def name(self) -> str:
        """Word in `--engine`."""
        ...

    def candidates(self, fault: Fault) -> Iterator[Candidate | None]:
        """Candidates, the most promising first as far as the engine can tell. Lazy: the search
        stops asking when its budget is used up. Never edits a test file.

        None says that there is nothing new yet: the search goes on with other engines' candidates
        and asks again."""
        ...
