"""Conditions: negated, with a part less, with a part more."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.atoms import atoms
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.source import Edit

_LEAVES: Final = (ast.Return, ast.Continue, ast.Break, ast.Raise)
_PROTECTS: Final = ("is not None", "len(", ">= 0", " in ")
_MISSING: Final = ("is None", "not ", "len(")
_TESTED: Final = (ast.If, ast.While, ast.IfExp, ast.Assert)


def _negated(node: ast.If | ast.While | ast.IfExp | ast.Assert, at: Place) -> Drafts:
    test = node.test
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        yield at.replace(test, at.operand(test.operand), 1.0)
    elif not isinstance(test, ast.Constant):
        # A comparison's own operators are mutated as such.
        text = at.operand(test) if isinstance(test, ast.BoolOp) else at.code(test)
        yield at.replace(test, f"not {text}", 0.4 if isinstance(test, ast.Compare) else 1.0)


def _negated_value(node: ast.UnaryOp | ast.Call | ast.Name, at: Place) -> Drafts:
    parent = at.parent(node)
    if isinstance(node, ast.UnaryOp):
        if isinstance(node.op, ast.Not) and not isinstance(parent, _TESTED):
            yield at.replace(node, at.operand(node.operand), 1.0)
    elif isinstance(parent, ast.BoolOp) or (
        isinstance(parent, ast.Return) and at.scope.kind(node) == "bool"
    ):
        yield at.replace(node, f"not {at.code(node)}", 0.7)


def _part_less(node: ast.BoolOp, at: Place) -> Drafts:
    for index, value in enumerate(node.values):
        if index == 0:
            start, end = at.source.start(value), at.source.start(node.values[1])
            rest = at.source.text[start:end]
            if rest.count("(") != rest.count(")"):
                rest_text = f" {_word(node)} ".join(at.operand(v) for v in node.values[1:])
                yield at.replace(node, rest_text, 1.0)
                continue
            yield Draft((Edit(start, end, ""),), 1.0)
        else:
            kept = [v for i, v in enumerate(node.values) if i != index]
            yield at.replace(node, f" {_word(node)} ".join(at.operand(v) for v in kept), 1.0)


def _part_more(node: ast.If | ast.While | ast.IfExp, at: Place) -> Drafts:
    """A conjunct or disjunct made of what is in scope."""
    test = node.test
    text = at.operand(test)
    is_loop = isinstance(node, ast.While)
    if isinstance(test, ast.Constant):
        for atom, weight in atoms(at, test):
            yield at.replace(test, atom, weight)
        return
    plain = at.code(test) if not isinstance(test, ast.BoolOp | ast.IfExp) else text
    joined_and = at.code(test) if _is(test, ast.And) else plain
    joined_or = at.code(test) if _is(test, ast.Or) else plain
    leaves = not is_loop and isinstance(node, ast.If) and isinstance(node.body[-1], _LEAVES)
    either = 1.0 if leaves else (0.7 if isinstance(test, ast.Name) else 0.45)
    for atom, weight in atoms(at, test):
        # What keeps the rest from failing comes first; otherwise the order makes no difference.
        if any(sign in atom for sign in _PROTECTS) or "<" in atom:
            yield at.replace(test, f"{atom} and {joined_and}", weight)
        else:
            yield at.replace(test, f"{joined_and} and {atom}", weight)
        if any(sign in atom for sign in _MISSING):
            yield at.replace(test, f"{atom} or {joined_or}", weight * either)
        else:
            yield at.replace(test, f"{joined_or} or {atom}", weight * either)


def _other_condition(node: ast.If | ast.While | ast.IfExp, at: Place) -> Drafts:
    """Another condition altogether."""
    own = at.code(node.test)
    for atom, weight in atoms(at, node.test):
        if atom != own and not isinstance(node.test, ast.Constant):
            yield at.replace(node.test, atom, weight)
    # A loop that never ends costs the search as much as many other candidates.
    always = 0.02 if isinstance(node, ast.While) else 0.25
    for text, weight in (("True", always), ("False", 0.2)):
        if own != text:
            yield at.replace(node.test, text, weight)


def _emptiness(node: ast.expr, at: Place) -> Drafts:
    """`if x` to `if x is not None`, `if x is None` to `if not x`, `len(x) > 0`."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        right = node.comparators[0]
        if isinstance(right, ast.Constant) and right.value is None:
            left = at.operand(node.left)
            is_none = isinstance(node.ops[0], ast.Is | ast.Eq)
            yield at.replace(node, f"not {left}" if is_none else left, 0.8)
        return
    parent = at.parent(node)
    if isinstance(parent, _TESTED) and parent.test is node:
        yield at.replace(node, f"{at.operand(node)} is not None", 1.0)
        yield at.replace(node, f"{at.operand(node)} is None", 0.4)
        yield at.replace(node, f"len({at.code(node)}) > 1", 0.5)
    elif isinstance(parent, ast.UnaryOp) and isinstance(parent.op, ast.Not):
        yield at.replace(parent, f"{at.operand(node)} is None", 1.0)
        yield at.replace(parent, f"len({at.code(node)}) <= 1", 0.4)
        yield at.replace(parent, f"len({at.code(node)}) < 2", 0.3)
    elif isinstance(parent, ast.BoolOp):
        yield at.replace(node, f"{at.operand(node)} is not None", 0.6)


def _chained(node: ast.Compare, at: Place) -> Drafts:
    """`a < b < c` to its halves, and `a < b and b < c`."""
    if len(node.ops) != 2:
        return
    start, end = at.source.start(node), at.source.end(node)
    middle = node.comparators[0]
    yield Draft((Edit(at.source.end(middle), end, ""),), 0.6)
    yield Draft((Edit(start, at.source.start(middle), ""),), 0.6)


def _compared_part(node: ast.Compare, at: Place) -> Drafts:
    """`x == y` to `x`; `x < y` to `z <= x < y`."""
    parent = at.parent(node)
    if len(node.ops) != 1 or not isinstance(parent, (*_TESTED, ast.BoolOp)):
        return
    yield at.replace(node, at.operand(node.left), 0.6)
    if isinstance(node.ops[0], ast.Lt | ast.LtE):
        lower = [("0", 0.6)]
        lower += [(b.name, 0.3) for b in at.scope.near() if b.kind in {"int", "float", ""}]
        places = dict.fromkeys(p.text for p in at.pool.places if p.function is at.function)
        lower += [(text, 0.4) for text in islice(places, 6)]
        for text, weight in lower:
            if text != at.code(node.left):
                yield at.replace(node, f"{text} <= {at.code(node)}", weight)
                yield at.replace(node, f"{text} < {at.code(node)}", weight * 0.6)


def _type_tested(node: ast.Call, at: Place) -> Drafts:
    """Another type in `isinstance`, or one more."""
    if getattr(node.func, "id", "") != "isinstance" or len(node.args) != 2:
        return
    own = at.code(node.args[1])
    for index, name in enumerate(("list", "dict", "str", "tuple", "int", "float", "set", "bool")):
        if name != own:
            yield at.replace(node.args[1], name, 0.8 - 0.06 * index)
            inside = own.strip("()")
            yield at.replace(node.args[1], f"({inside}, {name})", 0.8 - 0.06 * index)


def _word(node: ast.BoolOp) -> str:
    return "and" if isinstance(node.op, ast.And) else "or"


def _is(test: ast.expr, kind: type[ast.boolop]) -> bool:
    return isinstance(test, ast.BoolOp) and isinstance(test.op, kind)


_IFS: Final = (ast.If, ast.While, ast.IfExp)
TEMPLATES: Final = (
    Template("negated-condition", "conditions", "Negate Conditionals (PIT)", 1, _TESTED, _negated),
    Template(
        "negated-value",
        "conditions",
        "Negate Conditionals (PIT)",
        0.56,
        (ast.UnaryOp, ast.Call, ast.Name),
        _negated_value,
    ),
    Template(
        "condition-part-less",
        "conditions",
        "Mutate Conditional Expression FP6.1, remove (TBar)",
        0.42,
        (ast.BoolOp,),
        _part_less,
    ),
    Template(
        "condition-part-more",
        "conditions",
        "Mutate Conditional Expression FP6.3, insert (TBar); ACS (Xiong et al., ICSE 2017)",
        0.07,
        _IFS,
        _part_more,
    ),
    Template(
        "other-condition",
        "conditions",
        "Mutate Conditional Expression FP6.2, replace (TBar)",
        0.084,
        _IFS,
        _other_condition,
    ),
    Template(
        "emptiness",
        "conditions",
        "NPEFix (Durieux et al., SANER 2017)",
        0.169,
        (ast.Name, ast.Attribute, ast.Call, ast.Compare, ast.Subscript),
        _emptiness,
    ),
    Template(
        "compared-part",
        "conditions",
        "comparison shortened or chained",
        0.064,
        (ast.Compare,),
        _compared_part,
    ),
    Template("type-tested", "conditions", "type of a test", 0.428, (ast.Call,), _type_tested),
    Template(
        "chained-comparison", "conditions", "chained comparison", 0.43, (ast.Compare,), _chained
    ),
)
