"""A place that templates are applied to, and what they answer."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from testfleet.repair.rewrite.reading import layout
from testfleet.repair.rewrite.reading.hints import Hints
from testfleet.repair.rewrite.reading.pool import Pool
from testfleet.repair.rewrite.reading.scope import Scope
from testfleet.repair.rewrite.reading.source import Edit, Function, Positioned, Source


class Draft(NamedTuple):
    """A change of one file that a template proposes."""

    edits: tuple[Edit, ...]
    weight: float = 1.0
    """Share of the template's prior: 1 for the likeliest of its proposals."""


Drafts: TypeAlias = Iterable[Draft]


@dataclass(frozen=True, slots=True)
class Place:
    """A node's surroundings."""

    source: Source
    statement: ast.stmt
    """The innermost one around the node."""
    scope: Scope
    pool: Pool
    hints: Hints
    line: int
    """The suspicious line that led here."""
    score: float
    """Its suspiciousness, less where the node only stands near it."""

    @property
    def function(self) -> Function | None:
        """The innermost function; None at module level."""
        return self.scope.function

    def code(self, node: Positioned) -> str:
        """The node as it is written."""
        return self.source.code(node)

    def operand(self, node: ast.expr) -> str:
        """The node as it can stand beside an operator."""
        return self.source.operand(node)

    def replace(self, node: Positioned, text: str, weight: float = 1.0) -> Draft:
        """Writes something else in the node's place."""
        return Draft((Edit(self.source.start(node), self.source.end(node), text),), weight)

    def swap(self, first: Positioned, second: Positioned, weight: float = 1.0) -> Draft:
        """Each node in the other's place."""
        one = Edit(self.source.start(first), self.source.end(first), self.code(second))
        two = Edit(self.source.start(second), self.source.end(second), self.code(first))
        return Draft((one, two), weight)

    def before(self, statement: ast.stmt, lines: Sequence[str], weight: float = 1.0) -> Drafts:
        """Inserts lines above a statement, at its level."""
        edit = layout.before(self.source, statement, lines)
        return [Draft((edit,), weight)] if edit else []

    def after(self, statement: ast.stmt, lines: Sequence[str], weight: float = 1.0) -> Drafts:
        """Inserts lines below a statement, at its level."""
        edit = layout.after(self.source, statement, lines)
        return [Draft((edit,), weight)] if edit else []

    def block(self, header: str, body: str) -> list[str]:
        """Lines of a compound statement with one line in it."""
        return [header, f"{self.source.unit}{body}"]

    def parent(self, node: ast.AST) -> ast.AST | None:
        """The node around a node."""
        return self.source.parents.get(node)

    def loops(self) -> list[ast.For | ast.AsyncFor | ast.While]:
        """Loops around the statement within its function, the innermost first."""
        found: list[ast.For | ast.AsyncFor | ast.While] = []
        for node in self.source.ancestors(self.statement):
            if isinstance(node, Function | ast.ClassDef):
                break
            if isinstance(node, ast.For | ast.AsyncFor | ast.While):
                found.append(node)
        return found


@dataclass(frozen=True, slots=True)
class Template:
    """A kind of change."""

    name: str
    family: str
    """What an exception makes likelier or not: a key of `Hints.boosts`."""
    term: str
    """How the literature names it, with the tool or paper."""
    prior: float
    """How often such a change, in its likeliest form, is the right one, relative to the others."""
    on: tuple[type[ast.AST], ...]
    """Nodes that it applies to."""
    drafts: Callable[[Any, Place], Drafts]
    peak: float = 1.0
    """The most that one of its proposals weighs, where the place itself asks for it."""
