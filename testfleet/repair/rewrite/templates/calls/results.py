"""What becomes of a result: returned, yielded, kept, awaited, thrown away."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.atoms import atoms
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import after, lines_of, moved
from testfleet.repair.rewrite.reading.scope import own_nodes
from testfleet.repair.rewrite.reading.source import Edit, Function

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


def _returned(node: ast.Return, at: Place) -> Drafts:
    """Returns something else: a variable, what the function returns elsewhere, both of two."""
    own = at.code(node.value) if node.value is not None else ""
    others = [e.text for e in at.pool.returned if e.function is at.function]
    for text in dict.fromkeys(others):
        if text != own:
            yield _return(node, text, at, 0.6)
    for binding in at.scope.near():
        if binding.name != own:
            yield _return(node, binding.name, at, 0.6)
            if own and not isinstance(node.value, ast.Constant):
                yield _return(node, f"{own}, {binding.name}", at, 0.3)
                yield _return(node, f"{binding.name}, {own}", at, 0.2)
                yield _return(node, f"{own} == {binding.name}", at, 0.2)
                yield _return(node, f"{own}[{binding.name}]", at, 0.15)
    for binding in at.scope.values():
        if binding.kind in {"list", "str", "tuple", "dict", "set", "deque"}:
            yield _return(node, f"len({binding.name})", at, 0.4)
            yield _return(node, f"{binding.name}[-1]", at, 0.35)
            yield _return(node, f"sorted({binding.name})", at, 0.2)
            yield _return(node, f"''.join({binding.name})", at, 0.3)


def _returned_condition(node: ast.Return, at: Place) -> Drafts:
    """Returns a condition instead of a fixed truth value, or together with another."""
    value = node.value
    is_fixed = isinstance(value, ast.Constant) and isinstance(value.value, bool)
    if value is None or not (is_fixed or at.scope.kind(value) == "bool"):
        return
    for test, weight in islice(atoms(at, node), 30):
        if is_fixed:
            yield at.replace(node, f"return {bare(test)}", weight)
        else:
            for word in ("and", "or"):
                yield at.replace(node, f"return {at.operand(value)} {word} {test}", 0.7 * weight)


def bare(text: str) -> str:
    """The condition without parentheses around the whole of it."""
    inner = text[1:-1]
    try:
        return inner if text.startswith("(") and ast.parse(inner, mode="eval") else text
    except SyntaxError:
        return text


def _no_return(node: ast.Return, at: Place) -> Drafts:
    """A return that comes too early: the last statement of a loop or branch."""
    for loop in at.loops():
        block, index = at.source.block(node)
        if block and index == len(block) - 1 and node.value is not None:
            cut = Edit(at.source.start(node), at.source.end(node), "continue")
            yield Draft((cut,), 0.5)
            yield Draft((cut._replace(text="break"),), 0.5)
            yield from _moved_behind(node, loop, at)


def _moved_behind(node: ast.Return, loop: ast.stmt, at: Place) -> Drafts:
    lines = lines_of(at.source, node)
    if lines is not None:
        edits = moved(at.source, node, after(at.source, loop, lines))
        if edits:
            yield Draft(edits, 1.0)


def _missing_return(node: Function, at: Place) -> Drafts:
    """A function whose end gives nothing back."""
    last = node.body[-1]
    returns = [n for n in own_nodes(node) if isinstance(n, ast.Return) and n.value is not None]
    if isinstance(last, ast.Return | ast.Raise):
        return
    found = {at.code(r.value): 0.6 for r in returns if r.value is not None}
    constants = ("None", "[]", "0", "False", "True", "-1", "''")
    likely = 0.7 if returns else 1.0
    found |= {b.name: likely for b in at.scope.near()}
    for binding in at.scope.near():
        if binding.place == "local" and binding.kind in {"list", ""}:
            found |= {f"{binding.name}[-1]": 0.5, f"{binding.name}[-1][-1]": 0.4}
    for index, text in enumerate(constants):
        found.setdefault(text, (0.6 if returns else 0.3) - 0.05 * index)
    for text, weight in found.items():
        yield from at.after(last, [f"return {text}"], weight)


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


def _return(node: ast.Return, text: str, at: Place, weight: float) -> Draft:
    return at.replace(node, f"return {text}", weight)


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
    Template(
        "returned",
        "returns",
        "Mutate Return Statement FP12 (TBar)",
        0.14,
        (ast.Return,),
        _returned,
    ),
    Template(
        "returned-condition",
        "conditions",
        "Mutate Return Statement FP12 (TBar); ACS",
        0.1,
        (ast.Return,),
        _returned_condition,
    ),
    Template(
        "early-return",
        "returns",
        "Move Statement FP14 (TBar), of a return",
        0.978,
        (ast.Return,),
        _no_return,
    ),
    Template(
        "missing-return",
        "returns",
        "missing return",
        0.6,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        _missing_return,
    ),
    Template("awaited", "awaits", "missing await", 1, (ast.Call, ast.Await), _awaited),
)
