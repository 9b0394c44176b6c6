"""Missing base cases: what a function gives back, or raises, before it begins."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, SIZED, kind_of_annotation
from testfleet.repair.rewrite.reading.layout import first_statement
from testfleet.repair.rewrite.reading.scope import Binding, own_nodes
from testfleet.repair.rewrite.reading.source import Function

_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
SHARPNESS: Final = 1.5
"""Power of the weights: the usual base cases are much likelier than all others together."""
_RAISED: Final = ("ValueError", "TypeError", "IndexError", "KeyError")


def _base_case(node: Function, at: Place) -> Drafts:
    """`if not x: return []` at the function's start."""
    first = first_statement(node)
    names = [b for b in at.scope.near() if b.place == "parameter" and b.name not in {"self", "cls"}]
    results = list(results_of(node, at))
    for position, binding in enumerate(names[:4]):
        for test, likely in _entry_tests(binding):
            for text, weight in (*results, (binding.name, 0.6), (f"[{binding.name}]", 0.25)):
                lines = at.block(f"if {test}:", f"return {text}")
                weighed = likely * weight * (1.0 - 0.12 * position)
                yield from at.before(first, lines, weighed**SHARPNESS)
    for test in _outside(node, at):
        for text, weight in (*results[:3], ("", 0.9)):
            yield from at.before(first, at.block(f"if {test}:", f"return {text}".rstrip()), weight)
    for index, one in enumerate(names[:3]):
        for other in names[index + 1 : 4]:
            for test in _tests_of_two(one, other):
                for text, weight in (*results[:5], (one.name, 0.5)):
                    yield from at.before(
                        first, at.block(f"if {test}:", f"return {text}"), 0.4 * weight
                    )


def _outside(node: Function, at: Place) -> Iterator[str]:
    """`i < 0 or i >= len(g) or j < 0 or j >= len(g[0])` for parameters that index a grid."""
    parameters = {arg.arg for arg in node.args.args}
    seen: set[str] = set()
    for inner in own_nodes(node):
        outer = inner.value if isinstance(inner, ast.Subscript) else None
        if not isinstance(inner, ast.Subscript) or not isinstance(outer, ast.Subscript):
            continue
        names = [outer.value, outer.slice, inner.slice]
        if all(isinstance(name, ast.Name) and name.id in parameters for name in names):
            grid, row, column = (at.code(name) for name in names)
            text = f"{row} < 0 or {row} >= len({grid})"
            seen.add(f"{text} or {column} < 0 or {column} >= len({grid}[0])")
    yield from sorted(seen)


def _tests_of_two(one: Binding, other: Binding) -> Iterator[str]:
    if one.kind not in SIZED | {"object"} or one.kind == "str":
        yield f"{one.name} == {other.name}"
        yield f"{one.name} > {other.name}"
    if one.kind not in NUMBERS and other.kind not in NUMBERS:
        yield f"not {one.name} or not {other.name}"
        yield f"len({one.name}) != len({other.name})"
    elif one.kind not in NUMBERS:
        yield f"len({one.name}) < {other.name}"
        yield f"len({one.name}) <= {other.name}"


def _entry_tests(binding: Binding) -> Iterator[tuple[str, float]]:
    name, kind = binding.name, binding.kind
    if kind == "object":
        yield f"{name} is None", 1.0
        yield f"not {name}", 0.7
        return
    if kind in SIZED or kind in {"", "iterable"}:
        yield f"not {name}", 1.0
        yield f"len({name}) <= 1", 0.8
        yield f"len({name}) < 2", 0.3
    if kind in {"int", "float", ""}:
        likely = 1.0 if kind else 0.6
        yield f"{name} == 0", 0.9 * likely
        yield f"{name} <= 0", 0.7 * likely
        yield f"{name} < 0", 0.7 * likely
        yield f"{name} == 1", 0.7 * likely
        yield f"{name} <= 1", 0.7 * likely
        yield f"{name} < 2", 0.7 * likely
    yield f"{name} is None", 0.5 if kind not in {"int", "float"} else 0.2


def results_of(node: Function, at: Place) -> Iterator[tuple[str, float]]:
    """What such a guard gives back: first what is like the function's other results."""
    kinds: set[str] = set()
    seen: dict[str, float] = {}
    if node.returns is not None:
        kinds.add(kind_of_annotation(node.returns))
    for inner in own_nodes(node):
        if isinstance(inner, ast.Return) and inner.value is not None:
            kinds.add(at.scope.kind(inner.value))
            if isinstance(inner.value, ast.Constant | ast.List | ast.Name):
                parameters = {a.arg for a in node.args.args}
                text = at.code(inner.value)
                if not isinstance(inner.value, ast.Name) or text in parameters:
                    seen[text] = 0.9
    likely = {
        "int": ("0", "1", "-1"),
        "float": ("0", "0.0", "1"),
        "list": ("[]", "[[]]"),
        "str": ("''",),
        "bool": ("False", "True"),
        "dict": ("{}",),
        "set": ("set()",),
        "tuple": ("()",),
    }
    for kind in sorted(kinds):
        for text in likely.get(kind, ()):
            seen.setdefault(text, 0.9)
    if any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node)):
        seen[""] = 1.0
    for index, text in enumerate(
        ("[]", "0", "None", "False", "True", "1", "''", "-1", "{}", "[[]]")
    ):
        seen.setdefault(text, 0.45 - 0.03 * index)
    yield from seen.items()


def _raising(node: Function, at: Place) -> Drafts:
    """`if not x: raise ValueError` at the function's start."""
    first = first_statement(node)
    names = [b for b in at.scope.near() if b.place == "parameter" and b.name not in {"self", "cls"}]
    for binding in names[:4]:
        for test, likely in _entry_tests(binding):
            for index, error in enumerate(_RAISED):
                lines = at.block(f"if {test}:", f"raise {error}")
                yield from at.before(first, lines, likely * (0.8 - 0.15 * index))


TEMPLATES: Final = (
    Template(
        "base-case",
        "guards",
        "missing base case; Insert Range Checker FP3 (TBar)",
        0.13,
        _FUNCTIONS,
        _base_case,
    ),
    Template(
        "raising-guard", "guards", "Insert Missed Statement FP4 (TBar)", 0.026, _FUNCTIONS, _raising
    ),
)
