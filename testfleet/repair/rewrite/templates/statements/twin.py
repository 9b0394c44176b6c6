"""What is written twice and should be alike: two branches, two methods of one class."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import lines_of
from testfleet.repair.rewrite.reading.source import Function

_TOKEN: Final = re.compile(r"\w+|\"[^\"\n]*\"|'[^'\n]*'|[^\w\s]")
_ALIKE: Final = 0.7
"""Share of tokens that two statements must have in common, after the renaming."""
_FEWEST: Final = 6
"""Tokens of a statement that is long enough for its likeness to mean something."""
_MOST: Final = 80
_BEYOND: Final = 3
"""Tokens that a twin has more or less."""


def _like_twin(node: ast.stmt, at: Place) -> Drafts:
    """What a near clone of the statement says, with the names that this one has in their place."""
    own = at.code(node)
    mine = _TOKEN.findall(own)
    if at.function is None or "\n" in own or not _FEWEST <= len(mine) <= _MOST:
        return
    for statement in at.pool.statements:
        if statement.node is node or statement.function is not at.function:
            continue
        text = at.code(statement.node)
        if "\n" not in text and type(statement.node) is type(node):
            renamed = _as_here(text, mine)
            if renamed and renamed != own:
                yield at.replace(node, renamed, 1.0)


def _as_here(text: str, mine: Sequence[str]) -> str:
    """The text with each of its tokens as it mostly stands here; empty where they differ much."""
    theirs = _TOKEN.findall(text)
    if abs(len(theirs) - len(mine)) > _BEYOND:
        return ""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for tag, a, b, c, d in SequenceMatcher(None, theirs, mine, autojunk=False).get_opcodes():
        if tag == "equal" or (tag == "replace" and b - a == d - c):
            for one, other in zip(theirs[a:b], mine[c:d], strict=True):
                found[one][other] += 1
    names = {
        one: others.most_common(1)[0][0]
        for one, others in found.items()
        if all(_is_word(token) for token in (one, *others))
    }
    made = _TOKEN.sub(lambda match: names.get(match.group(), match.group()), text)
    tokens = _TOKEN.findall(made)
    alike = SequenceMatcher(None, tokens, mine, autojunk=False).ratio()
    return made if alike >= _ALIKE and tokens != list(mine) else ""


def _is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] in "_\"'"


def _as_sibling(node: Function, at: Place) -> Drafts:
    """A call that another method of the class makes on what this method uses as well."""
    around = at.parent(node)
    if not isinstance(around, ast.ClassDef):
        return
    used = {at.code(n) for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    known = {name.id for name in ast.walk(node) if isinstance(name, ast.Name)}
    known |= {arg.arg for arg in node.args.args}
    for statement in at.pool.statements:
        inner = statement.node
        call = inner.value if isinstance(inner, ast.Expr) else None
        if statement.function is node or not isinstance(call, ast.Call):
            continue
        owner = call.func.value if isinstance(call.func, ast.Attribute) else None
        if owner is None or at.code(owner) not in used or not statement.names <= known:
            continue
        for last in _places(node):
            if lines_of(at.source, last) is not None:
                yield from at.before(last, statement.lines, 1.0)


def _places(node: Function) -> list[ast.stmt]:
    """Before the last statement, and before the first that is no guard."""
    guards = (ast.If, ast.Expr)
    first = next((one for one in node.body if not isinstance(one, guards)), node.body[-1])
    return list(dict.fromkeys((node.body[-1], first)))


TEMPLATES: Final = (
    Template("like-its-twin", "movement", "near clone made alike", 0.5, (ast.stmt,), _like_twin),
    Template(
        "as-its-sibling",
        "updates",
        "insertion of an ingredient (GenProg), of another method",
        0.2,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        _as_sibling,
    ),
)
