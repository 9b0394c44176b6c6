"""What is measured of a change: seven numbers between 0 and 1, more is riskier.

Size, spread and history are those that just-in-time defect prediction found to matter: Y. Kamei et
al., "A large-scale empirical study of just-in-time quality assurance", IEEE TSE 39(6), 2013; churn
after N. Nagappan, T. Ball, "Use of relative code churn measures to predict system defect density",
ICSE 2005. More changed code never makes any of them smaller; more changed tests only `untested`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname
from typing import Final, Protocol

from testfleet.contracts.risk import Category, FileKind, RiskRule, RiskRules
from testfleet.planning.discovery.globs import PathPatterns

FEATURES: Final = ("category", "size", "spread", "churn", "failures", "reach", "untested")
"""In the order of a model's weights, after the constant."""

_HARM: Final[Mapping[Category, float]] = {
    Category.CRITICAL: 1.0,
    Category.HIGH: 2 / 3,
    Category.MEDIUM: 1 / 3,
    Category.LOW: 0.0,
}
_REACH: Final[Mapping[FileKind, float]] = {
    FileKind.MIGRATION: 1.0,
    FileKind.DEPENDENCIES: 0.7,
    FileKind.CONFIGURATION: 0.5,
}
_UNTESTABLE: Final = frozenset({FileKind.TESTS, FileKind.DOCS})
_LARGE_LINES: Final = 1000
_MANY_FOLDERS: Final = 10
_MANY_CHANGES: Final = 30
_LEAST_LINES: Final = 5
"""What a changed file counts for at least: of an image nobody knows, nor where there is no git."""
_DOUBT: Final = 2.0
"""Changes without a failure that every file is given, so that one bad day does not say all."""


class ChangedFile(Protocol):
    """One file of a change."""

    @property
    def path(self) -> str:
        """Relative to the root of the tree."""
        ...

    @property
    def old_path(self) -> str | None:
        """Where a renamed file was."""
        ...

    @property
    def added(self) -> int:
        """Lines."""
        ...

    @property
    def deleted(self) -> int:
        """Lines."""
        ...


@dataclass(frozen=True)
class PathPast:
    """What is known of one file's past."""

    changes: int = 0
    """Times that it was changed lately."""
    judged: int = 0
    """Of all changes of it ever, those whose tests have run."""
    failed: int = 0
    """And those after which a test failed."""


@dataclass(frozen=True)
class Sorted:
    """A changed file and the rule that it falls under."""

    file: ChangedFile
    rule: RiskRule

    @property
    def lines(self) -> int:
        """Lines that were added or deleted."""
        return max(_LEAST_LINES, self.file.added + self.file.deleted)


class Sorter:
    """Finds the rule of a file."""

    def __init__(self, rules: RiskRules) -> None:
        self._rules = [(PathPatterns(rule.paths), rule) for rule in rules.rules]
        self._rest = RiskRule(name="other code", category=rules.otherwise, paths=("*",))
        self._known: dict[str, RiskRule] = {}

    def rule_of(self, path: str) -> RiskRule:
        """The first rule that matches."""
        if path not in self._known:
            matching = (rule for globs, rule in self._rules if globs.match(path))
            self._known[path] = next(matching, self._rest)
        return self._known[path]

    def sort(self, changes: Sequence[ChangedFile]) -> list[Sorted]:
        """Each file with its rule: of a renamed one, with the worse of both."""
        return [Sorted(file, self._worst(file)) for file in changes]

    def _worst(self, file: ChangedFile) -> RiskRule:
        rules = [self.rule_of(path) for path in (file.path, file.old_path) if path is not None]
        return max(rules, key=lambda rule: _HARM[rule.category])


@dataclass(frozen=True)
class Features:
    """The seven numbers of a change, and what they were made from."""

    files: tuple[Sorted, ...]
    past: Mapping[str, PathPast]

    @cached_property
    def worst(self) -> Sorted | None:
        """A file of the worst category, the one with most changed lines."""
        return max(
            self.files,
            key=lambda each: (_HARM[each.rule.category], each.lines),
            default=None,
        )

    @property
    def category(self) -> float:
        """Of the worst file."""
        return _HARM[self.worst.rule.category] if self.worst else 0.0

    @cached_property
    def code(self) -> tuple[Sorted, ...]:
        """All that is neither test nor documentation."""
        return tuple(each for each in self.files if each.rule.kind not in _UNTESTABLE)

    @cached_property
    def code_lines(self) -> int:
        """Changed lines of code."""
        return sum(each.lines for each in self.code)

    @cached_property
    def tests(self) -> tuple[Sorted, ...]:
        """Changed files of tests."""
        return tuple(each for each in self.files if each.rule.kind is FileKind.TESTS)

    @cached_property
    def test_lines(self) -> int:
        """Changed lines of tests."""
        return sum(each.lines for each in self.tests)

    @property
    def size(self) -> float:
        """Of the changed code, on a logarithmic scale up to 1,000 lines."""
        return _logarithmic(self.code_lines, _LARGE_LINES)

    @cached_property
    def folders(self) -> int:
        """Folders with changed code."""
        return len({dirname(each.file.path) for each in self.code})

    @property
    def spread(self) -> float:
        """Over folders, on a logarithmic scale from 1 to 10."""
        return _logarithmic(max(0, self.folders - 1), _MANY_FOLDERS - 1)

    @cached_property
    def busiest(self) -> tuple[str, PathPast]:
        """The file that was changed most often lately."""
        return self._most(lambda past: past.changes)

    @property
    def churn(self) -> float:
        """Of the busiest file, on a logarithmic scale up to 30 changes."""
        return _logarithmic(self.busiest[1].changes, _MANY_CHANGES)

    @cached_property
    def weakest(self) -> tuple[str, PathPast]:
        """The file whose changes broke tests most often."""
        return self._most(_failure_rate)

    @property
    def failures(self) -> float:
        """Share of its changes after which a test failed."""
        return _failure_rate(self.weakest[1])

    @cached_property
    def farthest(self) -> Sorted | None:
        """A file whose effects no import tells."""
        return max(
            (each for each in self.files if each.rule.kind in _REACH),
            key=lambda each: _REACH[each.rule.kind],
            default=None,
        )

    @property
    def reach(self) -> float:
        """How far beyond the changed files the change may act unseen."""
        return _REACH[self.farthest.rule.kind] if self.farthest else 0.0

    @property
    def untested(self) -> float:
        """Share of the changed code that no changed test answers."""
        return max(0.0, 1.0 - self.test_lines / self.code_lines) if self.code_lines else 0.0

    def vector(self) -> tuple[float, ...]:
        """For the model: the constant 1, then FEATURES."""
        return (1.0, *(getattr(self, name) for name in FEATURES))

    def _most(self, key: Callable[[PathPast], float]) -> tuple[str, PathPast]:
        paths = [
            path
            for each in self.files
            for path in (each.file.path, each.file.old_path)
            if path is not None
        ]
        known = [(path, self.past.get(path, PathPast())) for path in paths]
        return max(known, key=lambda each: key(each[1]), default=("", PathPast()))


def _failure_rate(past: PathPast) -> float:
    return past.failed / (past.judged + _DOUBT)


def _logarithmic(value: int, most: int) -> float:
    return min(1.0, math.log1p(value) / math.log1p(most))
