"""What one node tells about the kinds of names."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

from testfleet.repair.rewrite.reading import kinds


def evidence(node: ast.AST, known: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Names that the node tells something about, with the kind."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _assigned(target, node.value, known)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, kinds.kind_of_annotation(node.annotation)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, kinds.kind_of(node.value, known)
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield from _looped(node, known)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield node.value.id, kinds.kind_of_method(node.attr)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        yield from _indexed(node, node.value.id, known)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _compared(node, known)
    elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mod):
        yield from _calculated(node, known)


def _assigned(
    target: ast.expr, value: ast.expr, known: dict[str, str]
) -> Iterator[tuple[str, str]]:
    if isinstance(target, ast.Name):
        yield target.id, kinds.kind_of(value, known)
        item = _item(value)
        if item is not None:
            yield f"{target.id}[]", kinds.kind_of(item, known)
    elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
        if not isinstance(target.slice, ast.Slice):
            yield f"{target.value.id}[]", kinds.kind_of(value, known)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for inner, part in zip(target.elts, value.elts, strict=False):
            yield from _assigned(inner, part, known)


def _item(value: ast.expr) -> ast.expr | None:
    """An item of a literal: of `[x]`, `[x] * n`, `{k: x}`, `[x for ...]`."""
    if isinstance(value, ast.BinOp):
        return _item(value.left)
    if isinstance(value, ast.List | ast.Tuple) and value.elts:
        return value.elts[0]
    if isinstance(value, ast.Dict) and value.values:
        return value.values[0]
    if isinstance(value, ast.ListComp):
        return value.elt
    return value.value if isinstance(value, ast.DictComp) else None


def _looped(
    node: ast.For | ast.AsyncFor | ast.comprehension, known: dict[str, str]
) -> Iterator[tuple[str, str]]:
    if isinstance(node.target, ast.Name):
        yield node.target.id, kinds.kind_of_item(node.iter, known)
    elif isinstance(node.target, ast.Tuple) and isinstance(node.iter, ast.Call):
        first = node.target.elts[0]
        if getattr(node.iter.func, "id", "") == "enumerate" and isinstance(first, ast.Name):
            yield first.id, "int"
    if isinstance(node.iter, ast.Name):
        yield node.iter.id, "iterable"


def _indexed(node: ast.Subscript, name: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(node.slice, ast.Slice):
        yield name, "list"
        for bound in (node.slice.lower, node.slice.upper):
            if isinstance(bound, ast.Name):
                yield bound.id, "int"
    elif kinds.kind_of(node.slice, known) == "int":
        yield name, "list"


def _compared(node: ast.Compare, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    left, right = node.left, node.comparators[0]
    if isinstance(node.ops[0], ast.In | ast.NotIn):
        return
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ast.Name):
            yield one.id, kinds.kind_of(other, known)


def _calculated(node: ast.BinOp, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(one, ast.Name):
            kind = kinds.kind_of(other, known)
            is_number = kind in kinds.NUMBERS
            if is_number and not isinstance(node.op, ast.Mult):
                yield one.id, "int"
            elif isinstance(node.op, ast.Add) and kind in kinds.SIZED:
                yield one.id, kind
            elif isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Pow):
                yield one.id, "int"
