"""Statements removed, moved, exchanged with a neighbour; branches exchanged."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading import layout
from testfleet.repair.rewrite.reading.pool import names_read
from testfleet.repair.rewrite.reading.source import Edit

_COMPOUND: Final = (ast.If, ast.For, ast.While, ast.With, ast.Try)
_MOVABLE: Final = (
    *(ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.If, ast.Break),
    *(ast.For, ast.While, ast.Continue),
)


def _removed(node: ast.stmt, at: Place) -> Drafts:
    if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom | ast.Pass):
        return
    edit = layout.removed(at.source, node)
    if edit is not None:
        large = (node.end_lineno or node.lineno) - node.lineno > 3
        weight = 0.3 if large else (0.5 if isinstance(node, ast.Return) else 1.0)
        yield Draft((edit,), weight * (0.2 if _steps(node, at) else 1.0))


def _steps(node: ast.stmt, at: Place) -> bool:
    """Whether it changes what a loop around it tests: without it, that may never end."""
    loops = [loop for loop in at.loops() if isinstance(loop, ast.While)]
    target = node.target if isinstance(node, ast.AugAssign) else None
    return any(isinstance(target, ast.Name) and target.id in names_read(w.test) for w in loops)


def _exchanged(node: ast.stmt, at: Place) -> Drafts:
    """A statement and the next one the other way round."""
    block, index = at.source.block(node)
    if not 0 <= index < len(block) - 1:
        return
    lines = layout.lines_of(at.source, node)
    edits = (
        layout.moved(at.source, node, layout.after(at.source, block[index + 1], lines))
        if lines is not None
        else ()
    )
    if edits:
        yield Draft(edits, 1.0)


def _out(node: ast.stmt, at: Place) -> Drafts:
    """Out of the loop or branch around it: behind it, or before it."""
    parent = at.parent(node)
    while isinstance(parent, ast.If) and at.source.text.startswith("elif", at.source.start(parent)):
        parent = at.parent(parent)
    if not isinstance(node, _MOVABLE) or not isinstance(parent, _COMPOUND):
        return
    lines = layout.lines_of(at.source, node)
    block, index = at.source.block(node)
    if lines is None or not block:
        return
    if index == len(block) - 1:
        edits = layout.moved(at.source, node, layout.after(at.source, parent, lines))
        if edits:
            yield Draft(edits, 1.0)
    if index == 0:
        edits = layout.moved(at.source, node, layout.before(at.source, parent, lines))
        if edits:
            yield Draft(edits, 0.7)


def _in(node: ast.stmt, at: Place) -> Drafts:
    """Into the loop or branch before it, as its last statement; into the one behind it."""
    block, index = at.source.block(node)
    lines = layout.lines_of(at.source, node) if isinstance(node, _MOVABLE) else None
    if lines is None or index < 0:
        return
    neighbours = [block[i] for i in (index - 1, index + 1) if 0 <= i < len(block)]
    for other in neighbours:
        if isinstance(other, _COMPOUND):
            first = other in block[index + 1 :]
            for inner in _blocks(other):
                target = layout.before if first else layout.after
                anchor = inner[0] if first else inner[-1]
                edits = layout.moved(at.source, node, target(at.source, anchor, lines))
                if edits:
                    yield Draft(edits, 1.0 if inner is other.body else 0.6)


def _further(node: ast.stmt, at: Place) -> Drafts:
    """To the start or the end of its block; out of two levels."""
    block, index = at.source.block(node)
    lines = layout.lines_of(at.source, node) if isinstance(node, _MOVABLE) else None
    if lines is None or index < 0:
        return
    targets = [layout.before(at.source, block[0], lines)] if index > 1 else []
    if index < len(block) - 2:
        targets.append(layout.after(at.source, block[-1], lines))
    targets += [layout.after(at.source, loop, lines) for loop in at.loops()]
    for target in targets:
        edits = layout.moved(at.source, node, target)
        if edits:
            yield Draft(edits, 0.7)


def _exchanged_branches(node: ast.If, at: Place) -> Drafts:
    """The two branches of an `if`, the other way round."""
    if not node.orelse or (len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)):
        return
    first, second = _block_span(node.body, at), _block_span(node.orelse, at)
    one, two = at.source.text[slice(*first)], at.source.text[slice(*second)]
    yield Draft((Edit(*first, two), Edit(*second, one)), 1.0)


def _elif(node: ast.If, at: Place) -> Drafts:
    """`elif` to `if`, `if` to `elif` behind another `if`, `else` dropped."""
    text, start = at.source.text, at.source.start(node)
    if text.startswith("elif", start):
        yield Draft((Edit(start, start + len("elif"), "if"),), 1.0)
        return
    block, index = at.source.block(node)
    if index > 0 and _is_open(block[index - 1]):
        yield Draft((Edit(start, start, "el"),), 0.8)


def _without_else(node: ast.If | ast.For | ast.While, at: Place) -> Drafts:
    """`else:` taken away, its block kept behind the statement or dropped."""
    if not node.orelse or (isinstance(node, ast.If) and _is_chain(node)):
        return
    first = node.orelse[0]
    word = at.source.text.rfind("else", at.source.end(node.body[-1]), at.source.start(first))
    if word < 0 or not layout.stands_alone(at.source, first):
        return
    start = max(begin for begin in at.source.starts if begin <= word)
    end = at.source.line_end(node.end_lineno or node.lineno)
    parts = [layout.lines_of(at.source, statement) for statement in node.orelse]
    indent, newline = at.source.indent(node), at.source.newline
    if all(part is not None for part in parts):
        kept = "".join(f"{indent}{line}{newline}" for part in parts for line in part or ())
        yield Draft((Edit(start, end, kept),), 0.8)
    yield Draft((Edit(start, end, ""),), 0.4)


def _new_else(node: ast.If, at: Place) -> Drafts:
    """The statements behind an `if` as its `else`."""
    block, index = at.source.block(node)
    if node.orelse or not 0 <= index < len(block) - 1:
        return
    follower = block[index + 1]
    lines = layout.lines_of(at.source, follower)
    if lines is None or not layout.stands_alone(at.source, node):
        return
    indent, unit, newline = at.source.indent(node), at.source.unit, at.source.newline
    start = at.source.starts[follower.lineno - 1]
    end = at.source.line_end(follower.end_lineno or follower.lineno)
    body = "".join(f"{indent}{unit}{line}{newline}" for line in lines)
    yield Draft((Edit(start, end, f"{indent}else:{newline}{body}"),), 1.0)


def _is_open(node: ast.stmt) -> bool:
    """Whether it is an `if` to which another branch can be added."""
    while isinstance(node, ast.If) and _is_chain(node):
        node = node.orelse[0]
    return isinstance(node, ast.If) and not node.orelse


def _is_chain(node: ast.If) -> bool:
    return len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)


def _blocks(node: ast.stmt) -> list[list[ast.stmt]]:
    fields = (getattr(node, field, None) for field in ("body", "orelse"))
    return [block for block in fields if block]


def _block_span(block: list[ast.stmt], at: Place) -> tuple[int, int]:
    return at.source.start(block[0]), at.source.end(block[-1])


TEMPLATES: Final = (
    Template(
        "removed",
        "movement",
        "Remove Buggy Statement FP15 (TBar); deletion (GenProg)",
        0.105,
        (ast.stmt,),
        _removed,
    ),
    Template(
        "exchanged",
        "movement",
        "Move Statement FP14 (TBar); swap (GenProg)",
        0.17,
        (ast.stmt,),
        _exchanged,
    ),
    Template("moved-out", "movement", "Move Statement FP14 (TBar)", 0.333, (ast.stmt,), _out),
    Template("moved-in", "movement", "Move Statement FP14 (TBar)", 0.298, (ast.stmt,), _in),
    Template(
        "moved-further", "movement", "Move Statement FP14 (TBar)", 0.185, (ast.stmt,), _further
    ),
    Template(
        "exchanged-branches", "movement", "swapped branches", 1, (ast.If,), _exchanged_branches
    ),
    Template("elif", "movement", "elif for if and back", 0.482, (ast.If,), _elif),
    Template(
        "without-else",
        "movement",
        "superfluous else",
        0.279,
        (ast.If, ast.For, ast.While),
        _without_else,
    ),
    Template("new-else", "movement", "missing else", 0.186, (ast.If,), _new_else),
)
