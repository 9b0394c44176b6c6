"""Operands: swapped, left out, put in, regrouped."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, likeness
from testfleet.repair.rewrite.reading.source import Edit

_COMMUTE: Final = (ast.Add, ast.Mult, ast.BitAnd, ast.BitOr, ast.BitXor)


def _swapped(node: ast.BinOp | ast.Compare, at: Place) -> Drafts:
    if isinstance(node, ast.BinOp):
        is_text = at.scope.kind(node.left) in {"str", "list"}
        commutes = isinstance(node.op, _COMMUTE) and not is_text
        weight = 0.1 if commutes and at.scope.kind(node.left) in NUMBERS else 0.8
        left, right = at.operand(node.left), at.operand(node.right)
        start, end = at.source.end(node.left), at.source.start(node.right)
        if "(" not in at.source.text[start:end] and ")" not in at.source.text[start:end]:
            yield at.replace(node, f"{right}{at.source.text[start:end]}{left}", weight)
    elif len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
        yield at.swap(node.left, node.comparators[0], 0.5)


def _one_operand(node: ast.BinOp, at: Place) -> Drafts:
    yield at.replace(node, at.operand(node.left), 0.8)
    if not isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow):
        yield at.replace(node, at.operand(node.right), 0.7)
    else:
        yield at.replace(node, at.operand(node.right), 0.4)


def _regrouped(node: ast.BinOp, at: Place) -> Drafts:
    """`a + b * c` to `(a + b) * c`, `(a + b) * c` to `a + b * c`, `a - b - c` to `a - (b - c)`."""
    left, right = node.left, node.right
    if isinstance(right, ast.BinOp):
        end = at.source.end(right.left)
        if at.source.text[at.source.end(left) : at.source.start(right)].count("(") == 0:
            yield Draft(
                (
                    Edit(at.source.start(left), at.source.start(left), "("),
                    Edit(end, end, ")"),
                )
            )
    if isinstance(left, ast.BinOp):
        between = at.source.text[at.source.end(left) : at.source.start(right)]
        start, end = at.source.start(left.right), at.source.end(right)
        if ")" not in between:
            yield Draft((Edit(start, start, "("), Edit(end, end, ")")))
        else:
            whole = at.source.text[at.source.start(left) : at.source.end(left)]
            bare = f"{whole}{between.replace(')', '', 1)}{at.operand(right)}"
            yield at.replace(node, bare)


def _more_operands(node: ast.expr, at: Place) -> Drafts:
    """`x` to `x + y`, to `max(x, y)`: a term that was forgotten."""
    if not _is_value(node, at):
        return
    kind = at.scope.kind(node)
    text = at.operand(node)
    own = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
    for binding in at.scope.near():
        if binding.name in own:
            continue
        like = likeness(kind, binding.kind)
        if kind in NUMBERS | {""} and binding.kind in NUMBERS | {""}:
            for sign, weight in (("+", 0.9), ("-", 0.8), ("*", 0.4), ("//", 0.15), ("%", 0.2)):
                yield at.replace(node, f"{text} {sign} {binding.name}", weight * like)
            yield at.replace(node, f"{binding.name} - {text}", 0.4 * like)
            for call in ("max", "min"):
                yield at.replace(node, f"{call}({at.code(node)}, {binding.name})", 0.4 * like)
        elif kind == binding.kind and kind in {"str", "list", "tuple"}:
            yield at.replace(node, f"{text} + {binding.name}", 0.8)
            yield at.replace(node, f"{binding.name} + {text}", 0.7)
        elif binding.kind in {"list", "str"} and not kind:
            yield at.replace(node, f"{text} + {binding.name}", 0.3)


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


def _branches(node: ast.IfExp, at: Place) -> Drafts:
    yield at.swap(node.body, node.orelse, 1.0)
    yield at.replace(node, at.operand(node.body), 0.4)
    yield at.replace(node, at.operand(node.orelse), 0.4)


def _is_value(node: ast.expr, at: Place) -> bool:
    parent = at.parent(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    if isinstance(parent, ast.Call):
        name = getattr(parent.func, "id", "")
        return parent.func is not node and name not in {"isinstance", "len", "type", "set", "list"}
    if isinstance(parent, ast.Subscript):
        return parent.slice is node
    if isinstance(parent, ast.Tuple):
        return isinstance(parent.ctx, ast.Load) and isinstance(node, ast.Name | ast.Subscript)
    if isinstance(parent, ast.Compare):
        return not any(isinstance(op, ast.In | ast.NotIn | ast.Is | ast.IsNot) for op in parent.ops)
    return isinstance(parent, ast.Return | ast.Assign | ast.AugAssign | ast.Slice | ast.ListComp)


_VALUES: Final = (ast.Name, ast.Call, ast.Subscript, ast.Attribute, ast.Constant, ast.BinOp)
TEMPLATES: Final = (
    Template(
        "swapped-operands", "order", "swapped operands", 0.35, (ast.BinOp, ast.Compare), _swapped
    ),
    Template(
        "one-operand",
        "operators",
        "Arithmetic Operator Deletion (PIT)",
        0.4,
        (ast.BinOp,),
        _one_operand,
    ),
    Template("regrouped", "operators", "changed precedence", 0.45, (ast.BinOp,), _regrouped),
    Template(
        "more-operands",
        "arguments",
        "expression extended with a variable in scope",
        0.16,
        _VALUES,
        _more_operands,
    ),
    Template(
        "more-places",
        "arguments",
        "expression extended with an ingredient",
        0.16,
        _VALUES,
        _more_places,
    ),
    Template(
        "fallback",
        "returns",
        "default for an empty value",
        0.12,
        (ast.Name, ast.Call, ast.Subscript),
        _fallback,
    ),
    Template(
        "branches",
        "conditions",
        "swapped branches of a conditional expression",
        0.4,
        (ast.IfExp,),
        _branches,
    ),
)
