"""Expressions that something is added to: a term, a choice, a default."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.atoms import atoms
from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, likeness
from testfleet.repair.rewrite.reading.scope import Binding

SPAN: Final = 8.0
"""Weight of what the names around an expression ask for."""
SENTINEL: Final = 20.0
"""Weight of a result for where the least that was looked for is still infinite."""


def _more_operands(node: ast.expr, at: Place) -> Drafts:
    """`x` to `x + y`, to `max(x, y)`: a term that was forgotten."""
    if not _is_value(node, at):
        return
    kind = at.scope.kind(node)
    text = at.operand(node)
    own = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    for binding in (b for b in at.scope.near() if b.name not in own):
        if kind in NUMBERS | {""} and binding.kind in NUMBERS | {""}:
            yield from _calculated(node, binding, at)
        elif kind in {"int", ""} and binding.kind in {"list", "str", "set", "dict"}:
            for sign, weight in (("-", 0.4), ("//", 0.1), ("/", 0.25), ("%", 0.3), ("+", 0.2)):
                yield at.replace(node, f"{text} {sign} len({binding.name})", weight)
        elif kind == binding.kind and kind in {"str", "list", "tuple"}:
            yield at.replace(node, f"{text} + {binding.name}", 0.8)
            yield at.replace(node, f"{binding.name} + {text}", 0.7)
        elif binding.kind in {"list", "str"} and not kind:
            yield at.replace(node, f"{text} + {binding.name}", 0.3)


def _calculated(node: ast.expr, binding: Binding, at: Place) -> Drafts:
    """The expression and a number in scope."""
    like = likeness(at.scope.kind(node), binding.kind)
    text = at.operand(node)
    # A span is the one less the other: `high + 1` of `low` and `high` is `high - low + 1`.
    span = SPAN if any(swap.get(text) == binding.name for swap in at.scope.swaps) else 1.0
    for sign, weight in (("+", 0.9), ("-", 0.8), ("*", 0.4), ("//", 0.15), ("%", 0.2)):
        likely = weight * like * (span if sign == "-" else 1.0)
        yield at.replace(node, f"{text} {sign} {binding.name}", likely)
    yield at.replace(node, f"{binding.name} - {text}", 0.4 * like)
    for call in ("max", "min"):
        yield at.replace(node, f"{call}({at.code(node)}, {binding.name})", 0.4 * like)


def _with_constant(node: ast.expr, at: Place) -> Drafts:
    """`x` to `x * 2`, `x // 2`, `x * x`, `1 - x`, `x % 26` with a number of the function."""
    if not _is_value(node, at) or at.scope.kind(node) not in NUMBERS | {""}:
        return
    text = at.operand(node)
    likely = 1.0 if at.scope.kind(node) else 0.5
    texts = (f"{text} * 2", f"{text} // 2", f"{text} * {text}", f"1 - {text}", f"2 ** {text}")
    for index, other in enumerate((*texts, f"{text} % 2", f"{text} / 2", f"1 / {text}")):
        yield at.replace(node, other, (0.6 - 0.05 * index) * likely)
    for number in sorted(_numbers(at)):
        for sign, weight in (("%", 0.6), ("*", 0.3), ("+", 0.3), ("-", 0.3)):
            yield at.replace(node, f"{text} {sign} {number}", weight * likely)


def _numbers(at: Place) -> set[int]:
    """Integers of the function that are more than a step."""
    function = at.function
    nodes = ast.walk(function) if function is not None else ()
    values = {n.value for n in nodes if isinstance(n, ast.Constant) and type(n.value) is int}
    return {value for value in values if value > 2}


def _joined_lists(node: ast.expr, at: Place) -> Drafts:
    """`x` to `[y] + x`, `x + [y]`, `x + f(y)` with what the function uses."""
    if not _is_value(node, at) or at.scope.kind(node) in NUMBERS | {"str", "dict", "set"}:
        return
    text = at.operand(node)
    own = at.code(node)
    places = [p.text for p in at.pool.places if p.function is at.function and p.text not in own]
    for index, place in enumerate(islice(dict.fromkeys(places), 6)):
        yield at.replace(node, f"[{place}] + {text}", 0.8 - 0.08 * index)
        yield at.replace(node, f"{text} + [{place}]", 0.7 - 0.08 * index)
    for binding in at.scope.near():
        if binding.name not in own and binding.kind not in {"list", "set", "dict"}:
            yield at.replace(node, f"[{binding.name}] + {text}", 0.5)
            yield at.replace(node, f"{text} + [{binding.name}]", 0.5)
    calls = [c.text for c in at.pool.calls if c.function is at.function and c.text not in own]
    for call in islice(dict.fromkeys(calls), 5):
        yield at.replace(node, f"{text} + {call}", 0.6)


def _chosen(node: ast.expr, at: Place) -> Drafts:
    """`x` to `x if <condition> else y`."""
    if not isinstance(at.parent(node), ast.Return | ast.Assign):
        return
    text = at.operand(node)
    sentinels = _sentinels(at) if isinstance(at.parent(node), ast.Return) else []
    for sentinel in (each for each in sentinels if each != text):
        for other, weight in (("-1", SENTINEL), ("None", 0.8 * SENTINEL), ("0", 0.4 * SENTINEL)):
            yield at.replace(node, f"{text} if {text} != {sentinel} else {other}", weight)
            yield at.replace(node, f"{text} if {text} < {sentinel} else {other}", weight)
    for test, weight in islice(atoms(at, node), 12):
        for other in ("None", "0", "-1", "[]", "''", "1"):
            yield at.replace(node, f"{text} if {test} else {other}", 0.8 * weight)
        for binding in at.scope.near()[:4]:
            if binding.name != text:
                yield at.replace(node, f"{text} if {test} else {binding.name}", 0.6 * weight)


def _sentinels(at: Place) -> list[str]:
    """What stands for "none yet" in a search for the least: infinity, by its name or value."""
    nodes = [n for n in ast.walk(at.function) if isinstance(n, ast.expr)] if at.function else []
    names = {n.id for n in nodes if isinstance(n, ast.Name) and n.id.lower()[:3] == "inf"}
    calls = {at.code(n) for n in nodes if isinstance(n, ast.Call)}
    values = {text for text in calls if text in {"float('inf')", 'float("inf")'}}
    return sorted(names | values)


def _more_places(node: ast.expr, at: Place) -> Drafts:
    """A term that the function itself already uses: `x` to `x + seen[y]`."""
    if not _is_value(node, at) or at.scope.kind(node) not in NUMBERS | {""}:
        return
    own = at.code(node)
    places = [p for p in at.pool.places if p.function is at.function and p.text not in own]
    for index, text in enumerate(dict.fromkeys(p.text for p in places)):
        if index >= 8:
            break
        yield at.replace(node, f"{at.operand(node)} + {text}", 0.8 - 0.06 * index)
        yield at.replace(node, f"{at.operand(node)} - {text}", 0.4 - 0.03 * index)


def _fallback(node: ast.expr, at: Place) -> Drafts:
    """`return x` to `return x or y`."""
    if not isinstance(at.parent(node), ast.Return | ast.Assign):
        return
    for text, weight in (("[]", 0.4), ("''", 0.3), ("0", 0.3), ("None", 0.3), ("{}", 0.2)):
        yield at.replace(node, f"{at.operand(node)} or {text}", weight)


_PLAIN: Final = frozenset({"isinstance", "len", "type", "set", "list"})
_HOLDERS: Final = (ast.Return, ast.Assign, ast.AugAssign, ast.Slice, ast.ListComp)


def _is_value(node: ast.expr, at: Place) -> bool:
    parent = at.parent(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    if isinstance(parent, ast.Call):
        return parent.func is not node and getattr(parent.func, "id", "") not in _PLAIN
    if isinstance(parent, ast.Subscript):
        return parent.slice is node
    if isinstance(parent, ast.Compare):
        if isinstance(parent.ops[0], ast.In | ast.NotIn):
            return parent.left is node
        return not any(isinstance(op, ast.Is | ast.IsNot) for op in parent.ops)
    is_element = isinstance(parent, ast.Tuple) and isinstance(node, ast.Name | ast.Subscript)
    # `a + 1` to `a - b + 1`; the other side of a sum is its own place.
    is_left = isinstance(parent, ast.BinOp) and parent.left is node and _is_step(parent)
    return is_element or is_left or isinstance(parent, _HOLDERS)


def _is_step(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.Add | ast.Sub) and isinstance(node.right, ast.Constant)


_VALUES: Final = (ast.Name, ast.Call, ast.Subscript, ast.Attribute, ast.Constant, ast.BinOp)
TEMPLATES: Final = (
    Template(
        "more-operands",
        "arguments",
        "expression extended with a variable in scope",
        0.007,
        _VALUES,
        _more_operands,
        SPAN,
    ),
    Template(
        "more-places",
        "arguments",
        "expression extended with an ingredient",
        0.01,
        _VALUES,
        _more_places,
    ),
    Template(
        "with-constant",
        "operators",
        "expression extended with a number",
        0.01,
        _VALUES,
        _with_constant,
    ),
    Template(
        "joined-lists",
        "arguments",
        "list extended with an ingredient",
        0.01,
        (ast.Name, ast.Call, ast.Subscript, ast.BinOp),
        _joined_lists,
    ),
    Template(
        "chosen",
        "guards",
        "Insert Null Pointer Checker FP2 (TBar)",
        0.004,
        _VALUES,
        _chosen,
        SENTINEL,
    ),
    Template(
        "fallback",
        "returns",
        "default for an empty value",
        0.035,
        (ast.Name, ast.Call, ast.Subscript),
        _fallback,
    ),
)
