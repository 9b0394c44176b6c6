"""Names bound in the wrong scope: `global`, `nonlocal`, and where a mutable default lives."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import before, first_statement
from testfleet.repair.rewrite.reading.scope import own_nodes
from testfleet.repair.rewrite.reading.source import Edit, Function


def _declared(node: Function, at: Place) -> Drafts:
    """Declares a name that the function binds but an outer scope owns."""
    written = {
        inner.id: None
        for inner in own_nodes(node)
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)
    }
    outer = [f for f in at.source.ancestors(node) if isinstance(f, Function)]
    first = first_statement(node)
    for name in written:
        weight = 1.0 if name in at.hints.missing else 0.4
        if any(_binds(f, name) for f in outer):
            yield from at.before(first, [f"nonlocal {name}"], weight)
        elif _binds(at.source.tree, name):
            yield from at.before(first, [f"global {name}"], weight)


def _mutable_default(node: Function, at: Place) -> Drafts:
    """`def f(x=[])` to `def f(x=None)`, with the list made in the body."""
    positional = [*node.args.posonlyargs, *node.args.args]
    pairs = list(zip(reversed(positional), reversed(node.args.defaults), strict=False))
    pairs += [(a, d) for a, d in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True) if d]
    for arg, default in pairs:
        if not isinstance(default, ast.List | ast.Dict | ast.Set | ast.Call):
            continue
        lines = at.block(f"if {arg.arg} is None:", f"{arg.arg} = {at.code(default)}")
        guard = before(at.source, first_statement(node), lines)
        if guard is not None:
            yield Draft((*at.replace(default, "None").edits, guard), 1.0)


def _default_value(node: Function, at: Place) -> Drafts:
    """A parameter that gets a default, or loses it."""
    for arg in node.args.args[len(node.args.args) - len(node.args.defaults) - 1 :]:
        if len(node.args.args) > len(node.args.defaults) and arg.arg != "self":
            for index, text in enumerate(("None", "0", "1", "''", "[]", "True", "False")):
                yield at.replace(arg, f"{at.code(arg)}={text}", 0.5 - 0.05 * index)
            return


def _parameters(node: Function, at: Place) -> Drafts:
    """Parameters in another order, and a forgotten `self`."""
    names = [arg for arg in node.args.args if arg.arg not in {"self", "cls"}]
    for left, right in pairwise(names):
        yield at.swap(left, right, 0.5)
    if isinstance(at.parent(node), ast.ClassDef) and (
        not node.args.args or node.args.args[0].arg not in {"self", "cls"}
    ):
        text = at.source.text
        opening = text.find("(", at.source.start(node))
        inside = "self, " if node.args.args else "self"
        yield Draft((Edit(opening + 1, opening + 1, inside),), 1.0)


def _binds(node: Function | ast.Module, name: str) -> bool:
    return any(
        isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store) and inner.id == name
        for inner in own_nodes(node)
    )


TEMPLATES: Final = (
    Template(
        "declared-name",
        "scopes",
        "missing nonlocal or global",
        0.723,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        _declared,
    ),
    Template(
        "mutable-default",
        "copies",
        "mutable default argument",
        1,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        _mutable_default,
    ),
    Template(
        "default-value",
        "arguments",
        "default of a parameter",
        0.095,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        _default_value,
    ),
    Template(
        "parameters",
        "arguments",
        "parameters of a function",
        0.212,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        _parameters,
    ),
)
