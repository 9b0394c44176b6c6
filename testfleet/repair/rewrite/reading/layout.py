"""Edits of whole statements: inserted, removed, moved, with the indentation of where they go."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from testfleet.repair.rewrite.reading.source import Edit, Function, Source


def stands_alone(source: Source, statement: ast.stmt) -> bool:
    """Whether its lines hold nothing else, so that they can be cut out or moved as lines."""
    first = first_line(statement)
    before = source.text[source.starts[first - 1] : _first_offset(source, statement)]
    end = source.end(statement)
    after = source.text[end : source.line_end(_last_line(statement))].strip()
    return not before.strip() and (not after or after.startswith("#"))


def first_line(statement: ast.stmt) -> int:
    """The line of its first decorator, or its own."""
    if isinstance(statement, Function | ast.ClassDef) and statement.decorator_list:
        return min(statement.lineno, statement.decorator_list[0].lineno)
    return statement.lineno


def first_statement(node: Function) -> ast.stmt:
    """The first one behind a docstring."""
    first = node.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return node.body[1] if is_docstring and len(node.body) > 1 else first


def before(source: Source, statement: ast.stmt, lines: Sequence[str]) -> Edit | None:
    """Inserts lines above a statement, at its level."""
    if not stands_alone(source, statement) or _is_elif(source, statement):
        return None
    at = source.starts[first_line(statement) - 1]
    return Edit(at, at, _laid_out(source, source.indent(statement), lines))


def after(source: Source, statement: ast.stmt, lines: Sequence[str]) -> Edit | None:
    """Inserts lines below a statement, at its level."""
    if not stands_alone(source, statement) or _is_elif(source, statement):
        return None
    at = source.line_end(_last_line(statement))
    text = _laid_out(source, source.indent(statement), lines)
    if at == len(source.text) and not source.text.endswith(("\n", "\r")):
        text = source.newline + text.removesuffix(source.newline)
    return Edit(at, at, text)


def removed(source: Source, statement: ast.stmt) -> Edit | None:
    """Takes a statement out; `pass` stays where it was the only one."""
    block, _ = source.block(statement)
    if not block or _is_elif(source, statement):
        return None
    if len(block) == 1 or not stands_alone(source, statement):
        return Edit(_first_offset(source, statement), source.end(statement), "pass")
    return Edit(
        source.starts[first_line(statement) - 1], source.line_end(_last_line(statement)), ""
    )


def lines_of(source: Source, statement: ast.stmt) -> list[str] | None:
    """Its lines without the common indentation; None where a string spans lines."""
    if not stands_alone(source, statement) or _has_long_string(statement):
        return None
    indent = source.indent(statement)
    start = source.starts[first_line(statement) - 1]
    text = source.text[start : source.line_end(_last_line(statement))]
    return [line.removeprefix(indent) for line in text.splitlines()]


def moved(source: Source, statement: ast.stmt, target: Edit | None) -> tuple[Edit, ...]:
    """Cuts a statement out and puts `target`, which holds its lines, elsewhere."""
    cut = removed(source, statement)
    if cut is None or target is None or cut.start < target.start < cut.end:
        return ()
    return (cut, target) if cut.start < target.start else (target, cut)


def _laid_out(source: Source, indent: str, lines: Sequence[str]) -> str:
    return "".join(f"{indent}{line}{source.newline}" if line else source.newline for line in lines)


def _is_elif(source: Source, statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and source.text.startswith("elif", source.start(statement))


def _first_offset(source: Source, statement: ast.stmt) -> int:
    if isinstance(statement, Function | ast.ClassDef) and statement.decorator_list:
        return source.start(statement.decorator_list[0]) - 1
    return source.start(statement)


def _last_line(statement: ast.stmt) -> int:
    return statement.end_lineno or statement.lineno


def _has_long_string(statement: ast.stmt) -> bool:
    return any(
        isinstance(node, ast.Constant | ast.JoinedStr) and node.end_lineno != node.lineno
        for node in ast.walk(statement)
    )
