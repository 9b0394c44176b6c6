"""Mutants for the impact benchmark: one function of a project made to fail, or to return None."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Target:
    """A function that can be mutated."""

    path: str
    name: str
    first: int
    """Lines of its body without the docstring."""
    last: int


def targets(path: str, source: bytes) -> list[Target]:
    """Every function of a file whose body starts on a line of its own."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, _Function):
            body = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
            if body and body[0].lineno > node.lineno and body[0].col_offset > node.col_offset:
                last = node.end_lineno or body[-1].lineno
                found.append(Target(path, node.name, body[0].lineno, last))
    return sorted(found, key=lambda target: target.first)


def raising(source: bytes, target: Target) -> bytes:
    """The function raises instead of doing anything."""
    lines = source.splitlines(keepends=True)
    head = lines[target.first - 1]
    indent = head[: len(head) - len(head.lstrip())]
    body = [indent + b"raise RuntimeError('mutant')\n"]
    return b"".join(lines[: target.first - 1] + body + lines[target.last :])


def returning_none(source: bytes, target: Target) -> bytes:
    """Every `return value` of the function becomes `return None`; raises when there is none."""
    lines = source.splitlines(keepends=True)
    returns = list(_returns(ast.parse(source), target))
    if not returns:
        return raising(source, target)
    for node in sorted(returns, key=lambda one: -one.lineno):
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        before = lines[first][: node.col_offset]
        after = lines[last][node.end_col_offset :]
        lines[first : last + 1] = [before + b"return None" + after]
    return b"".join(lines)


def _returns(module: ast.Module, target: Target) -> Iterator[ast.Return]:
    for node in ast.walk(module):
        if isinstance(node, _Function) and any(one.lineno == target.first for one in node.body):
            yield from (one for one in _own(node.body) if isinstance(one, ast.Return))


def _own(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Nodes that belong to a function and not to one inside it."""
    for node in nodes:
        if isinstance(node, _Function | ast.Lambda | ast.ClassDef):
            continue
        yield node
        yield from _own(ast.iter_child_nodes(node))
