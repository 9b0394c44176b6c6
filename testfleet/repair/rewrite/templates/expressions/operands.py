"""Operands: swapped, left out, put in, regrouped."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS
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
        else:
            token = at.source.text[start:end].strip(" ()")
            yield at.replace(node, f"{right} {token} {left}", weight)
    elif len(node.ops) == 1 and isinstance(node.ops[0], ast.In | ast.NotIn):
        yield at.swap(node.left, node.comparators[0], 0.5)


def _one_operand(node: ast.BinOp, at: Place) -> Drafts:
    yield at.replace(node, at.operand(node.left), 0.8)
    if not isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow):
        yield at.replace(node, at.operand(node.right), 0.7)
    else:
        yield at.replace(node, at.operand(node.right), 0.4)


def _regrouped(node: ast.BinOp, at: Place) -> Drafts:
    """Other parentheses in a chain of operators: `a + b * c` to `(a + b) * c` and back."""
    if isinstance(at.parent(node), ast.BinOp):
        return
    product = node.right
    if isinstance(product, ast.BinOp) and isinstance(product.op, ast.Mult):
        left, one, other = (at.operand(each) for each in (node.left, product.left, product.right))
        sign = at.source.text[at.source.end(node.left) : at.source.start(node.right)].strip(" ()")
        if isinstance(node.op, ast.Add | ast.Sub) and len(sign) == 1:
            yield at.replace(node, f"{left} * {other} {sign} {one}", 0.7)
    parts = list(_operands(node, at))
    for first, last in combinations(range(len(parts)), 2):
        if last - first < len(parts) - 1 and len(parts) <= 7:
            start, end = at.source.start(parts[first]), at.source.end(parts[last])
            yield Draft((Edit(start, start, "("), Edit(end, end, ")")), 0.8)
    for inner in ast.walk(node):
        if isinstance(inner, ast.BinOp) and inner is not node and _in_parentheses(inner, at):
            start, end = at.source.start(inner), at.source.end(inner)
            yield Draft((Edit(start - 1, start, ""), Edit(end, end + 1, "")), 0.8)


def _operands(node: ast.expr, at: Place) -> Iterator[ast.expr]:
    """Operands of a chain, those within parentheses as one."""
    if isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            if isinstance(side, ast.BinOp) and _in_parentheses(side, at):
                yield side
            else:
                yield from _operands(side, at)
    else:
        yield node


def _in_parentheses(node: ast.expr, at: Place) -> bool:
    start, end = at.source.start(node), at.source.end(node)
    return at.source.text[start - 1 : start] == "(" and at.source.text[end : end + 1] == ")"


def _branches(node: ast.IfExp, at: Place) -> Drafts:
    yield at.swap(node.body, node.orelse, 1.0)
    yield at.replace(node, at.operand(node.body), 0.4)
    yield at.replace(node, at.operand(node.orelse), 0.4)


TEMPLATES: Final = (
    Template(
        "swapped-operands", "order", "swapped operands", 0.841, (ast.BinOp, ast.Compare), _swapped
    ),
    Template(
        "one-operand",
        "operators",
        "Arithmetic Operator Deletion (PIT)",
        0.666,
        (ast.BinOp,),
        _one_operand,
    ),
    Template("regrouped", "operators", "changed precedence", 0.626, (ast.BinOp,), _regrouped),
    Template(
        "branches",
        "conditions",
        "swapped branches of a conditional expression",
        0.585,
        (ast.IfExp,),
        _branches,
    ),
)
