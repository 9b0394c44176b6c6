"""Missing updates: of a loop's variable, a set of what was visited, a result."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, likeness
from testfleet.repair.rewrite.reading.scope import Binding


def _update(node: ast.stmt, at: Place) -> Drafts:
    """`x += 1`, `seen.add(x)`, `out.append(x)`, `x = y` before or after a statement."""
    if at.function is None or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import):
        return
    ends = isinstance(node, ast.Return | ast.Continue | ast.Break | ast.Raise)
    _, index = at.source.block(node)
    for text, weight in _updates(at):
        if not ends:
            yield from at.after(node, [text], weight)
        if ends or index == 0:
            yield from at.before(node, [text], weight * (1.0 if ends else 0.9))


def _updates(at: Place) -> Iterator[tuple[str, float]]:
    in_loop = 1.0 if at.loops() else 0.5
    names = [b for b in at.scope.near() if b.name not in {"self", "cls"}]
    for binding in names:
        name, kind = binding.name, binding.kind
        if kind in {"int", ""} and binding.place == "local":
            likely = in_loop * (1.0 if kind else 0.3)
            yield f"{name} += 1", 0.9 * likely
            yield f"{name} -= 1", 0.6 * likely
        if kind in {"list", "deque"} or (not kind and binding.place == "parameter"):
            yield f"{name}.sort()", 0.4 if kind else 0.15
            yield f"{name} = sorted({name})", 0.4 if kind else 0.2
            yield f"{name}.reverse()", 0.2 if kind else 0.1
            yield f"{name}.pop()", 0.4 * in_loop if kind else 0.1
        if kind in {"list", "", "iterable"} and binding.place == "parameter":
            yield f"{name} = list({name})", 0.3
            yield f"{name} = {name}[:]", 0.25
        if kind == "str":
            for method in ("lower", "strip", "upper"):
                yield f"{name} = {name}.{method}()", 0.3
    for one in names:
        for other in names:
            if one.name != other.name:
                yield from _of_two(one, other, in_loop)


def _of_two(one: Binding, other: Binding, in_loop: float) -> Iterator[tuple[str, float]]:
    """What is done to `one` with `other`."""
    name, with_ = one.name, other.name
    if one.kind == "set":
        yield f"{name}.add({with_})", 0.9 * in_loop
        yield f"{name}.discard({with_})", 0.4 * in_loop
        yield f"{name}.remove({with_})", 0.3 * in_loop
    elif one.kind in {"list", "deque"}:
        yield f"{name}.append({with_})", 0.9 * in_loop
        yield f"{name}.extend({with_})", 0.5 if other.kind in {"list", "iterable", ""} else 0.1
        yield f"{name} += {with_}", 0.2
    elif one.kind == "dict":
        yield f"{name}[{with_}] = True", 0.3
        yield f"{name}[{with_}] = {name}.get({with_}, 0) + 1", 0.4 * in_loop
        yield f"del {name}[{with_}]", 0.2
    like = likeness(one.kind, other.kind)
    if one.place == "local" or like == 1.0:
        yield f"{name} = {with_}", 0.7 * like * (0.7 + 0.3 * in_loop)
    if one.kind in NUMBERS and other.kind in NUMBERS | {""} and one.place == "local":
        yield f"{name} += {with_}", 0.5 * in_loop
        yield f"{name} -= {with_}", 0.4 * in_loop
        yield f"{name} = max({name}, {with_})", 0.5 * in_loop
        yield f"{name} = min({name}, {with_})", 0.5 * in_loop
        yield f"{name} %= {with_}", 0.1
    elif not one.kind and not other.kind and one.place == "local":
        yield f"{name} += {with_}", 0.2 * in_loop


def _three(node: ast.stmt, at: Place) -> Drafts:
    """`d[k] = v` and `d[k].append(v)` before or after a statement."""
    if at.function is None or isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import):
        return
    ends = isinstance(node, ast.Return | ast.Continue | ast.Break | ast.Raise)
    names = [b for b in at.scope.near() if b.name not in {"self", "cls"}][:8]
    for one in (b for b in names if b.kind in {"dict", "list"}):
        for key in names:
            for value in names:
                if one.name not in {key.name, value.name}:
                    same = 0.5 if key.name == value.name else 1.0
                    place = at.before if ends else at.after
                    if one.kind == "dict":
                        yield from place(
                            node, [f"{one.name}[{key.name}] = {value.name}"], 0.6 * same
                        )
                    if one.kind == "list" and key.kind == "int":
                        yield from place(
                            node, [f"{one.name}[{key.name}] = {value.name}"], 0.4 * same
                        )
                        text = f"{one.name}.insert({key.name}, {value.name})"
                        yield from place(node, [text], 0.15 * same)


def _recursion(node: ast.stmt, at: Place) -> Drafts:
    """A recursive call on another part of the problem, after a statement."""
    function = at.function
    calls = [c.text for c in at.pool.calls if c.function is function]
    if function is None or isinstance(node, ast.FunctionDef | ast.Return):
        return
    own = [text for text in dict.fromkeys(calls) if text.startswith(f"{function.name}(")]
    for text in own[:4]:
        yield from at.after(node, [text], 0.5)
        yield from at.before(node, [text], 0.3)


TEMPLATES: Final = (
    Template(
        "update", "updates", "Insert Missed Statement FP4.1 (TBar)", 0.25, (ast.stmt,), _update
    ),
    Template(
        "item-update",
        "updates",
        "Insert Missed Statement FP4.1 (TBar), of an item",
        0.12,
        (ast.stmt,),
        _three,
    ),
    Template(
        "recursion",
        "updates",
        "Insert Missed Statement FP4.1 (TBar), a recursive call",
        0.2,
        (ast.stmt,),
        _recursion,
    ),
)
