"""The wrong target of an assignment or loop, and several names that are wrong together."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import likeness


def _other_target(node: ast.Assign | ast.AugAssign, at: Place) -> Drafts:
    """What is assigned to is another variable; two targets change places."""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    if isinstance(target, ast.Name):
        kind = at.scope.kind(target)
        for binding in at.scope.near():
            if binding.name != target.id:
                yield at.replace(target, binding.name, 0.8 * likeness(kind, binding.kind))
    elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
        for left, right in zip(target.elts, target.elts[1:], strict=False):
            yield at.swap(left, right, 1.0)
    if isinstance(target, ast.Tuple):
        for left, right in zip(target.elts, target.elts[1:], strict=False):
            yield at.swap(left, right, 0.8)


def _loop_target(node: ast.For | ast.comprehension, at: Place) -> Drafts:
    for group in ast.walk(node.target):
        if isinstance(group, ast.Tuple):
            for left, right in zip(group.elts, group.elts[1:], strict=False):
                yield at.swap(left, right, 1.0)


def _index_and_value(node: ast.Assign, at: Place) -> Drafts:
    """`a[x] = y` to `a[y] = x`."""
    target = node.targets[0]
    if not isinstance(target, ast.Subscript) or isinstance(node.value, ast.Constant):
        return
    if not isinstance(target.slice, ast.Slice):
        yield at.swap(target.slice, node.value, 1.0)


def _together(node: ast.stmt, at: Place) -> Drafts:
    """Several names of a statement at once, whose other names are alike: `x`, `y` to `nx`, `ny`."""
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    names = [n for n in header_nodes(node) if isinstance(n, ast.Name)]
    used = {n.id for n in names}
    known = {b.name for b in at.scope.near()}
    for change in _affixes(used, known):
        renamed = [(n, change(n.id)) for n in names if change(n.id) in known]
        if len({n.id for n, _ in renamed}) > 1:
            edits = [at.replace(n, other).edits[0] for n, other in renamed]
            yield Draft(tuple(edits), 1.0)


def _affixes(used: set[str], known: set[str]) -> list[Callable[[str], str]]:
    """Ways of renaming that take one used name to a known one."""
    found: dict[tuple[str, str, bool], None] = {}
    for name in sorted(used):
        for other in sorted(known - {name}):
            if other.endswith(name):
                found[other.removesuffix(name), "", True] = None
            elif name.endswith(other):
                found["", name.removesuffix(other), True] = None
            elif other.startswith(name):
                found[other.removeprefix(name), "", False] = None
            elif name.startswith(other):
                found["", name.removeprefix(other), False] = None
    return [partial(_with_affix, *key) for key in found]


def _with_affix(added: str, removed: str, in_front: bool, name: str) -> str:  # noqa: FBT001
    if in_front:
        return added + name if added else name.removeprefix(removed)
    return name + added if added else name.removesuffix(removed)


def header_nodes(node: ast.stmt) -> Iterator[ast.AST]:
    """Nodes of a statement without those of the statements in it."""
    stack: list[ast.AST] = [node]
    while stack:
        current = stack.pop()
        yield current
        stack += [c for c in ast.iter_child_nodes(current) if not isinstance(c, ast.stmt)]


TEMPLATES: Final = (
    Template(
        "other-target",
        "names",
        "Mutate Variable FP13 (TBar), of a target",
        0.064,
        (ast.Assign, ast.AugAssign),
        _other_target,
    ),
    Template(
        "index-and-value",
        "order",
        "swapped index and value",
        0.517,
        (ast.Assign,),
        _index_and_value,
    ),
    Template(
        "renamed-together",
        "names",
        "Mutate Variable FP13 (TBar), several at once",
        0.266,
        (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.If, ast.While),
        _together,
    ),
    Template(
        "loop-target", "order", "swapped targets", 0.826, (ast.For, ast.comprehension), _loop_target
    ),
)
