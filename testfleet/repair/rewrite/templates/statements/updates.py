"""Missing updates: of a loop's variable, a flag, a set of what was visited, a result."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, likeness
from testfleet.repair.rewrite.reading.pool import names_read
from testfleet.repair.rewrite.reading.scope import Binding, own_nodes

PASS: Final = 40.0
"""How much likelier a statement is missing where `pass` stands."""
_ENDS: Final = (ast.Return, ast.Continue, ast.Break, ast.Raise)
_NOT_BESIDE: Final = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Import)
_CHANGES: Final = frozenset(("append", "add", "pop", "popleft", "remove", "extend", "update"))


def inserted(node: ast.stmt, text: str, at: Place, weight: float) -> Drafts:
    """A statement behind this one; before it, where it is the first or leaves the block."""
    if isinstance(node, ast.Pass):
        yield at.replace(node, text, PASS * weight)
        return
    ends = isinstance(node, _ENDS)
    if not ends:
        yield from at.after(node, [text], weight)
    if ends or at.source.block(node)[1] == 0:
        yield from at.before(node, [text], weight * (1.0 if ends else 0.8))


def _update(node: ast.stmt, at: Place) -> Drafts:
    """`x += 1`, `x = y`, `x = True` before or after a statement."""
    if at.function is None or isinstance(node, _NOT_BESIDE):
        return
    in_loop = 1.0 if at.loops() else 0.5
    names = at.scope.near()
    for binding in names:
        for text, weight in _of_one(binding, in_loop):
            yield from inserted(node, text, at, weight)
    for one in names:
        for other in names:
            if one.name != other.name and one.place != "parameter":
                for text, weight in _of_two(one, other, in_loop):
                    yield from inserted(node, text, at, weight)


def _of_one(binding: Binding, in_loop: float) -> Iterator[tuple[str, float]]:
    name, kind = binding.name, binding.kind
    if kind == "int" or (not kind and binding.place == "local"):
        likely = in_loop * (1.0 if kind else 0.3)
        yield f"{name} += 1", 0.9 * likely
        yield f"{name} -= 1", 0.7 * likely
        yield f"{name} //= 2", 0.15 * likely
        yield f"{name} = 0", 0.4 * likely
        yield f"{name} = abs({name})", 0.3 if kind and binding.place == "parameter" else 0.05
    if kind == "bool":
        yield f"{name} = True", 0.8
        yield f"{name} = False", 0.6
    if kind == "list" and binding.place != "parameter":
        yield f"{name} = []", 0.4 * in_loop
        yield f"{name}.sort()", 0.3
        yield f"{name}.reverse()", 0.3
        yield f"{name}.pop()", 0.4 * in_loop
    elif kind == "str":
        yield f"{name} = ''", 0.3 * in_loop
        for method in ("lower", "strip"):
            yield f"{name} = {name}.{method}()", 0.3
    elif binding.place == "parameter" and kind in {"list", "iterable", ""}:
        yield f"{name} = sorted({name})", 0.4 if kind else 0.2
        yield f"{name} = list({name})", 0.4 if kind else 0.2
        yield f"{name}.sort()", 0.3 if kind else 0.1


def _of_two(one: Binding, other: Binding, in_loop: float) -> Iterator[tuple[str, float]]:
    """What is done to `one` with `other`."""
    name, with_ = one.name, other.name
    like = likeness(one.kind, other.kind)
    yield f"{name} = {with_}", 0.6 * like * (0.7 + 0.3 * in_loop)
    if one.kind in NUMBERS and other.kind in NUMBERS | {""}:
        yield f"{name} += {with_}", 0.5 * in_loop
        yield f"{name} -= {with_}", 0.4 * in_loop
        yield f"{name} = max({name}, {with_})", 0.4 * in_loop
        yield f"{name} = min({name}, {with_})", 0.4 * in_loop
        yield f"{name} //= {with_}", 0.1 * in_loop
        yield f"{name} ^= {with_}", 0.05 * in_loop
    elif one.kind in {"str", "list"} and other.kind == one.kind:
        yield f"{name} += {with_}", 0.4 * in_loop


def _collected(node: ast.stmt, at: Place) -> Drafts:
    """`seen.add(x)`, `out.append(x)` before or after a statement."""
    if at.function is None or isinstance(node, _NOT_BESIDE):
        return
    names = at.scope.near()
    for one in names:
        method = {"set": "add", "list": "append", "deque": "append"}.get(one.kind)
        if method is None:
            continue
        likely = 1.0 if one.place != "parameter" else 0.3
        for other in names:
            if other.name != one.name and other.kind not in {"set", "dict"}:
                text = f"{one.name}.{method}({other.name})"
                yield from inserted(node, text, at, 0.6 * likely)
                if other.kind in {"list", "iterable"} and method == "append":
                    extended = f"{one.name}.extend({other.name})"
                    yield from inserted(node, extended, at, 0.6 * likely)


def _looked_for(node: ast.stmt, at: Place) -> Drafts:
    """What a test looks for in a set or mapping that nothing puts it into."""
    function = at.function
    if function is None or isinstance(node, _NOT_BESIDE):
        return
    for test in own_nodes(function):
        if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.In | ast.NotIn):
            continue
        container, item = at.code(test.comparators[0]), at.code(test.left)
        kind = at.scope.kind(test.comparators[0])
        if kind == "dict":
            for value in ("True", "1", "0", "None", *(b.name for b in at.scope.near())):
                yield from inserted(node, f"{container}[{item}] = {value}", at, 0.35)
        elif kind in {"set", "list", ""} and container.isidentifier():
            fed = 0.4 if _is_fed(container, at) else 1.0
            method = "append" if kind == "list" else "add"
            yield from inserted(node, f"{container}.{method}({item})", at, fed)


def _going_on(node: ast.stmt, at: Place) -> Drafts:
    """What a loop's condition reads and its body never changes: that ends it."""
    for loop in at.loops():
        if not isinstance(loop, ast.While):
            continue
        stuck = [name for name in sorted(names_read(loop.test)) if not _is_changed(name, loop)]
        names = [name for name in stuck if name in at.scope.bindings]
        all_stuck = len(names) == len(names_read(loop.test) & at.scope.bindings.keys())
        for name in names:
            # A parameter beside what does change is a limit.
            is_limit = not all_stuck and at.scope.bindings[name].place == "parameter"
            for text, weight in _steps(name, at):
                yield from inserted(node, text, at, weight * (0.15 if is_limit else 1.0))


def _steps(name: str, at: Place) -> Iterator[tuple[str, float]]:
    kind = at.scope.kinds.get(name, "")
    others = [binding for binding in at.scope.near() if binding.name != name]
    if kind == "bool":
        yield f"{name} = False", 1.0
        yield f"{name} = True", 0.3
    if kind in {"int", ""}:
        yield from _number_steps(name, others, at)
    if kind in {"list", "deque", ""}:
        yield f"{name}.pop()", 0.8 if kind else 0.3
        yield f"{name}.pop(0)", 0.6 if kind else 0.2
        for binding in (b for b in others if b.kind in {"list", "deque"}):
            yield f"{name} = {binding.name}", 0.8
    for place in at.pool.places:
        if place.function is at.function and name in place.names:
            yield f"{name} = {place.text}", 0.5
    links = ("next", "left", "right", "parent") if kind in {"object", ""} else ()
    for attribute in dict.fromkeys((*at.scope.attributes.get(name, ()), *links)):
        yield f"{name} = {name}.{attribute}", 0.8


def _number_steps(name: str, others: list[Binding], at: Place) -> Iterator[tuple[str, float]]:
    for step, weight in (("+= 1", 1.0), ("-= 1", 1.0), ("//= 2", 0.3), (">>= 1", 0.2)):
        yield f"{name} {step}", weight
    for number in sorted(numbers_of(at)):
        for operator, weight in (("//=", 0.6), ("-=", 0.3), ("+=", 0.3)):
            yield f"{name} {operator} {number}", weight
    for binding in (b for b in others if b.kind in NUMBERS | {""}):
        for operator, weight in (("//=", 0.5), ("=", 0.6), ("-=", 0.4), ("+=", 0.4)):
            yield f"{name} {operator} {binding.name}", weight


def numbers_of(at: Place) -> set[int]:
    """Integers of the function that are more than a step."""
    nodes = ast.walk(at.function) if at.function is not None else ()
    values = {n.value for n in nodes if isinstance(n, ast.Constant) and type(n.value) is int}
    return {value for value in values if value > 1}


def _is_changed(name: str, loop: ast.While) -> bool:
    for node in own_nodes(ast.Module(body=loop.body, type_ignores=[])):
        value = getattr(node, "value", None)
        if isinstance(value, ast.Constant) and value.value is True and _is_flag(name, loop):
            continue  # it only ever says once more that the loop goes on
        if isinstance(node, ast.Assign | ast.AugAssign | ast.For | ast.NamedExpr):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            stored = {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
            if name in stored:
                return True
        is_call = isinstance(node, ast.Attribute) and node.attr in _CHANGES
        if is_call and isinstance(node.value, ast.Name) and node.value.id == name:  # type: ignore[attr-defined]
            return True
    return False


def _is_flag(name: str, loop: ast.While) -> bool:
    return isinstance(loop.test, ast.Name) and loop.test.id == name


def _is_fed(container: str, at: Place) -> bool:
    return f"{container}.add(" in at.source.text or f"{container}.append(" in at.source.text


TEMPLATES: Final = (
    Template(
        "update", "updates", "Insert Missed Statement FP4.1 (TBar)", 0.012, (ast.stmt,), _update
    ),
    Template(
        "collected",
        "updates",
        "Insert Missed Statement FP4.1 (TBar)",
        0.045,
        (ast.stmt,),
        _collected,
    ),
    Template(
        "looked-for",
        "updates",
        "missing update of what was visited",
        0.2,
        (ast.stmt,),
        _looked_for,
    ),
    Template(
        "going-on", "updates", "missing update of a loop's variable", 0.35, (ast.stmt,), _going_on
    ),
)
