"""Initial values: a name that is not bound on every way, bound before it is used."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import after, lines_of, moved
from testfleet.repair.rewrite.reading.layout import before as above
from testfleet.repair.rewrite.reading.source import Function

_VALUES: Final = (
    "0",
    "None",
    "[]",
    "1",
    "''",
    "False",
    "{}",
    "set()",
    "True",
    "-1",
    "float('inf')",
)


def _bound_first(node: Function, at: Place) -> Drafts:
    """`x = 0` at the function's start, for names that the failure misses."""
    first = _first(node)
    names = sorted(at.hints.missing)
    parameters = [b.name for b in at.scope.near() if b.place == "parameter" and b.name != "self"]
    for name in names:
        if name.isidentifier() and name not in parameters:
            for index, value in enumerate((*_VALUES, *parameters)):
                yield from at.before(first, [f"{name} = {value}"], max(0.3, 1.0 - 0.07 * index))


def _bound_in_loop(node: ast.For | ast.While, at: Place) -> Drafts:
    """`x = 0` before the loop, moved to the start of its body: it is to start anew each time."""
    block, index = at.source.block(node)
    for before in block[max(0, index - 3) : index]:
        if isinstance(before, ast.Assign):
            lines = lines_of(at.source, before)
            if lines is None:
                continue
            edits = moved(at.source, before, above(at.source, node.body[0], lines))
            if edits:
                yield Draft(edits, 1.0)


def _bound_outside(node: ast.For | ast.While, at: Place) -> Drafts:
    """`x = 0` in the loop, moved before it: it is to go on from one round to the next."""
    for inner in node.body[:3]:
        if isinstance(inner, ast.Assign):
            lines = lines_of(at.source, inner)
            if lines is None:
                continue
            edits = moved(at.source, inner, above(at.source, node, lines))
            if edits:
                yield Draft(edits, 1.0)
            edits = moved(at.source, inner, after(at.source, node.body[-1], lines))
            if edits:
                yield Draft(edits, 0.4)


def _first_item(node: ast.Assign, at: Place) -> Drafts:
    """`best = 0` to `best = x[0]`, `best = len(x)`: starts from the data."""
    if not isinstance(node.value, ast.Constant | ast.Call | ast.UnaryOp):
        return
    for binding in at.scope.near():
        if binding.place == "parameter" and binding.kind in {
            "list",
            "str",
            "iterable",
            "tuple",
            "",
        }:
            texts = ((f"{binding.name}[0]", 0.8), (f"len({binding.name})", 0.5))
            for text, weight in (
                *texts,
                (f"{binding.name}[-1]", 0.4),
                (f"len({binding.name}) - 1", 0.5),
            ):
                yield at.replace(node.value, text, weight)


def _first(node: Function) -> ast.stmt:
    first = node.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    return node.body[1] if is_docstring and len(node.body) > 1 else first


_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
TEMPLATES: Final = (
    Template("bound-first", "initial", "missing initial value", 0.3, _FUNCTIONS, _bound_first),
    Template(
        "bound-in-loop",
        "initial",
        "Move Statement FP14 (TBar), of an initial value",
        0.3,
        (ast.For, ast.While),
        _bound_in_loop,
    ),
    Template(
        "bound-outside",
        "initial",
        "Move Statement FP14 (TBar), of an initial value",
        0.35,
        (ast.For, ast.While),
        _bound_outside,
    ),
    Template(
        "first-item", "initial", "initial value from the data", 0.25, (ast.Assign,), _first_item
    ),
)
