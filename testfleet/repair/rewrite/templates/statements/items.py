"""Missing updates of items and attributes, from the places that the function already uses."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice, permutations
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import SIZED
from testfleet.repair.rewrite.reading.scope import Binding, own_nodes
from testfleet.repair.rewrite.templates.statements.updates import inserted

_NOT_BESIDE: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import)
MAX_PLACES: Final = 8


def _stored(node: ast.stmt, at: Place) -> Drafts:
    """`a[i] = x`, `x = a[i]`, `x.y = z` before or after a statement."""
    if at.function is None or isinstance(node, _NOT_BESIDE):
        return
    places = dict.fromkeys(p.text for p in at.pool.places if p.function is at.function)
    names = at.scope.near()
    for index, text in enumerate(islice((p for p in places if "(" not in p), MAX_PLACES)):
        likely = 1.0 - 0.06 * index
        for binding in names:
            if binding.name != text:
                yield from inserted(node, f"{text} = {binding.name}", at, 0.6 * likely)
                if binding.place != "parameter" and not binding.name.startswith("self."):
                    yield from inserted(node, f"{binding.name} = {text}", at, 0.6 * likely)
        for value in ("True", "0", "1", "None", "[]", "False", "{}"):
            yield from inserted(node, f"{text} = {value}", at, 0.3 * likely)
        for binding in names:
            if binding.name not in text:
                yield from inserted(node, f"{text}.append({binding.name})", at, 0.4 * likely)
        for change in ("+= 1", "-= 1"):
            yield from inserted(node, f"{text} {change}", at, 0.4 * likely)
        yield from inserted(node, f"del {text}", at, 0.15 * likely)


def _item(node: ast.stmt, at: Place) -> Drafts:
    """`d[k] = v` with names in scope."""
    if at.function is None or isinstance(node, _NOT_BESIDE):
        return
    names = at.scope.near()[:9]
    for one in (b for b in names if b.kind in {"dict", "list"}):
        for key, value, weight in _pairs(one, names):
            yield from inserted(node, f"{one.name}[{key}] = {value}", at, weight)


def _pairs(one: Binding, names: list[Binding]) -> Iterator[tuple[str, str, float]]:
    keys = [b for b in names if b.name != one.name and b.kind not in SIZED - {"str", "tuple"}]
    if one.kind == "dict":
        for key in keys:
            yield from _entries(one, key, names)
        return
    for constant in ("True", "1", "0"):
        yield "0", constant, 0.4
    for key in (b for b in keys if b.kind == "int"):
        for value in names:
            if value.name not in {one.name, key.name}:
                yield key.name, value.name, 0.5
        for constant in ("True", "False", "0", "1"):
            yield key.name, constant, 0.3


def _entries(one: Binding, key: Binding, names: list[Binding]) -> Iterator[tuple[str, str, float]]:
    """Keys and values of a mapping."""
    yield key.name, f"{one.name}.get({key.name}, 0) + 1", 0.5
    for value in names:
        if value.name != one.name:
            yield key.name, value.name, 0.6 if value.name != key.name else 0.3
    for constant in ("True", "0", "[]", "1", "{}", "None", "set()"):
        yield key.name, constant, 0.35


def _methods(node: ast.stmt, at: Place) -> Drafts:
    """A method of an object whose class the file holds, with names in scope as arguments."""
    function = at.function
    if function is None or isinstance(node, _NOT_BESIDE):
        return
    classes = {c.name: c for c in ast.walk(at.source.tree) if isinstance(c, ast.ClassDef)}
    names = [b.name for b in at.scope.near()]
    for made in own_nodes(function):
        if not isinstance(made, ast.Assign) or not isinstance(made.value, ast.Call):
            continue
        owner = classes.get(getattr(made.value.func, "id", ""))
        if owner is None or not isinstance(made.targets[0], ast.Name):
            continue
        target = made.targets[0].id
        others = [name for name in names if name != target][-6:]
        for method in (m for m in owner.body if isinstance(m, ast.FunctionDef)):
            count = len(method.args.args) - 1
            if not method.name.startswith("__") and 0 <= count <= 2:
                for arguments in islice(permutations(others, count), 24):
                    text = f"{target}.{method.name}({', '.join(arguments)})"
                    yield from inserted(node, text, at, 0.6)


def _called(node: ast.stmt, at: Place) -> Drafts:
    """A call that the function or its class knows, as a statement of its own."""
    function = at.function
    if function is None or isinstance(node, _NOT_BESIDE):
        return
    calls = dict.fromkeys(c.text for c in at.pool.calls if c.function is function)
    for text in islice((t for t in calls if t.count("(") <= 2), 8):
        is_own = text.startswith((f"{function.name}(", "self."))
        yield from inserted(node, text, at, 0.6 if is_own else 0.3)
    owner = at.source.owner(function)
    if owner is not None and function.args.args:
        receiver = function.args.args[0].arg
        for method in owner.body:
            if isinstance(method, ast.FunctionDef) and len(method.args.args) == 1:
                text = f"{receiver}.{method.name}()"
                if method is not function and not method.decorator_list:
                    yield from inserted(node, text, at, 0.5)


TEMPLATES: Final = (
    Template(
        "method-inserted",
        "updates",
        "Insert Missed Statement FP4.1 (TBar), a method of an object",
        0.349,
        (ast.stmt,),
        _methods,
    ),
    Template(
        "stored",
        "updates",
        "Insert Missed Statement FP4.1 (TBar), from a place in use",
        0.004,
        (ast.stmt,),
        _stored,
    ),
    Template(
        "item",
        "updates",
        "Insert Missed Statement FP4.1 (TBar), of an item",
        0.007,
        (ast.stmt,),
        _item,
    ),
    Template(
        "call-inserted",
        "updates",
        "Insert Missed Statement FP4.1 (TBar), a call",
        0.029,
        (ast.stmt,),
        _called,
    ),
)
