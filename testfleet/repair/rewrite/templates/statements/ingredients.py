"""Statements copied from elsewhere in the project, with the names that are in scope here."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import likeness
from testfleet.repair.rewrite.reading.layout import lines_of
from testfleet.repair.rewrite.reading.pool import Statement
from testfleet.repair.rewrite.reading.scope import Binding
from testfleet.repair.rewrite.reading.siblings import counterparts
from testfleet.repair.rewrite.templates.statements.updates import PASS, inserted

MAX_COPIES: Final = 60
"""Statements that are tried at one place."""
MAX_FOREIGN: Final = 15
"""Of them, those from other files."""
MAX_RENAMINGS: Final = 4
SAME_TARGET: Final = 3.0
_WORD: Final = re.compile(r"[A-Za-z_]\w*")


def _copied(node: ast.stmt, at: Place) -> Drafts:
    """A statement of the function, then of the file, before or after this one."""
    if at.function is None or isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    ends = isinstance(node, ast.Return | ast.Continue | ast.Break | ast.Raise)
    _, index = at.source.block(node)
    for lines, weight in islice(_ingredients(node, at), MAX_COPIES):
        if isinstance(node, ast.Pass):
            if len(lines) == 1:
                yield at.replace(node, lines[0], PASS * weight)
            continue
        if not ends:
            yield from at.after(node, lines, weight)
        if ends or index == 0:
            yield from at.before(node, lines, weight)


def _replaced(node: ast.stmt, at: Place) -> Drafts:
    """Another statement of the function or file in this one's place."""
    if not isinstance(node, ast.Assign | ast.AugAssign | ast.Expr | ast.Return | ast.Raise):
        return
    own = at.code(node)
    target = f"{at.code(node.targets[0])} = " if isinstance(node, ast.Assign) else ""
    for lines, weight in islice(_ingredients(node, at), MAX_COPIES):
        if len(lines) == 1 and lines[0].rstrip() != own:
            # What the function gives the same name elsewhere is the likeliest thing to give it.
            likely = SAME_TARGET if target and lines[0].startswith(target) else 0.6
            yield at.replace(node, lines[0].split("  #")[0].rstrip(), weight * likely)


def _ingredients(node: ast.stmt, at: Place) -> Iterator[tuple[Sequence[str], float]]:
    yield from islice(_own(node, at), MAX_COPIES - (MAX_FOREIGN if at.pool.foreign else 0))
    known = at.scope.bindings.keys() | _BUILTINS
    fitting = (s for s in at.pool.foreign if s.names and s.names <= known)
    for statement in islice(fitting, MAX_FOREIGN):
        yield statement.lines, 0.2


def _own(node: ast.stmt, at: Place) -> Iterator[tuple[Sequence[str], float]]:
    ranked = sorted(at.pool.statements, key=lambda s: _distance(s, node, at))
    for statement in ranked:
        if statement.node is node:
            continue
        is_own = statement.function is at.function
        weight = 0.8 if is_own else 0.35
        for renaming, likely in _renamings(statement, at):
            yield [_renamed(line, renaming) for line in statement.lines], weight * likely


ELSEWHERE: Final = 8.0
_MIRRORS: Final = (
    *(("+= ", "-= "), ("-= ", "+= "), (".append(", ".remove("), (".add(", ".remove(")),
    *((".add(", ".discard("), (".remove(", ".add("), (".discard(", ".add("), ("*= ", "//= ")),
    *((" + ", " - "), (" - ", " + "), (".left", ".right"), (".right", ".left")),
)


def _paired(node: ast.stmt, at: Place) -> Drafts:
    """A statement of the function for its names' counterparts: `left`, `i` to `right`, `j`."""
    if at.function is None or isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    for statement in at.pool.statements:
        if statement.function is at.function and len(statement.lines) <= 2:
            near = 1.0 if abs(statement.node.lineno - node.lineno) <= 2 else 0.6
            for text in _both_ways("\n".join(statement.lines), at):
                if len(statement.lines) == 1:
                    yield from inserted(node, text, at, near)
                else:
                    yield from at.after(node, text.split("\n"), near)
            if statement.node is node and len(statement.lines) == 1:
                for text in counterparts(statement.lines[0], at.scope.swaps):
                    yield at.replace(node, text.split("  #")[0].rstrip(), 1.0)


def _both_ways(text: str, at: Place) -> Iterator[str]:
    """The text for its names' counterparts, and with its steps the other way round, too."""
    for other in counterparts(text, at.scope.swaps):
        yield other
        for sign, mirrored in ((" - ", " + "), (" + ", " - "), ("+=", "-="), ("-=", "+=")):
            if sign in other:
                yield other.replace(sign, mirrored)


def _other_side(node: ast.If, at: Place) -> Drafts:
    """A missing `else` that does for the counterparts what the `if` does."""
    lines = lines_of(at.source, node.body[0]) if len(node.body) == 1 and not node.orelse else None
    if lines is None or len(lines) != 1:
        return
    unit = at.source.unit
    names = [binding.name for binding in at.scope.near()]
    texts = dict.fromkeys(counterparts(lines[0], at.scope.swaps))
    used = [name for name in names if re.search(rf"\b{re.escape(name)}\b", lines[0])]
    for name in used[:3]:
        for other in names:
            if likeness(at.scope.kinds.get(name, ""), at.scope.kinds.get(other, "")) >= 0.5:
                texts[_renamed(lines[0], {name: other})] = None
    for word, other in _MIRRORS:
        if word in lines[0]:
            texts[lines[0].replace(word, other)] = None
    for index, text in enumerate(text for text in texts if text != lines[0]):
        yield from at.after(node, ["else:", f"{unit}{text}"], max(0.3, 1.0 - 0.08 * index))


def _mirrored(node: ast.stmt, at: Place) -> Drafts:
    """A statement of the function turned round: what is counted up is counted down elsewhere."""
    if at.function is None or isinstance(node, ast.FunctionDef | ast.ClassDef):
        return
    for statement in at.pool.statements:
        if statement.function is at.function and len(statement.lines) == 1:
            line = statement.lines[0]
            for word, other in _MIRRORS:
                if word in line:
                    elsewhere = ELSEWHERE if _speaks_of_loop(statement, at) else 1.0
                    for renaming, likely in _renamings(statement, at):
                        text = _renamed(line.replace(word, other), renaming)
                        yield from inserted(node, text, at, likely * elsewhere)


def _speaks_of_loop(statement: Statement, at: Place) -> bool:
    """Whether it reads the item of the loop here, but stands in another one."""
    inner = [loop for loop in at.loops()[:1] if isinstance(loop, ast.For)]
    items = {n.id for loop in inner for n in ast.walk(loop.target) if isinstance(n, ast.Name)}
    is_inside = any(loop in at.source.ancestors(statement.node) for loop in inner)
    return bool(items & statement.names) and not is_inside


def _distance(statement: Statement, node: ast.stmt, at: Place) -> tuple[bool, int]:
    return statement.function is not at.function, abs(statement.node.lineno - node.lineno)


def _renamings(statement: Statement, at: Place) -> Iterator[tuple[Mapping[str, str], float]]:
    """Unknown names as names in scope here: one by one, the likest kind first."""
    unknown = [
        n for n in sorted(statement.names) if n not in at.scope.bindings and n not in _BUILTINS
    ]
    if not unknown:
        yield {}, 1.0
    if len(unknown) == 1:
        for binding in islice(_candidates(at), MAX_RENAMINGS):
            yield {unknown[0]: binding.name}, 0.5
    own = [n for n in sorted(statement.names) if n in at.scope.bindings]
    if not unknown and statement.function is at.function:
        for name in own[:3]:
            kind = at.scope.kinds.get(name, "")
            for other in islice(_candidates(at), 6):
                if other.name != name and other.kind == kind:
                    yield {name: other.name}, 0.4 if other.name not in own else 0.25


def _candidates(at: Place) -> Iterator[Binding]:
    return iter(b for b in at.scope.near() if b.name not in {"self", "cls"})


def _renamed(line: str, renaming: Mapping[str, str]) -> str:
    return _WORD.sub(lambda match: renaming.get(match.group(), match.group()), line)


_BUILTINS: Final = frozenset(
    (
        *("len", "range", "print", "sum", "max", "min", "abs", "int", "str", "float", "list"),
        *("dict", "set", "tuple", "sorted", "reversed", "enumerate", "zip", "map", "any", "all"),
        *("isinstance", "ValueError", "TypeError", "KeyError", "IndexError", "super", "type"),
        *("repr", "bool", "next"),
    )
)
TEMPLATES: Final = (
    Template(
        "paired", "updates", "copy for the counterparts of its names", 0.06, (ast.stmt,), _paired
    ),
    Template("other-side", "conditions", "missing else", 0.12, (ast.If,), _other_side),
    Template(
        "mirrored",
        "updates",
        "insertion of an ingredient (GenProg), turned round",
        0.02,
        (ast.stmt,),
        _mirrored,
        ELSEWHERE,
    ),
    Template(
        "copied-statement",
        "movement",
        "insertion of an ingredient (GenProg; jGenProg)",
        0.03,
        (ast.stmt,),
        _copied,
    ),
    Template(
        "statement-replaced",
        "movement",
        "replacement by an ingredient (GenProg; jGenProg)",
        0.087,
        (ast.stmt,),
        _replaced,
        SAME_TARGET,
    ),
)
