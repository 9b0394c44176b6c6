"""The wrong variable, attribute of a variable, or function."""

from __future__ import annotations

import ast
from difflib import SequenceMatcher
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import likeness
from testfleet.repair.rewrite.reading.scope import Binding

MAX_OTHERS: Final = 14
"""Names that one name is replaced by."""


def _other_variable(node: ast.Name, at: Place) -> Drafts:
    """Another variable of a compatible kind; the nearest, the likest and the suggested first."""
    if not isinstance(node.ctx, ast.Load) or _is_called(node, at):
        return
    own = at.scope.bindings.get(node.id)
    is_missing = own is None or node.id in at.hints.missing
    ranked = sorted(
        ((_fitness(node, own, other, at), other.name) for other in at.scope.values()),
        key=lambda item: (-item[0], item[1]),
    )
    for weight, name in ranked[:MAX_OTHERS]:
        if name != node.id:
            yield at.replace(node, name, 1.0 if is_missing and weight > 0.5 else weight)


def _fitness(node: ast.Name, own: Binding | None, other: Binding, at: Place) -> float:
    kind = own.kind if own else ""
    asked = _asked_for(node, at)
    is_misfit = bool(asked and kind) and likeness(kind, asked) < 0.2
    weight = 1.7 * likeness(asked, other.kind) if is_misfit else likeness(kind, other.kind)
    if other.name in at.hints.meant:
        return 1.0
    if other.place in {"outer", "module"}:
        weight *= 0.5 if other.place == "outer" else 0.25
    elif other.line > node.lineno and not at.loops():
        weight *= 0.2
    similar = SequenceMatcher(None, node.id, other.name).ratio()
    beside = _beside(node, at)
    if other.name in beside:
        weight *= 0.5  # `a - b` is seldom meant to be `b - b`
    elif node.id in beside:
        weight *= 1.7
    paired = any(swap.get(node.id) == other.name for swap in at.scope.swaps)
    return weight * (1.3 if paired else 0.75 + 0.25 * similar)


def _asked_for(node: ast.Name, at: Place) -> str:
    """The kind of value that must stand in the name's place; empty where any can."""
    parent = at.parent(node)
    if isinstance(parent, ast.BinOp):
        other = parent.right if parent.left is node else parent.left
        adds = isinstance(parent.op, ast.Add) and at.scope.kind(other) == "int"
        counts = isinstance(parent.op, ast.Sub | ast.FloorDiv | ast.Pow)
        return "int" if adds or counts else ""
    if isinstance(parent, ast.Slice):
        return "int"
    if isinstance(parent, ast.Subscript):
        return "list" if parent.value is node else ""
    if isinstance(parent, ast.For | ast.comprehension):
        return "list" if parent.iter is node else ""
    called = parent.func if isinstance(parent, ast.Call) else None
    return {"range": "int", "len": "list"}.get(getattr(called, "id", ""), "")


def _beside(node: ast.Name, at: Place) -> set[str]:
    """Names that stand beside it as operands or arguments of the same thing."""
    parent = at.parent(node)
    if not isinstance(parent, ast.BinOp | ast.Compare | ast.Call | ast.Tuple | ast.BoolOp):
        return set()
    children = (c for c in ast.iter_child_nodes(parent) if c is not node)
    return {child.id for child in children if isinstance(child, ast.Name)}


def _item_or_whole(node: ast.Name, at: Place) -> Drafts:
    """`x` to `a[x]` and `x.y`, as the function already writes them."""
    if not isinstance(node.ctx, ast.Load) or _is_called(node, at):
        return
    texts = dict.fromkeys(
        place.text
        for place in at.pool.places
        if place.function is at.function and node.id in place.names and "(" not in place.text
    )
    for index, text in enumerate(texts):
        if index < 6:
            yield at.replace(node, text, 0.8 - 0.08 * index)
    calls = dict.fromkeys(
        call.text
        for call in at.pool.calls
        if call.function is at.function and node.id in call.names and len(call.text) < 40
    )
    for text in islice(calls, 4):
        if text not in at.code(at.statement):
            yield at.replace(node, text, 1.0)


def _whole_or_item(node: ast.Subscript | ast.Attribute, at: Place) -> Drafts:
    """`a[x]` to `x` and `a`; `x.y` to `x`."""
    if not isinstance(node.ctx, ast.Load) or _is_called(node, at):
        return
    yield at.replace(node, at.code(node.value), 0.7)
    if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Constant):
        yield at.replace(node, at.code(node.slice), 0.8)


def _variable_for_place(node: ast.Subscript | ast.Attribute, at: Place) -> Drafts:
    """A variable instead of an item or attribute."""
    if not isinstance(node.ctx, ast.Load) or _is_called(node, at):
        return
    own, kind = at.code(node), at.scope.kind(node)
    for binding in at.scope.near():
        if binding.name != own:
            yield at.replace(node, binding.name, 0.7 * likeness(kind, binding.kind))


def _other_place(node: ast.Subscript | ast.Attribute, at: Place) -> Drafts:
    """Another item or attribute that the function already uses."""
    if isinstance(node.ctx, ast.Del) or _is_called(node, at):
        return
    own = at.code(node)
    texts = dict.fromkeys(p.text for p in at.pool.places if p.function is at.function)
    for index, text in enumerate(text for text in texts if text != own):
        if index < 6:
            yield at.replace(node, text, 0.6 - 0.06 * index)


def _variable_for_constant(node: ast.Constant, at: Place) -> Drafts:
    """A constant that should be a variable, and a variable's length."""
    if isinstance(at.parent(node), ast.JoinedStr | ast.Expr) or isinstance(node.value, str):
        return
    kind = at.scope.kind(node)
    for binding in at.scope.near():
        if binding.kind == kind or not binding.kind or kind == "none":
            yield at.replace(node, binding.name, 0.8 * likeness(kind, binding.kind))
        elif kind == "int" and binding.kind in {"list", "str", "tuple", "dict", "set"}:
            yield at.replace(node, f"len({binding.name})", 0.5)
    places = dict.fromkeys(p.text for p in at.pool.places if p.function is at.function)
    for index, text in enumerate(islice((p for p in places if "(" not in p), 6)):
        yield at.replace(node, text, 0.4 - 0.04 * index)


def _constant_for_variable(node: ast.Name, at: Place) -> Drafts:
    if not isinstance(node.ctx, ast.Load) or _is_called(node, at):
        return
    kind = at.scope.kind(node)
    texts = {"int": ("0", "1"), "str": ("''",), "list": ("[]",), "bool": ("True", "False")}
    for text in texts.get(kind, ("0", "None", "1", "True", "[]")):
        yield at.replace(node, text, 0.3 if kind else 0.2)


def _is_called(node: ast.expr, at: Place) -> bool:
    parent = at.parent(node)
    return isinstance(parent, ast.Call) and parent.func is node


TEMPLATES: Final = (
    Template(
        "other-variable",
        "names",
        "Mutate Variable FP13 (TBar); variable replacement (PraPR)",
        0.218,
        (ast.Name,),
        _other_variable,
        2.5,
    ),
    Template(
        "item-or-whole",
        "names",
        "Mutate Variable FP13.2 (TBar)",
        0.03,
        (ast.Name,),
        _item_or_whole,
    ),
    Template(
        "whole-or-item",
        "names",
        "Mutate Variable FP13.2 (TBar)",
        0.048,
        (ast.Subscript, ast.Attribute),
        _whole_or_item,
    ),
    Template(
        "other-place",
        "names",
        "Mutate Variable FP13.2 (TBar)",
        0.313,
        (ast.Subscript, ast.Attribute),
        _other_place,
    ),
    Template(
        "variable-for-constant",
        "names",
        "Mutate Literal FP9.2 (TBar)",
        0.029,
        (ast.Constant,),
        _variable_for_constant,
    ),
    Template(
        "constant-for-variable",
        "constants",
        "Mutate Variable FP13.2 (TBar)",
        0.028,
        (ast.Name,),
        _constant_for_variable,
    ),
    Template(
        "variable-for-place",
        "names",
        "Mutate Variable FP13.2 (TBar)",
        0.038,
        (ast.Subscript, ast.Attribute),
        _variable_for_place,
    ),
)
