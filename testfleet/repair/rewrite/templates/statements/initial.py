"""Initial values: a name that is not bound on every way, bound before it is used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS
from testfleet.repair.rewrite.reading.layout import after, first_statement, lines_of, moved
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
    first = first_statement(node)
    names = sorted(at.hints.missing | at.scope.unbound)
    parameters = [b.name for b in at.scope.near() if b.place == "parameter" and b.name != "self"]
    for name in names:
        if name.isidentifier() and name not in parameters:
            reader = _first_reader(node, name) or first
            for index, value in enumerate((*_VALUES, *parameters, *_from_parameters(at))):
                weight = max(0.3, 1.0 - 0.05 * index)
                yield from at.before(first, [f"{name} = {value}"], weight)
                yield from at.before(reader, [f"{name} = {value}"], weight)


def _first_reader(node: Function, name: str) -> ast.stmt | None:
    """The first statement of the function's own block that speaks of the name."""
    for statement in node.body:
        if any(isinstance(n, ast.Name) and n.id == name for n in ast.walk(statement)):
            return statement
    return None


def _from_parameters(at: Place) -> Iterator[str]:
    """What is usually made of a parameter first."""
    for binding in at.scope.near():
        if binding.place == "parameter" and binding.kind not in NUMBERS:
            name = binding.name
            yield from (f"len({name})", f"list({name})", f"len({name}) - 1", f"sorted({name})")
            yield f"len({name}) // 2"
            yield from (
                f"set({name})",
                f"max({name})",
                f"min({name})",
                f"{name}[0]",
                f"sum({name})",
            )


def _bound_anew(node: ast.For | ast.While, at: Place) -> Drafts:
    """`x = 0` at the start of a loop's body or before the loop, for names that nothing binds."""
    bound = set(at.scope.bindings)
    names = at.scope.unbound | (at.hints.missing & bound)
    for name in sorted(names):
        for value in _from_item(node):
            yield from at.before(node.body[0], [f"{name} = {value}"], 0.8)
        for index, value in enumerate(_VALUES):
            weight = max(0.3, 1.0 - 0.07 * index)
            yield from at.before(node.body[0], [f"{name} = {value}"], weight)
            yield from at.before(node, [f"{name} = {value}"], weight)


def _from_item(node: ast.For | ast.While) -> list[str]:
    """What is usually made of a loop's item first."""
    if not isinstance(node, ast.For) or not isinstance(node.target, ast.Name):
        return []
    item = node.target.id
    return [f"{call}({item})" for call in ("sum", "len", "list", "str", "int", "max", "min")]


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


_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
TEMPLATES: Final = (
    Template("bound-first", "initial", "missing initial value", 0.556, _FUNCTIONS, _bound_first),
    Template(
        "bound-anew", "initial", "missing initial value", 0.296, (ast.For, ast.While), _bound_anew
    ),
    Template(
        "bound-in-loop",
        "initial",
        "Move Statement FP14 (TBar), of an initial value",
        0.148,
        (ast.For, ast.While),
        _bound_in_loop,
    ),
    Template(
        "bound-outside",
        "initial",
        "Move Statement FP14 (TBar), of an initial value",
        0.185,
        (ast.For, ast.While),
        _bound_outside,
    ),
    Template(
        "first-item", "initial", "initial value from the data", 0.188, (ast.Assign,), _first_item
    ),
)
