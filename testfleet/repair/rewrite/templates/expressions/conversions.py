"""Conversions between types, divisions and rounding."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS


def _division(node: ast.BinOp, at: Place) -> Drafts:
    """`a / b` to `int(a / b)`, `-(-a // b)`, `round(a / b)`; `a % b` to `divmod`."""
    left, right, code = at.operand(node.left), at.operand(node.right), at.code(node)
    if isinstance(node.op, ast.Div | ast.FloorDiv):
        yield at.replace(node, f"-(-{left} // {right})", 0.6)
        yield at.replace(node, f"({left} + {right} - 1) // {right}", 0.5)
        yield at.replace(node, f"int({left} / {right})", 0.6)
        yield at.replace(node, f"round({left} / {right})", 0.3)
        yield at.replace(node, f"({left} + 1) // {right}", 0.3)
    elif isinstance(node.op, ast.Sub) and at.scope.kind(node) in NUMBERS | {""}:
        yield at.replace(node, f"abs({code})", 0.8)
        yield at.replace(node, f"max(0, {code})", 0.5)


def _modulo(node: ast.expr, at: Place) -> Drafts:
    """`x` to `x % y` for a number in scope, in an index or a returned value."""
    parent = at.parent(node)
    is_place = isinstance(parent, ast.Return | ast.Assign | ast.Subscript)
    if not is_place or at.scope.kind(node) not in {"int", ""}:
        return
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    own = at.code(node)
    for binding in at.scope.near():
        if binding.kind == "int" and binding.name not in own:
            yield at.replace(node, f"{at.operand(node)} % {binding.name}", 0.6)
        elif binding.kind in {"list", "str"} and isinstance(parent, ast.Subscript):
            yield at.replace(node, f"{at.operand(node)} % len({binding.name})", 0.6)


def _concatenated(node: ast.BinOp, at: Place) -> Drafts:
    """`"a" + x` to `"a" + str(x)`, `[a] + x` to `[a] + [x]`, `+ list(x)`."""
    if not isinstance(node.op, ast.Add):
        return
    sides = ((node.left, node.right), (node.right, node.left))
    for side, other in sides:
        kind, beside = at.scope.kind(side), at.scope.kind(other)
        if beside == "str" and not isinstance(side, ast.Constant | ast.JoinedStr):
            # Beside a text a name looks like a text: that is what went wrong.
            yield at.replace(side, f"str({at.code(side)})", 1.0 if kind != "str" else 0.6)
        elif beside == "list" and kind != "list":
            yield at.replace(side, f"[{at.code(side)}]", 1.0)
            yield at.replace(side, f"list({at.code(side)})", 0.7)
        elif beside in NUMBERS and kind not in NUMBERS:
            yield at.replace(side, f"int({at.code(side)})", 0.7)
            yield at.replace(side, f"len({at.code(side)})", 0.5)
        elif beside == "tuple" and kind != "tuple":
            yield at.replace(side, f"({at.code(side)},)", 1.0)


def _tolerant(node: ast.Compare, at: Place) -> Drafts:
    """Equality of floating numbers within a tolerance."""
    if len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.NotEq):
        left, right = at.operand(node.left), at.operand(node.comparators[0])
        kinds = {at.scope.kind(node.left), at.scope.kind(node.comparators[0])}
        if "float" in kinds:
            sign = "<" if isinstance(node.ops[0], ast.Eq) else ">="
            yield at.replace(node, f"abs({left} - {right}) {sign} 1e-9", 1.0)
        if "str" in kinds or "" in kinds:
            dot = f"{left}.lower() == {right}.lower()"
            yield at.replace(node, dot, 0.3 if "str" in kinds else 0.15)


def _hashable(node: ast.expr, at: Place) -> Drafts:
    """`x` to `tuple(x)`, `frozenset(x)` where it is a key or goes to a set."""
    parent = at.parent(node)
    is_key = isinstance(parent, ast.Subscript) and parent.slice is node
    is_added = isinstance(parent, ast.Call) and getattr(parent.func, "attr", "") in {"add", "get"}
    is_searched = isinstance(parent, ast.Compare) and isinstance(parent.ops[0], ast.In | ast.NotIn)
    if (is_key or is_added or is_searched) and at.scope.kind(node) not in NUMBERS | {"str"}:
        for call, weight in (("tuple", 1.0), ("str", 0.5), ("frozenset", 0.5), ("int", 0.3)):
            yield at.replace(node, f"{call}({at.code(node)})", weight)


_VALUES: Final = (ast.Name, ast.Call, ast.BinOp, ast.Attribute, ast.Subscript)
TEMPLATES: Final = (
    Template(
        "division",
        "conversions",
        "Mutate Data Type FP7, Integer Division FP8 (TBar)",
        0.083,
        (ast.BinOp,),
        _division,
    ),
    Template("modulo", "operators", "missing modulo", 0.026, _VALUES, _modulo),
    Template(
        "concatenated",
        "conversions",
        "Mutate Data Type FP7 (TBar)",
        0.266,
        (ast.BinOp,),
        _concatenated,
    ),
    Template(
        "tolerant",
        "conversions",
        "comparison of floating numbers",
        0.208,
        (ast.Compare,),
        _tolerant,
    ),
    Template("hashable", "conversions", "unhashable key", 0.061, _VALUES, _hashable),
)
