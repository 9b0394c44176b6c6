"""What becomes of a result: used, yielded, kept, awaited, thrown away."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.scope import own_nodes
from testfleet.repair.rewrite.reading.source import Function

_PURE: Final = frozenset(
    ("sorted", "list", "sum", "len", "str", "max", "min", "int", "abs", "tuple", "set", "dict")
)
PURE: Final = 6.0
_ADDS: Final = {
    "list": ("extend", "append"),
    "dict": ("update",),
    "set": ("update", "add"),
    "deque": ("extend", "append"),
}


def _used(node: ast.Expr, at: Place) -> Drafts:
    """A call's result that nobody looks at is returned, yielded or kept."""
    value = node.value
    if isinstance(value, ast.Constant):
        return
    code = at.code(value)
    if isinstance(value, ast.Yield | ast.YieldFrom | ast.Await):
        return
    own = _calls_itself(value, at)
    is_generator = at.function is not None and _yields(at.function)
    # Nothing but its result is the use of such a call.
    pure = PURE if getattr(getattr(value, "func", None), "id", "") in _PURE else 1.0
    if any(
        e.function is at.function and _callee(e.text) == _callee(code) != ""
        for e in at.pool.returned
    ):
        pure = PURE  # its other branches return the same call
    returned = 0.4 if is_generator else (1.0 if own else 0.5)
    yield at.replace(node, f"return {code}", returned * pure)
    yield at.replace(node, f"yield from {code}", 1.0 if is_generator else 0.3)
    yield at.replace(node, f"yield {code}", 0.6 if is_generator else 0.2)
    for argument in value.args if isinstance(value, ast.Call) else ():
        if isinstance(argument, ast.Name | ast.Attribute | ast.Subscript):
            yield at.replace(node, f"{at.code(argument)} = {code}", 0.9)
    for binding in at.scope.near():
        likely = 0.5 if own else 0.3
        yield at.replace(node, f"{binding.name} = {code}", likely)
        for method in _ADDS.get(binding.kind, ()):
            yield at.replace(node, f"{binding.name}.{method}({code})", likely)
        yield at.replace(node, f"{binding.name} += {code}", likely * 0.9)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
        owner = at.code(value.func.value)
        yield at.replace(node, f"{owner} = {code}", 0.7)


def _callee(code: str) -> str:
    return code.partition("(")[0] if "(" in code else ""


def _not_kept(node: ast.Assign, at: Place) -> Drafts:
    """`x = y.sort()` to `y.sort()`; `x = y` to `return y`."""
    code = at.code(node.value)
    if isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
        in_place = node.value.func.attr in {"sort", "append", "extend", "reverse", "add", "update"}
        yield at.replace(node, code, 1.0 if in_place else 0.2)
    yield at.replace(node, f"return {code}", 0.3)


def _yield_or_return(node: ast.Return | ast.Expr, at: Place) -> Drafts:
    """`return` versus `yield`, `yield` versus `yield from`."""
    if isinstance(node, ast.Return):
        if node.value is not None:
            code = at.code(node.value)
            is_generator = at.function is not None and _yields(at.function)
            yield at.replace(node, f"yield {code}", 0.8 if is_generator else 0.3)
            yield at.replace(node, f"yield from {code}", 0.6 if is_generator else 0.15)
            yield at.replace(node, code, 0.15)
        return
    if isinstance(node.value, ast.Yield) and node.value.value is not None:
        code = at.code(node.value.value)
        yield at.replace(node, f"yield from {code}", 1.0)
        yield at.replace(node, f"return {code}", 0.3)
    elif isinstance(node.value, ast.YieldFrom):
        yield at.replace(node, f"yield {at.code(node.value.value)}", 1.0)
        yield at.replace(node, f"return {at.code(node.value.value)}", 0.4)


def _awaited(node: ast.Call | ast.Await, at: Place) -> Drafts:
    if isinstance(node, ast.Await):
        yield at.replace(node, at.code(node.value), 0.5)
    elif isinstance(at.function, ast.AsyncFunctionDef) and not isinstance(
        at.parent(node), ast.Await
    ):
        name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
        is_own = any(
            f.name == name and isinstance(f, ast.AsyncFunctionDef) for f in at.source.functions
        )
        weight = 1.0 if is_own or isinstance(node.func, ast.Attribute) else 0.4
        yield at.replace(node, f"await {at.code(node)}", weight)


def _calls_itself(value: ast.expr, at: Place) -> bool:
    if not isinstance(value, ast.Call) or at.function is None:
        return False
    name = getattr(value.func, "id", "") or getattr(value.func, "attr", "")
    return name == at.function.name


def _yields(function: Function) -> bool:
    return any(isinstance(node, ast.Yield | ast.YieldFrom) for node in own_nodes(function))


TEMPLATES: Final = (
    Template(
        "result-used",
        "returns",
        "Mutate Return Statement FP12 (TBar); ignored result",
        0.251,
        (ast.Expr,),
        _used,
        PURE,
    ),
    Template(
        "result-not-kept", "returns", "superfluous assignment", 0.107, (ast.Assign,), _not_kept
    ),
    Template(
        "yield-or-return",
        "yields",
        "generator faults",
        0.236,
        (ast.Return, ast.Expr),
        _yield_or_return,
    ),
    Template("awaited", "awaits", "missing await", 1, (ast.Call, ast.Await), _awaited),
)
