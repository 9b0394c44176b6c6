"""Calls put around an expression, and taken away."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, SIZED
from testfleet.repair.rewrite.reading.source import Edit

_AROUND_NUMBER: Final = {
    "abs": 0.7,
    "int": 0.6,
    "str": 0.4,
    "range": 0.3,
    "float": 0.3,
    "round": 0.3,
    "len": 0.3,
}
_AROUND_SIZED: Final = {
    "len": 0.8,
    "sorted": 0.8,
    "list": 0.6,
    "set": 0.6,
    "reversed": 0.4,
    "sum": 0.4,
    "max": 0.35,
    "min": 0.35,
    "tuple": 0.4,
    "enumerate": 0.4,
    "str": 0.2,
    "any": 0.15,
    "all": 0.15,
    "dict": 0.15,
}
_AROUND_TEXT: Final = {"len": 0.6, "int": 0.6, "str": 0.4, "list": 0.4, "set": 0.4, "ord": 0.4}
_METHODS_OF_TEXT: Final = ("lower()", "strip()", "upper()", "split()", "rstrip()", "splitlines()")


def _wrapped(node: ast.expr, at: Place) -> Drafts:
    if not _is_value(node, at):
        return
    kind, text = at.scope.kind(node), at.code(node)
    if kind in SIZED and _counts(node, at):
        yield at.replace(node, f"len({text})", 6.0)
    for call, weight in _calls_around(kind).items():
        if not (isinstance(node, ast.Call) and getattr(node.func, "id", "") == call):
            yield at.replace(node, f"{call}({text})", weight)
    if kind in {"str", ""}:
        for index, method in enumerate(_METHODS_OF_TEXT):
            weight = (0.6 if kind else 0.25) - 0.06 * index
            yield at.replace(node, f"{at.operand(node)}.{method}", weight)
    if kind in {"list", "iterable", ""}:
        for separator in ("''", "' '"):
            yield at.replace(node, f"{separator}.join({text})", 0.4 if kind else 0.15)
    if kind in {"list", "iterable", "tuple", ""} and not isinstance(node, ast.List):
        likely = 1.2 if isinstance(at.parent(node), ast.Return) and kind == "list" else 0.3
        yield at.replace(node, f"sorted({text}, reverse=True)", 0.7 * likely)
        yield at.replace(node, f"{at.operand(node)}[::-1]", likely)


def _wrapped_in_own(node: ast.expr, at: Place) -> Drafts:
    """A call of one of the file's own functions of one parameter."""
    if not _is_value(node, at) or isinstance(node, ast.Constant):
        return
    for function in at.source.functions:
        parameters = [a.arg for a in function.args.args if a.arg not in {"self", "cls"}]
        if len(parameters) - len(function.args.defaults) <= 1 <= len(parameters):
            is_method = isinstance(at.parent(function), ast.ClassDef)
            name = f"self.{function.name}" if is_method else function.name
            if name in at.scope.bindings or is_method:
                weight = 0.8 if function is at.function else 0.5
                yield at.replace(node, f"{name}({at.code(node)})", weight)
    for name in sorted(at.scope.unused):
        if at.scope.kinds.get(name, "") in {"", "function"}:
            yield at.replace(node, f"{name}({at.code(node)})", 2.0)


def _in_collection(node: ast.expr, at: Place) -> Drafts:
    """`x` to `[x]`, `(x,)`, `{x}`; `a + x` to `a + [x]`."""
    if not _is_value(node, at) or isinstance(node, ast.List):
        return
    parent = at.parent(node)
    is_joined = isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Add)
    yield at.replace(node, f"[{at.code(node)}]", 0.9 if is_joined else 0.5)
    if at.scope.kind(node) not in NUMBERS:
        yield at.replace(node, f"({at.code(node)},)", 0.2)


def _unwrapped(node: ast.Call, at: Place) -> Drafts:
    """`f(x)` to `x`, and `x.f()` to `x`."""
    for index, arg in enumerate(node.args[:3]):
        if not isinstance(arg, ast.Starred):
            yield at.replace(node, at.operand(arg), 0.9 - 0.2 * index)
    if isinstance(node.func, ast.Attribute):
        yield at.replace(node, at.operand(node.func.value), 0.7 if not node.args else 0.4)


def _not_called(node: ast.Call, at: Place) -> Drafts:
    """`f()` to `f`: the function itself was meant."""
    if not node.args and not node.keywords:
        yield at.replace(node, at.code(node.func), 1.0)


def _called(node: ast.Name | ast.Attribute, at: Place) -> Drafts:
    """`f` to `f()`: parentheses were forgotten."""
    parent = at.parent(node)
    if not isinstance(node.ctx, ast.Load) or (isinstance(parent, ast.Call) and parent.func is node):
        return
    name = node.id if isinstance(node, ast.Name) else node.attr
    is_known = any(function.name == name for function in at.source.functions)
    if isinstance(node, ast.Attribute):
        yield at.replace(node, f"{at.code(node)}()", 1.0 if is_known else 0.5)
    elif is_known or at.scope.kind(node) == "function":
        yield at.replace(node, f"{at.code(node)}()", 1.0)


def _extreme_of_two(node: ast.Call, at: Place) -> Drafts:
    """`f(x)` to `max(y, f(x))` where the result goes to `y`."""
    parent = at.parent(node)
    if not (isinstance(parent, ast.Assign) and isinstance(parent.targets[0], ast.Name)):
        return
    target = parent.targets[0].id
    for call, weight in (("max", 1.0), ("min", 0.9)):
        yield at.replace(node, f"{call}({target}, {at.code(node)})", weight)


def _accumulated(node: ast.Assign, at: Place) -> Drafts:
    """`y = x` to `y = max(y, x)`, `y = y + x`, `y = y or x`."""
    target = node.targets[0]
    if len(node.targets) != 1 or not isinstance(target, ast.Name | ast.Subscript | ast.Attribute):
        return
    own, value = at.code(target), at.code(node.value)
    if own in value:
        return
    for call, weight in (("max", 0.7), ("min", 0.7)):
        yield at.replace(node.value, f"{call}({own}, {value})", weight)
    yield at.replace(node.value, f"{own} or {at.operand(node.value)}", 0.3)
    yield at.replace(node.value, f"{own} + [{value}]", 0.2)


def _first_or_whole(node: ast.Call, at: Place) -> Drafts:
    """`max(a, b)` gets a third operand; `sum(x)` starts elsewhere."""
    name = getattr(node.func, "id", "")
    if name in {"min", "max"} and node.args:
        for text, weight in (("0", 0.7), ("1", 0.5)):
            end = at.source.end(node.args[-1])
            if len(node.args) > 1:
                yield Draft((Edit(end, end, f", {text}"),), weight)
            else:
                yield at.replace(node, f"{name}({at.code(node.args[0])}, default=0)", 0.5)
        for binding in at.scope.near():
            if binding.kind in NUMBERS | {""} and len(node.args) > 1:
                end = at.source.end(node.args[-1])
                yield Draft((Edit(end, end, f", {binding.name}"),), 0.5)


def _counts(node: ast.expr, at: Place) -> bool:
    """Whether a number must stand there: in `range(...)`, as a bound, beside one in a test."""
    parent = at.parent(node)
    if isinstance(parent, ast.Call):
        return getattr(parent.func, "id", "") == "range"
    if isinstance(parent, ast.Compare) and len(parent.ops) == 1:
        other = parent.comparators[0] if parent.left is node else parent.left
        return at.scope.kind(other) == "int" and not isinstance(parent.ops[0], ast.In | ast.NotIn)
    return isinstance(parent, ast.Slice)


def _calls_around(kind: str) -> dict[str, float]:
    if kind in NUMBERS:
        return _AROUND_NUMBER
    if kind == "str":
        return _AROUND_TEXT
    if kind in SIZED | {"iterable"}:
        return _AROUND_SIZED
    shares = {name: weight * 0.5 for name, weight in _AROUND_SIZED.items()}
    return {**shares, "int": 0.35, "str": 0.35, "abs": 0.3}


def _is_value(node: ast.expr, at: Place) -> bool:
    parent = at.parent(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return False
    if isinstance(parent, ast.Call) and parent.func is node:
        return False
    return not isinstance(parent, ast.Expr | ast.Attribute | ast.arg | ast.JoinedStr | ast.Starred)


_VALUES: Final = (ast.Name, ast.Call, ast.Subscript, ast.Attribute, ast.BinOp)
TEMPLATES: Final = (
    Template(
        "wrapped",
        "calls",
        "call added around an expression (R2C, TBar FP10)",
        0.075,
        (*_VALUES, ast.GeneratorExp, ast.ListComp),
        _wrapped,
        6.0,
    ),
    Template(
        "wrapped-in-own",
        "calls",
        "call of a project function added",
        0.028,
        _VALUES,
        _wrapped_in_own,
        2.0,
    ),
    Template(
        "in-collection",
        "conversions",
        "value put into a collection",
        0.013,
        (*_VALUES, ast.Constant),
        _in_collection,
    ),
    Template("unwrapped", "calls", "Argument Propagation (PIT)", 0.105, (ast.Call,), _unwrapped),
    Template("not-called", "calls", "superfluous call", 0.56, (ast.Call,), _not_called),
    Template("called", "calls", "missing call", 0.658, (ast.Name, ast.Attribute), _called),
    Template("extreme-of-two", "calls", "running extreme", 0.136, (ast.Call,), _extreme_of_two),
    Template("accumulated", "updates", "running value", 0.062, (ast.Assign,), _accumulated),
    Template(
        "more-extremes",
        "calls",
        "further operand of an extreme",
        0.201,
        (ast.Call,),
        _first_or_whole,
    ),
)
