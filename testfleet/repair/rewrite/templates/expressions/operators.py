"""Operators: arithmetic, bitwise, boolean, comparison, augmented assignment."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import CONTAINERS, NUMBERS
from testfleet.repair.rewrite.reading.source import Edit

_TOKENS: Final[Mapping[type[ast.AST], str]] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.FloorDiv: "//",
    ast.Mod: "%",
    ast.Pow: "**",
    ast.MatMult: "@",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.BitXor: "^",
    ast.LShift: "<<",
    ast.RShift: ">>",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.And: "and",
    ast.Or: "or",
}
_ARITHMETIC: Final[Mapping[str, Mapping[str, float]]] = {
    "+": {"-": 1.0, "*": 0.5, "|": 0.1, "//": 0.1, "%": 0.1, "^": 0.08},
    "-": {"+": 1.0, "*": 0.3, "%": 0.25, "//": 0.2, "/": 0.1},
    "*": {"+": 0.7, "**": 0.5, "//": 0.4, "/": 0.4, "-": 0.25, "%": 0.15},
    "/": {"//": 1.0, "*": 0.6, "%": 0.3, "-": 0.1},
    "//": {"/": 0.9, "%": 0.8, "*": 0.5, "-": 0.1},
    "%": {"//": 1.0, "/": 0.4, "-": 0.3, "*": 0.2},
    "**": {"*": 1.0, "+": 0.2, "//": 0.1},
    "&": {"|": 1.0, "^": 0.8, ">>": 0.2, "%": 0.1},
    "|": {"&": 1.0, "^": 0.8, "+": 0.3},
    "^": {"&": 1.0, "|": 0.9, "**": 0.6, "+": 0.1},
    "<<": {">>": 1.0, "**": 0.2, "*": 0.2},
    ">>": {"<<": 1.0, "//": 0.2, "&": 0.2},
    "@": {"*": 1.0},
}
_COMPARISONS: Final[Mapping[str, Mapping[str, float]]] = {
    "<": {"<=": 1.0, ">": 0.7, ">=": 0.35, "!=": 0.3, "==": 0.15},
    "<=": {"<": 1.0, ">=": 0.6, ">": 0.4, "==": 0.2, "!=": 0.12},
    ">": {">=": 1.0, "<": 0.7, "<=": 0.35, "!=": 0.3, "==": 0.15},
    ">=": {">": 1.0, "<=": 0.6, "<": 0.4, "==": 0.2, "!=": 0.12},
    "==": {"!=": 0.8, "<=": 0.5, ">=": 0.5, "in": 0.3, "is": 0.15, "<": 0.25, ">": 0.25},
    "!=": {"==": 0.8, "<": 0.5, ">": 0.5, "not in": 0.25, "is not": 0.15, "<=": 0.1, ">=": 0.1},
    "is": {"==": 1.0, "is not": 0.7, "in": 0.1},
    "is not": {"!=": 1.0, "is": 0.7},
    "in": {"not in": 1.0, "==": 0.4, "is": 0.1},
    "not in": {"in": 1.0, "!=": 0.4},
}
_BITWISE: Final = ("&", "|", "^", "<<", ">>")


def _arithmetic(node: ast.BinOp, at: Place) -> Drafts:
    token = _TOKENS[type(node.op)]
    place = at.source.token(at.source.end(node.left), at.source.start(node.right), token)
    if place is None:
        return
    is_text = "str" in {at.scope.kind(node.left), at.scope.kind(node.right)}
    for other, weight in _ARITHMETIC[token].items():
        likely = weight * (1.6 if token in _BITWISE and other in _BITWISE else 1.0)
        yield Draft((place._replace(text=other),), likely * (0.2 if is_text else 1.0))


def _augmented(node: ast.AugAssign, at: Place) -> Drafts:
    token = _TOKENS[type(node.op)]
    place = at.source.token(at.source.end(node.target), at.source.start(node.value), f"{token}=")
    if place is None:
        return
    for other, weight in _ARITHMETIC[token].items():
        yield Draft((place._replace(text=f"{other}="),), weight)
    yield Draft((place._replace(text="="),), 0.6)


def _accumulate(node: ast.Assign, at: Place) -> Drafts:
    target = node.targets[0]
    if len(node.targets) != 1 or not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return
    place = at.source.token(at.source.end(target), at.source.start(node.value), "=")
    kind = at.scope.kind(target)
    is_own = at.code(target) in at.code(node.value)
    if place is None or not (at.loops() or isinstance(target, ast.Attribute) or is_own):
        return
    number = kind in NUMBERS or not kind
    yield Draft((place._replace(text="+="),), 1.0)
    if number and not isinstance(node.value, ast.Constant):
        yield at.replace(node.value, f"{at.code(target)} * 10 + {at.operand(node.value)}", 0.15)
    for other, weight in (("-=", 0.4), ("*=", 0.3), ("|=", 0.15)):
        yield Draft((place._replace(text=other),), weight if number else weight / 3)


def _comparison(node: ast.Compare, at: Place) -> Drafts:
    left = node.left
    for op, right in zip(node.ops, node.comparators, strict=True):
        token = _TOKENS[type(op)]
        place = at.source.token(at.source.end(left), at.source.start(right), token.split()[0])
        left = right
        if place is None:
            continue
        if " " in token:
            second = at.source.token(place.end, at.source.start(right), token.split()[1])
            if second is None:
                continue
            place = place._replace(end=second.end)
        holds = token in {"in", "not in"} and at.scope.kind(right) in CONTAINERS - {"str"}
        for other, weight in _COMPARISONS[token].items():
            if other in {"in", "not in"} or not holds:  # A key never equals what holds it.
                yield Draft((place._replace(text=other),), weight * _fit(other, right, at))


def _comparisons(node: ast.BoolOp, at: Place) -> Drafts:
    """The same comparison operator of all parts that have it: who takes `>` for `>=` in the check
    of a row does so in the check of its column."""
    alike: dict[str, list[Edit]] = {}
    for part in node.values:
        if isinstance(part, ast.Compare) and len(part.ops) == 1:
            token = _TOKENS[type(part.ops[0])]
            start, end = at.source.end(part.left), at.source.start(part.comparators[0])
            place = at.source.token(start, end, token)
            if place is not None and " " not in token:
                alike.setdefault(token, []).append(place)
    for token, places in alike.items():
        for other, weight in _COMPARISONS[token].items():
            if len(places) > 1:
                yield Draft(tuple(place._replace(text=other) for place in places), weight)


def _fit(operator: str, right: ast.expr, at: Place) -> float:
    if operator in {"in", "not in"}:
        return 1.0 if at.scope.kind(right) not in NUMBERS else 0.1
    if operator in {"is", "is not"}:
        return 1.0 if isinstance(right, ast.Constant) else 0.3
    return 1.0


def _boolean(node: ast.BoolOp, at: Place) -> Drafts:
    word = _TOKENS[type(node.op)]
    other = "or" if word == "and" else "and"
    edits = []
    for left, right in zip(node.values, node.values[1:], strict=False):
        place = at.source.token(at.source.end(left), at.source.start(right), word)
        if place is not None:
            edits.append(place._replace(text=other))
    if len(edits) == len(node.values) - 1:
        yield Draft(tuple(edits), 1.0)
    if len(edits) > 1:
        for edit in edits:
            yield Draft((edit,), 0.4)


def _sign(node: ast.expr, at: Place) -> Drafts:
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.USub | ast.Invert | ast.UAdd):
            yield at.replace(node, at.operand(node.operand), 1.0)
        return
    parent = at.parent(node)
    is_value = isinstance(parent, ast.Return | ast.Assign | ast.Call | ast.Tuple | ast.keyword)
    loads = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    if is_value and loads and at.scope.kind(node) in {"int", "float", ""}:
        is_function = isinstance(parent, ast.Call) and parent.func is node
        if not is_function and not isinstance(node, ast.Constant | ast.List | ast.Dict):
            yield at.replace(node, f"-{at.operand(node)}", 0.4)


TEMPLATES: Final = (
    Template(
        "arithmetic-operator",
        "operators",
        "Math Mutator (PIT), arithmetic operator replacement (PraPR)",
        0.625,
        (ast.BinOp,),
        _arithmetic,
    ),
    Template(
        "augmented-operator",
        "operators",
        "arithmetic operator replacement, of an augmented assignment",
        0.73,
        (ast.AugAssign,),
        _augmented,
    ),
    Template(
        "accumulate",
        "operators",
        "assignment made an augmented one",
        0.374,
        (ast.Assign,),
        _accumulate,
    ),
    Template(
        "comparison-operator",
        "operators",
        "Conditionals Boundary and Negate Conditionals (PIT), Mutate Operators FP11 (TBar)",
        0.803,
        (ast.Compare,),
        _comparison,
    ),
    Template(
        "comparisons-alike",
        "operators",
        "Conditionals Boundary (PIT), of all parts of a condition",
        0.3,
        (ast.BoolOp,),
        _comparisons,
    ),
    Template(
        "boolean-operator",
        "operators",
        "Mutate Operators FP11 (TBar)",
        0.742,
        (ast.BoolOp,),
        _boolean,
    ),
    Template(
        "sign",
        "operators",
        "Invert Negatives (PIT)",
        0.079,
        (ast.UnaryOp, ast.Name, ast.Call, ast.BinOp, ast.Subscript, ast.Attribute),
        _sign,
    ),
)
