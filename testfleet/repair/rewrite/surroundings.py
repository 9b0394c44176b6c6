"""Conditions that what stands around a statement suggests: its loops, the flags of its objects."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from testfleet.repair.rewrite.place import Place
from testfleet.repair.rewrite.reading.kinds import NUMBERS
from testfleet.repair.rewrite.reading.pool import names_read

NEIGHBOURS: Final = 2.5
"""Weight of what tells a place from its neighbours, where two loops go over these."""
FLAG: Final = 1.6
"""Flags are few, and are there to be asked."""
_CALLED: Final = frozenset({"range", "len", "min", "max"})


def of_loops(at: Place) -> Iterator[tuple[str, float]]:
    """Two loops over the neighbours of a place: the place itself is none of them."""
    loops = [loop for loop in at.loops()[:2] if isinstance(loop, ast.For)]
    inner = [loop.target.id for loop in loops if isinstance(loop.target, ast.Name)]
    if not inner or len(inner) != len(loops):
        return
    around = [sorted(_beside_a_step(loop.iter)) for loop in loops]
    centre = [names[0] for names in around if len(names) == 1]
    if len(inner) == 2 and len(centre) == 2 and centre[0] != centre[1]:
        yield f"({inner[1]}, {inner[0]}) != ({centre[1]}, {centre[0]})", NEIGHBOURS
        yield f"{inner[1]} != {centre[1]} or {inner[0]} != {centre[0]}", 0.3
    elif len(inner) == 2 and not any(names_read(loop.iter) - _CALLED for loop in loops):
        yield f"({inner[1]}, {inner[0]}) != (0, 0)", NEIGHBOURS
        yield f"{inner[1]} != 0 or {inner[0]} != 0", 0.3
        yield f"abs({inner[1]}) != abs({inner[0]})", 0.2
    elif len(inner) == 2:
        yield f"{inner[1]} != {inner[0]}", 0.9


def _beside_a_step(node: ast.expr) -> set[str]:
    """The names of `x - 1` and `x + 2`."""
    sums = (each for each in ast.walk(node) if isinstance(each, ast.BinOp))
    return {
        each.left.id
        for each in sums
        if isinstance(each.left, ast.Name) and isinstance(each.right, ast.Constant)
    }


def of_first_seen(at: Place, beside: ast.AST) -> Iterator[tuple[str, float]]:
    """Beside `k not in d`: what is there may be worse than what comes now, `new < d[k]`."""
    for node in ast.walk(beside):
        if not isinstance(node, ast.Compare) or not isinstance(node.ops[0], ast.In | ast.NotIn):
            continue
        if at.scope.kind(node.comparators[0]) not in {"dict", ""}:
            continue
        key, owner = at.code(node.left), at.code(node.comparators[0])
        for binding in at.scope.near():
            if binding.kind in NUMBERS | {""} and binding.name not in {key, owner}:
                likely = 1.2 if binding.place == "local" else 0.6
                yield f"{binding.name} < {owner}[{key}]", likely
                yield f"{binding.name} > {owner}[{key}]", 0.7 * likely


def of_flags(at: Place) -> Iterator[tuple[str, float]]:
    """Attributes of an object that some function of the file makes True or False."""
    function = at.function
    if function is None or not at.pool.flags:
        return
    reads = (node for node in ast.walk(function) if isinstance(node, ast.Attribute | ast.Compare))
    owners = dict.fromkeys(name for node in reads if (name := _owner(node)) in at.scope.bindings)
    for name in owners:
        for flag in sorted(at.pool.flags):
            yield f"{name}.{flag}", FLAG
            yield f"not {name}.{flag}", 0.6 * FLAG


def _owner(node: ast.Attribute | ast.Compare) -> str:
    """The `x` of `x.y` and of `x is None`."""
    if isinstance(node, ast.Attribute):
        return node.value.id if isinstance(node.value, ast.Name) else ""
    is_none = isinstance(node.ops[0], ast.Is | ast.IsNot)
    return node.left.id if is_none and isinstance(node.left, ast.Name) else ""
