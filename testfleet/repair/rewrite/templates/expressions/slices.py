"""Slices and indices: other ends, another step, an item for a part."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, SIZED
from testfleet.repair.rewrite.reading.scope import own_nodes
from testfleet.repair.rewrite.reading.source import Edit


def _other_ends(node: ast.Slice, at: Place) -> Drafts:
    """`[i:]` to `[:i]`, `[i:j]` to `[i:]`, `[:-i]`, `[i + 1:]` where a bound is missing."""
    lower, upper, step = (at.code(n) if n else "" for n in (node.lower, node.upper, node.step))
    tail = f":{step}" if step else ""
    found = {
        f"{upper}:{lower}": 0.8,
        f"{lower}:": 0.6 if upper else 0.0,
        f":{upper}": 0.6 if lower else 0.0,
        f"{lower}:{upper}:-1": 0.4 if not step else 0.0,
        f"{lower}:{upper}:2": 0.15 if not step else 0.0,
        f"1:{upper}": 0.7 if not lower else 0.0,
        f"{lower}:-1": 0.7 if not upper else 0.0,
        ":": 0.4,
    }
    if lower and upper:
        found[f"{lower}:{lower} + {upper}"] = 0.7
        found[f"{lower}:{upper} + {lower}"] = 0.3
    for bound, other in ((lower, upper), (upper, lower)):
        if bound and not other:
            found[f"-{bound}:"] = 0.4
            found[f":-{bound}"] = 0.4
    for text, weight in found.items():
        if weight and text != f"{lower}:{upper}":
            yield _whole(node, f"{text}{tail if text.count(':') == 1 else ''}", at, weight)
    if step:
        yield _whole(node, f"{lower}:{upper}", at, 0.6)


def _bounded(node: ast.Slice, at: Place) -> Drafts:
    """A bound that is missing: a number in scope, a length."""
    lower, upper = (at.code(n) if n else "" for n in (node.lower, node.upper))
    for binding in at.scope.near():
        text = binding.name if binding.kind in NUMBERS | {""} else f"len({binding.name})"
        if binding.kind in NUMBERS | SIZED | {""}:
            weight = 0.8 if binding.kind in NUMBERS else 0.4
            if not upper:
                yield _whole(node, f"{lower}:{text}", at, weight)
                yield _whole(node, f"{lower}:{text} + 1", at, weight * 0.4)
            if not lower:
                yield _whole(node, f"{text}:{upper}", at, weight)
                yield _whole(node, f"{text} + 1:{upper}", at, weight * 0.6)


def _part_or_item(node: ast.Subscript, at: Place) -> Drafts:
    """`a[i]` to `a[i:]`, `a[:i]`, `a[i:i + 1]`; `a[i:]` to `a[i]`, `a`."""
    if not isinstance(node.ctx, ast.Load):
        return
    start, end = at.source.start(node.slice), at.source.end(node.slice)
    if isinstance(node.slice, ast.Slice):
        yield at.replace(node, at.code(node.value), 0.8)
        for bound in (node.slice.lower, node.slice.upper):
            if bound is not None and node.slice.step is None:
                yield Draft((Edit(start, end, at.code(bound)),), 0.5)
        return
    if at.scope.kind(node.slice) in NUMBERS | {""}:
        text = at.code(node.slice)
        likely = 1.0 if at.scope.kind(node.slice) in NUMBERS else 0.4
        for other, weight in ((f"{text}:", 0.6), (f":{text}", 0.6), (f":{text} + 1", 0.3)):
            yield Draft((Edit(start, end, other),), weight * likely)
        if isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, int):
            return
    kind = at.scope.kind(node.value)
    if kind == "list" or not kind:
        yield Draft((Edit(start, end, f"{at.code(node.slice)} % len({at.code(node.value)})"),), 0.3)


def _other_index(node: ast.Subscript, at: Place) -> Drafts:
    """An index or bound that the function uses elsewhere."""
    function = at.function
    if function is None:
        return
    parts = [node.slice]
    if isinstance(node.slice, ast.Slice):
        parts = [b for b in (node.slice.lower, node.slice.upper) if b is not None]
    used = dict.fromkeys(
        at.code(bound)
        for other in own_nodes(function)
        if isinstance(other, ast.Subscript) and other is not node
        for bound in _bounds(other)
    )
    for part in parts:
        own = at.code(part)
        for index, text in enumerate(text for text in islice(used, 8) if text != own):
            yield at.replace(part, text, 0.8 - 0.07 * index)
    if isinstance(node.slice, ast.Slice) and node.slice.lower is None:
        upper = at.code(node.slice.upper) if node.slice.upper is not None else ""
        for text in islice(used, 6):
            yield _whole(node.slice, f"{text}:{upper}", at, 0.4)


def _bounds(node: ast.Subscript) -> list[ast.expr]:
    if isinstance(node.slice, ast.Slice):
        return [b for b in (node.slice.lower, node.slice.upper) if b is not None]
    return [node.slice]


def _swapped_indices(node: ast.Subscript, at: Place) -> Drafts:
    """`a[i][j]` to `a[j][i]`."""
    if isinstance(node.value, ast.Subscript) and not isinstance(node.slice, ast.Slice):
        yield at.swap(node.value.slice, node.slice, 1.0)
        yield at.replace(node, at.code(node.value), 0.3)
    if isinstance(node.slice, ast.Tuple) and len(node.slice.elts) == 2:
        yield at.swap(node.slice.elts[0], node.slice.elts[1], 1.0)


def _further_index(node: ast.expr, at: Place) -> Drafts:
    """`x` to `x[0]`, `x[-1]`, `x[1]`; `a` to `a[i]` with a number in scope."""
    parent = at.parent(node)
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load):
        return
    if isinstance(parent, ast.Subscript | ast.Attribute | ast.Expr) or (
        isinstance(parent, ast.Call) and parent.func is node
    ):
        return
    kind = at.scope.kind(node)
    if kind in NUMBERS | {"function", "module", "class", "set"}:
        return
    text = at.operand(node)
    for index, weight in (("0", 0.8), ("-1", 0.7), ("1", 0.6)):
        yield at.replace(node, f"{text}[{index}]", weight * (1.0 if kind else 0.6))
    for slice_, weight in (("[1:]", 0.5), ("[:-1]", 0.4), ("[::-1]", 0.3)):
        yield at.replace(node, f"{text}{slice_}", weight * (1.0 if kind else 0.5))
    if isinstance(node, ast.Name):
        for binding in at.scope.near():
            if binding.kind in NUMBERS | {"str", ""} and binding.name != node.id:
                likely = 1.0 if binding.kind else 0.4
                yield at.replace(node, f"{text}[{binding.name}]", 0.4 * likely)
                if binding.kind in {"int", ""}:
                    yield at.replace(node, f"{text}[{binding.name}:]", 0.35 * likely)
                    yield at.replace(node, f"{text}[:{binding.name}]", 0.35 * likely)


def _whole(node: ast.Slice, text: str, at: Place, weight: float) -> Draft:
    start, end = at.source.offset(node.lineno, node.col_offset), _end(node, at)
    return Draft((Edit(start, end, text),), weight)


def _end(node: ast.Slice, at: Place) -> int:
    assert node.end_lineno is not None and node.end_col_offset is not None  # noqa: S101
    return at.source.offset(node.end_lineno, node.end_col_offset)


_VALUES: Final = (ast.Name, ast.Call, ast.Subscript, ast.Attribute)
TEMPLATES: Final = (
    Template("slice-ends", "slices", "slice bounds", 0.452, (ast.Slice,), _other_ends),
    Template("slice-bounded", "slices", "missing slice bound", 0.252, (ast.Slice,), _bounded),
    Template(
        "part-or-item",
        "slices",
        "item for a slice and back",
        0.069,
        (ast.Subscript,),
        _part_or_item,
    ),
    Template(
        "other-index", "slices", "index in use elsewhere", 0.415, (ast.Subscript,), _other_index
    ),
    Template(
        "swapped-indices", "order", "swapped indices", 0.371, (ast.Subscript,), _swapped_indices
    ),
    Template("further-index", "slices", "missing index", 0.045, _VALUES, _further_index),
)
