"""Conditions made of what is in scope: what is added to a condition, or guards a statement."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import combinations, islice
from typing import Final

from testfleet.repair.rewrite.place import Place
from testfleet.repair.rewrite.reading.kinds import NUMBERS, SIZED, likeness
from testfleet.repair.rewrite.reading.pool import names_read
from testfleet.repair.rewrite.reading.scope import Binding
from testfleet.repair.rewrite.reading.siblings import counterparts
from testfleet.repair.rewrite.surroundings import of_first_seen, of_flags, of_loops

MAX_NAMES: Final = 8
"""Names that conditions are made of: the nearest ones."""
MAX_PLACES: Final = 8
MAX_ATOMS: Final = 90
SHARPNESS: Final = 1.5
"""Power of the weights: the first few are much likelier than all others together."""


def atoms(at: Place, around: ast.AST | None = None) -> Iterator[tuple[str, float]]:
    """Conditions, each with its weight, the likeliest first; those of the file before made ones.

    `around` is what they are to stand beside: names and places that it reads weigh more.
    """
    found: dict[str, float] = {}
    beside = around if around is not None else at.statement
    near = names_read(beside)
    for text, weight in (
        *_paired(at, beside),
        *_found(at),
        *_bounds(at, beside),
        *of_loops(at),
        *of_flags(at),
        *of_first_seen(at, beside),
        *_of_places(at, near),
        *_made(at, near),
    ):
        found[text] = max(weight, found.get(text, 0.0))
    ranked = sorted(found.items(), key=lambda item: -item[1])
    yield from ((text, weight**SHARPNESS) for text, weight in ranked[:MAX_ATOMS])


def guards_of(node: ast.stmt, at: Place) -> Iterator[tuple[str, float]]:
    """Conditions that a statement itself suggests, then all others."""
    if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name | ast.Attribute):
        target, value = at.code(node.targets[0]), at.operand(node.value)
        if not isinstance(node.value, ast.Constant | ast.List | ast.Dict):
            yield f"{value} > {target}", 0.9
            yield f"{value} < {target}", 0.9
        else:
            yield f"{target} is None", 1.0
        yield f"not {target}", 0.6
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and isinstance(at.parent(inner), ast.Call | ast.Tuple):
            called = at.parent(inner)
            if not (isinstance(called, ast.Call) and called.func is inner):
                yield f"{at.code(inner)} is not None", 0.95
                yield at.code(inner), 0.8
    yield from _of_arguments(node, at)
    yield from atoms(at, node)


def _of_arguments(node: ast.stmt, at: Place) -> Iterator[tuple[str, float]]:
    """What is to be added is to differ from what it is made of, or not to be there yet."""
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or len(call.args) != 1:
        return
    text, owner = at.operand(call.args[0]), call.func
    if not isinstance(call.args[0], ast.Name | ast.Constant) and len(text) < 40:
        for name in sorted(names_read(call.args[0]) & at.scope.bindings.keys()):
            if at.scope.kinds.get(name, "") in NUMBERS | {"", "str"}:
                yield f"{text} != {name}", 0.9
    if isinstance(owner, ast.Attribute) and owner.attr in {"append", "appendleft", "add"}:
        yield f"{text} not in {at.code(owner.value)}", 0.8


def _paired(at: Place, beside: ast.AST) -> Iterator[tuple[str, float]]:
    """Conditions of the statement itself for the counterparts of their names."""
    tests = (n for n in ast.walk(beside) if isinstance(n, ast.Compare | ast.Call | ast.Name))
    for test in islice(tests, MAX_PLACES):
        if isinstance(test, ast.Name) or at.source.statement(test) is at.statement:
            for text in counterparts(at.operand(test), at.scope.swaps):
                yield text, 0.95 if isinstance(test, ast.Compare) else 0.5


def _found(at: Place) -> Iterator[tuple[str, float]]:
    """Conditions that the file holds, where all their names are in scope."""
    for condition in at.pool.conditions:
        is_own = condition.function is at.function
        if condition.names and all(
            n in at.scope.bindings or n in _BUILTINS for n in condition.names
        ):
            weight = 0.6 if is_own else 0.35
            yield condition.text, weight
            yield f"not {condition.text}", weight * 0.4


def _bounds(at: Place, beside: ast.AST) -> Iterator[tuple[str, float]]:
    """Ranges of the indices that stand beside it: what an IndexError asks for."""
    for node in ast.walk(beside):
        if isinstance(node, ast.stmt) and node is not beside and node is not at.statement:
            continue
        if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Slice | ast.Constant):
            continue
        owner, index = at.code(node.value), at.code(node.slice)
        if len(owner) > 40 or len(index) > 40 or at.scope.kind(node.value) == "dict":
            yield f"{index} in {owner}", 0.9
            continue
        likely = 1.0 if at.scope.kind(node.slice) == "int" else 0.5
        outer = owner.partition("[")[0]
        size = f"len({owner})" if outer == owner else f"len({outer}[0])"
        yield f"{index} < {size}", 0.95 * likely
        yield f"{index} >= 0", 0.8 * likely
        yield f"0 <= {index} < {size}", 0.8 * likely
        yield f"{index} in {owner}", 0.5 if likely < 1.0 else 0.05
        yield f"{index} > 0", 0.5 * likely
        yield f"{index} < {size} - 1", 0.3 * likely


def _of_places(at: Place, near: frozenset[str]) -> Iterator[tuple[str, float]]:
    """Conditions on items and attributes that the function uses."""
    texts: dict[str, float] = {}
    for place in at.pool.places:
        if place.function is at.function and "(" not in place.text and len(place.text) < 30:
            texts.setdefault(place.text, 1.0 if place.names & near else 0.5)
    for text, likely in islice(texts.items(), MAX_PLACES):
        yield text, 0.6 * likely
        yield f"not {text}", 0.45 * likely
        yield f"{text} is not None", 0.5 * likely
        yield f"{text} is None", 0.35 * likely
        for binding in at.scope.near()[:MAX_NAMES]:
            if binding.kind in {"int", ""} and binding.name not in text:
                for test in ("==", "!=", "<", ">", "<=", ">="):
                    yield f"{text} {test} {binding.name}", 0.3 * likely
            elif binding.kind in {"set", "dict", "list"}:
                yield f"{text} not in {binding.name}", 0.4 * likely
                yield f"{text} in {binding.name}", 0.35 * likely
    for one, other in combinations(islice(texts, 5), 2):
        for test in ("==", "!=", "<", ">"):
            yield f"{one} {test} {other}", 0.3


_BUILTINS: Final = frozenset({"len", "isinstance", "str", "int", "any", "all", "abs", "list"})


def _made(at: Place, near: frozenset[str]) -> Iterator[tuple[str, float]]:
    names = sorted(at.scope.near(), key=lambda b: (b.name not in near, -b.line))[:MAX_NAMES]
    for binding in names:
        factor = 1.0 if binding.name in near else 0.6
        for text, weight in of_one(binding):
            yield text, weight * factor
    for index, first in enumerate(names):
        for second in names[index + 1 :]:
            factor = (1.0 if first.name in near else 0.7) * (1.0 if second.name in near else 0.7)
            for text, weight in (*_of_two(first, second), *_arithmetic(first, second, at)):
                yield text, weight * factor


def of_one(binding: Binding) -> Iterator[tuple[str, float]]:
    """Conditions on one name."""
    name, kind = binding.name, binding.kind
    if kind in {"bool", "", "object"} or kind in SIZED:
        yield name, 0.8
        yield f"not {name}", 0.8
    if kind == "object":
        yield f"{name} is None", 0.9
        yield f"{name} is not None", 0.8
        return
    if kind in SIZED - {"dict", "set"}:
        yield f"len({name}) > 1", 0.4
        yield f"len({name}) == 1", 0.35
        yield f"len({name}) < 2", 0.35
    if kind in NUMBERS | {""}:
        is_number = 1.0 if kind in {"int", "float"} else 0.4
        for test, weight in ((">", 0.9), (">=", 0.7), ("<", 0.7), ("==", 0.7), ("<=", 0.6)):
            yield f"{name} {test} 0", weight * is_number
        yield f"{name} != 0", 0.5 * is_number
        yield f"{name} > 1", 0.4 * is_number
        yield f"{name} < 2", 0.35 * is_number
        yield f"{name} == 1", 0.45 * is_number
        yield f"{name} % 2 == 0", 0.2 * is_number
    if kind == "int":
        yield name, 0.4
        yield f"not {name}", 0.4
    if kind not in NUMBERS:
        yield f"{name} is None", 0.5
        yield f"{name} is not None", 0.55


def _arithmetic(first: Binding, second: Binding, at: Place) -> Iterator[tuple[str, float]]:
    """Divisibility and bits, where the function calculates with them."""
    operators = at.pool.operators.get(at.function, frozenset())
    if ast.Mod in operators or ast.FloorDiv in operators:
        yield f"{first.name} % {second.name} == 0", 0.3
        yield f"{second.name} % {first.name} == 0", 0.3
    if operators & {ast.BitAnd, ast.BitXor, ast.LShift, ast.RShift}:
        yield f"{first.name} & {second.name}", 0.3
        yield f"{first.name} & 1", 0.5
        yield f"{second.name} & 1", 0.5


def _of_two(first: Binding, second: Binding) -> Iterator[tuple[str, float]]:
    for one, other in ((first, second), (second, first)):
        if other.kind in {"list", "set", "dict", "str", "tuple", "iterable", "deque", ""}:
            weight = 0.6 if other.kind else 0.25
            if one.kind not in SIZED - {"str", "tuple"}:
                yield f"{one.name} not in {other.name}", weight
                yield f"{one.name} in {other.name}", weight
        if one.kind in {"int", ""} and other.kind in SIZED - {"dict", "set"}:
            yield f"{one.name} < len({other.name})", 0.8 if one.kind else 0.3
            yield f"{one.name} >= len({other.name})", 0.3
            yield f"len({other.name}) == {one.name}", 0.25
    if likeness(first.kind, second.kind) >= 0.5:
        known = 1.0 if first.kind and second.kind else 0.45
        if first.kind in NUMBERS | {"", "str"}:
            for test, weight in (("<", 0.6), ("<=", 0.5), (">", 0.6), (">=", 0.5)):
                yield f"{first.name} {test} {second.name}", weight * known
        yield f"{first.name} == {second.name}", 0.5 * known
        yield f"{first.name} != {second.name}", 0.5 * known
