"""How much there is on a line that can be wrong: it tells lines apart that run in the same tests.

Faults sit where there is something to decide or to compute: operators, comparisons, indices, calls,
constants. A `def`, a bare `return x` or a `raise` seldom is the fault. Counting what mutation
operators could change follows Moon et al., "Ask the mutants", ICST 2014, without running them.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

_WORTH: Final[dict[type[ast.AST], float]] = {
    ast.Compare: 2.0,
    ast.BoolOp: 1.5,
    ast.BinOp: 1.5,
    ast.UnaryOp: 1.0,
    ast.Subscript: 1.0,
    ast.Slice: 1.0,
    ast.Call: 1.0,
    ast.IfExp: 1.5,
    ast.AugAssign: 1.5,
    ast.Constant: 0.5,
    ast.Name: 0.25,
    ast.Attribute: 0.25,
    ast.comprehension: 1.0,
    ast.Lambda: 0.5,
    ast.While: 1.0,
    ast.For: 0.5,
    ast.Return: 0.5,
}
_DULL: Final = (ast.Raise, ast.Import, ast.ImportFrom, ast.Pass, ast.Global, ast.Nonlocal)
_DEFINITIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
FULL: Final = 8.0
"""From here on more makes no difference."""
LEAST: Final = 0.7
"""Share of its score that the dullest line keeps."""


def textures(text: str) -> dict[int, float]:
    """From `LEAST` to 1 by line; lines that are not there have nothing on them. Empty for a text
    that does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return {}
    worth: dict[int, float] = {}
    dull: set[int] = set()
    for statement in _statements(tree):
        if isinstance(statement, (*_DULL, *_DEFINITIONS)) or _is_text(statement):
            dull.add(statement.lineno)
            continue
        total = sum(_WORTH.get(type(node), 0.0) for node in _own(statement))
        for line in range(statement.lineno, _header_end(statement) + 1):
            worth[line] = max(total, worth.get(line, 0.0))
    found = {line: _share(total) for line, total in worth.items()}
    return {**found, **{line: LEAST for line in dull if line not in found}}


def _share(total: float) -> float:
    return LEAST + (1 - LEAST) * min(1.0, total / FULL)


def _statements(tree: ast.Module) -> Iterator[ast.stmt]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _own(statement: ast.stmt) -> Iterator[ast.AST]:
    """Nodes of a statement without the statements inside it."""
    waiting: list[ast.AST] = [statement]
    while waiting:
        node = waiting.pop()
        yield node
        waiting += [each for each in ast.iter_child_nodes(node) if not isinstance(each, ast.stmt)]


def _header_end(statement: ast.stmt) -> int:
    body = getattr(statement, "body", None)
    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
        return max(statement.lineno, body[0].lineno - 1)
    return statement.end_lineno or statement.lineno


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
