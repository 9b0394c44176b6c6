"""One more or one less: of an index, a bound, an argument, a value."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS
from testfleet.repair.rewrite.reading.pool import names_read

_VALUES: Final = (ast.Name, ast.Call, ast.Subscript, ast.Attribute, ast.BinOp)
STEP: Final = 4.0
_OTHER_CALLS: Final = frozenset({"set", "list", "dict", "tuple", "sorted", "print", "iter", "str"})


def _one_more(node: ast.expr, at: Place) -> Drafts:
    role = _role(node, at)
    kind = at.scope.kind(node)
    if not role or kind not in {"int", "float", ""} or _is_step(node):
        return
    likely = role * (1.0 if kind == "int" else 0.55) * (STEP if _goes_on(node, at) else 1.0)
    text = at.code(node) if isinstance(node, ast.BinOp) and _is_sum(node) else at.operand(node)
    if _inside_product(node, at):
        yield at.replace(node, f"({text} + 1)", likely * 0.5)
        yield at.replace(node, f"({text} - 1)", likely * 0.5)
        return
    yield at.replace(node, f"{text} + 1", likely)
    yield at.replace(node, f"{text} - 1", likely)


def _goes_on(node: ast.expr, at: Place) -> bool:
    """Whether it is assigned to what the condition of a loop around it reads: a step too small."""
    parent = at.parent(node)
    if not isinstance(parent, ast.Assign) or not isinstance(parent.targets[0], ast.Name):
        return False
    name = parent.targets[0].id
    return any(isinstance(w, ast.While) and name in names_read(w.test) for w in at.loops())


def _no_step(node: ast.BinOp, at: Place) -> Drafts:
    """`x + 1` to `x`, to `x - 1` and to `x + 2`."""
    if not _is_step(node):
        return
    constant, rest = node.right, node.left
    if not isinstance(constant, ast.Constant):
        constant, rest = node.left, node.right
    yield at.replace(node, at.operand(rest), 1.0)
    sign = "-" if isinstance(node.op, ast.Add) else "+"
    # Operators of one level bind from the left: what stood there needs no parentheses.
    text = (
        at.code(rest) if rest is node.left and not _in_parentheses(rest, at) else at.operand(rest)
    )
    yield at.replace(node, f"{text} {sign} {at.code(constant)}", 0.8)
    if isinstance(constant, ast.Constant) and isinstance(constant.value, int):
        yield at.replace(constant, str(constant.value + 1), 0.3)


def _in_parentheses(node: ast.expr, at: Place) -> bool:
    return at.source.text.startswith(")", at.source.end(node))


def _range_bounds(node: ast.Call, at: Place) -> Drafts:
    if not (isinstance(node.func, ast.Name) and node.func.id == "range" and node.args):
        return
    stop = node.args[1] if len(node.args) > 1 else node.args[0]
    if len(node.args) == 1 and isinstance(stop, ast.Constant):
        for binding in at.scope.near():
            if binding.kind in NUMBERS | {""}:
                for end in ("", " + 1"):
                    yield at.replace(stop, f"{at.code(stop)}, {binding.name}{end}", 0.5)
                root = f"int({binding.name} ** 0.5) + 1"
                yield at.replace(stop, f"{at.code(stop)}, {root}", 0.3)
            else:
                yield at.replace(stop, f"{at.code(stop)}, len({binding.name})", 0.5)
        return
    if len(node.args) == 1:
        yield at.replace(stop, f"1, {at.code(stop)}", 0.9)
        yield at.replace(stop, f"1, {at.code(stop)} + 1", 0.8)
        yield at.replace(stop, f"{at.code(stop)} - 1, -1, -1", 0.4)
        yield at.replace(stop, f"2, {at.code(stop)} + 1", 0.2)
        return
    start = node.args[0]
    if isinstance(start, ast.Constant) and len(node.args) == 2:
        yield at.replace(node, f"range({at.code(stop)})", 0.6)
    if len(node.args) == 2:
        swapped = f"range({at.code(stop)}, {at.code(start)}, -1)"
        yield at.replace(node, swapped, 0.3)
        yield at.replace(node, f"range({_one_less(stop, at)}, {_one_less(start, at)}, -1)", 0.9)
        yield at.replace(node, f"range({at.operand(start)} + 1, {at.operand(stop)} + 1)", 0.4)
        yield at.replace(stop, f"{at.code(stop)}, 2", 0.2)
    else:
        yield at.replace(node, f"range({at.code(start)}, {at.code(stop)})", 0.4)


def _one_less(node: ast.expr, at: Place) -> str:
    """`x - 1`; `x` for `x + 1`, -1 for 0."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return str(node.value - 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        right = node.right
        if isinstance(right, ast.Constant) and right.value == 1:
            return at.operand(node.left)
    return f"{at.operand(node)} - 1"


def _role(node: ast.expr, at: Place) -> float:
    """How often such a node is off by one where it stands; 0 where it cannot be a number."""
    parent = at.parent(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return 0.0
    if isinstance(parent, ast.Subscript):
        return 0.8 if parent.slice is node else 0.0
    if isinstance(parent, ast.Call):
        return _role_of_argument(node, parent)
    if isinstance(parent, ast.Compare):
        return 0.55 if all(not isinstance(op, ast.In | ast.NotIn) for op in parent.ops) else 0.0
    return _ROLES.get(type(parent), 0.0) if parent is not None else 0.0


_ROLES: Final[Mapping[type[ast.AST], float]] = {
    ast.Slice: 1.0,
    ast.Return: 0.6,
    ast.Assign: 0.45,
    ast.AugAssign: 0.45,
    ast.Tuple: 0.45,
    ast.keyword: 0.45,
    ast.BinOp: 0.35,
    ast.IfExp: 0.3,
    ast.Yield: 0.3,
    ast.List: 0.3,
}


def _role_of_argument(node: ast.expr, call: ast.Call) -> float:
    name = getattr(call.func, "id", "") or getattr(call.func, "attr", "")
    if call.func is node or name in _OTHER_CALLS or name == "len":
        return 0.0
    return 1.0 if name == "range" else 0.5


def _is_sum(node: ast.BinOp) -> bool:
    return isinstance(node.op, ast.Add | ast.Sub | ast.Mult | ast.FloorDiv | ast.Mod | ast.Div)


def _is_step(node: ast.expr) -> bool:
    if not (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Sub)):
        return False
    right = isinstance(node.right, ast.Constant) and type(node.right.value) in {int, float}
    left = isinstance(node.left, ast.Constant) and type(node.left.value) in {int, float}
    return right or (left and isinstance(node.op, ast.Add))


def _inside_product(node: ast.expr, at: Place) -> bool:
    parent = at.parent(node)
    return isinstance(parent, ast.BinOp) and not isinstance(parent.op, ast.Add | ast.Sub)


def _negated_index(node: ast.Subscript, at: Place) -> Drafts:
    """`a[0]` to `a[-1]`, `a[i]` to `a[-i]` and to `a[-i - 1]`."""
    if isinstance(node.slice, ast.Slice | ast.Tuple):
        return
    index = node.slice
    if isinstance(index, ast.Constant) and index.value == 0:
        yield at.replace(index, "-1", 1.0)
    elif isinstance(index, ast.UnaryOp) and isinstance(index.op, ast.USub):
        yield at.replace(index, "0", 0.9)
    elif at.scope.kind(index) in NUMBERS:
        yield at.replace(index, f"-{at.operand(index)}", 0.2)
        yield at.replace(index, f"-{at.operand(index)} - 1", 0.2)


TEMPLATES: Final = (
    Template(
        "one-more",
        "off_by_one",
        "off-by-one; Arg/ROR boundary (PIT)",
        0.256,
        _VALUES,
        _one_more,
        STEP,
    ),
    Template(
        "no-step", "off_by_one", "Arithmetic Operator Deletion (PIT)", 1, (ast.BinOp,), _no_step
    ),
    Template("range-bounds", "bounds", "loop bounds", 0.254, (ast.Call,), _range_bounds),
    Template(
        "negated-index", "bounds", "index from the end", 0.101, (ast.Subscript,), _negated_index
    ),
)
