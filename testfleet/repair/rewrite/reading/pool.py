"""Ingredients: conditions, expressions and statements that the project already holds.

That the parts of a repair often stand in the program already is the plastic surgery hypothesis
(Barr et al., FSE 2014), which GenProg (Le Goues et al., IEEE TSE 2012) built on.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.repair.rewrite.reading.layout import lines_of
from testfleet.repair.rewrite.reading.scope import own_nodes
from testfleet.repair.rewrite.reading.source import Function, Source

MAX_STATEMENTS: Final = 400
"""Of one file: the nearest are the likeliest."""
_SIMPLE: Final = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.Raise, ast.Continue)
_LONGEST: Final = 4
"""Lines of a compound statement that is worth copying."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement that could be copied."""

    node: ast.stmt
    lines: Sequence[str]
    function: Function | None
    names: frozenset[str]
    """Names that it reads."""


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that could be used elsewhere."""

    text: str
    function: Function | None
    names: frozenset[str]
    line: int


class Pool:
    """What one file offers, read once."""

    def __init__(self, source: Source) -> None:
        self.conditions: list[Expression] = []
        self.calls: list[Expression] = []
        self.places: list[Expression] = []
        self.returned: list[Expression] = []
        self.statements: list[Statement] = []
        self.foreign: Sequence[Statement] = ()
        """Statements of the project's other files."""
        self.flags: set[str] = set()
        """Attributes that are made True or False."""
        self.operators: dict[Function | None, frozenset[type[ast.operator]]] = {}
        for function in source.functions:
            self.operators[function] = frozenset(
                type(node.op)
                for node in own_nodes(function)
                if isinstance(node, ast.BinOp | ast.AugAssign)
            )
            for node in own_nodes(function):
                self._read(source, node, function)

    def _read(self, source: Source, node: ast.AST, function: Function) -> None:
        if isinstance(node, ast.If | ast.While | ast.IfExp):
            self._read_condition(source, node.test, function)
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            is_flag = isinstance(node.value.value, bool)
            self.flags |= {t.attr for t in node.targets if is_flag and isinstance(t, ast.Attribute)}
        if isinstance(node, ast.Call):
            self.calls.append(_expression(source, node, function))
        elif isinstance(node, ast.Subscript | ast.Attribute):
            self.places.append(_expression(source, node, function))
        elif isinstance(node, ast.Return) and node.value is not None:
            self.returned.append(_expression(source, node.value, function))
        if isinstance(node, ast.stmt) and len(self.statements) < MAX_STATEMENTS:
            self._read_statement(source, node, function)

    def _read_condition(self, source: Source, test: ast.expr, function: Function) -> None:
        parts = test.values if isinstance(test, ast.BoolOp) else [test]
        self.conditions.extend(_expression(source, part, function) for part in parts)

    def _read_statement(self, source: Source, node: ast.stmt, function: Function) -> None:
        is_short = (node.end_lineno or node.lineno) - node.lineno < _LONGEST
        if isinstance(node, _SIMPLE) or (isinstance(node, ast.If) and is_short):
            lines = None if _is_docstring(node) else lines_of(source, node)
            if lines is not None:
                self.statements.append(Statement(node, lines, function, names_read(node)))


def names_read(node: ast.AST) -> frozenset[str]:
    """Names that the node loads."""
    return frozenset(
        inner.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load)
    )


def _expression(source: Source, node: ast.expr, function: Function) -> Expression:
    return Expression(source.operand(node), function, names_read(node), node.lineno)


def _is_docstring(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
