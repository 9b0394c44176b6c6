"""Where templates are applied: the suspicious lines' statements, and what stands around them."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.repair.rewrite.reading.layout import first_line
from testfleet.repair.rewrite.reading.source import Function, Source

NEAR: Final[Mapping[str, float]] = {"header": 0.6, "sibling": 0.5, "function": 0.8, "last": 0.7}
"""Share of a line's suspicion that passes to the header around it, to the statements beside it,
to its function's head and to that function's last statement."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """How suspicious a statement is, and by which line."""

    score: float
    line: int


@dataclass(frozen=True, slots=True)
class Site:
    """A node of a suspicious statement."""

    node: ast.AST
    statement: ast.stmt
    suspicion: Suspicion


def suspicious_statements(source: Source, scores: Mapping[int, float]) -> dict[ast.stmt, Suspicion]:
    """Statements that a suspicious line touches, and those near them, with less."""
    found: dict[ast.stmt, Suspicion] = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.stmt):
            lines = [line for line in header_lines(node) if line in scores]
            if lines:
                best = max(lines, key=lambda line: (scores[line], -line))
                found[node] = Suspicion(scores[best], best)
    for node, own in list(found.items()):
        for other, share in _near(source, node):
            _raise_to(found, other, Suspicion(own.score * share, own.line))
    return found


def header_lines(node: ast.stmt) -> range:
    """Lines of a statement without those of the statements in it."""
    body = getattr(node, "body", None)
    last = node.end_lineno or node.lineno
    if isinstance(body, list) and body:
        first_inner = body[0]
        last = max(node.lineno, first_line(first_inner) - 1)
    elif isinstance(node, ast.Match):
        last = node.subject.end_lineno or node.lineno
    return range(first_line(node), last + 1)


def sites(source: Source, statement: ast.stmt, suspicion: Suspicion) -> Iterator[Site]:
    """The statement and the nodes of its header, other statements left out."""
    stack: list[ast.AST] = [statement]
    while stack:
        node = stack.pop()
        yield Site(node, statement, suspicion)
        if isinstance(node, ast.JoinedStr) and not _is_placed(source, node):
            continue
        children = [c for c in ast.iter_child_nodes(node) if not isinstance(c, ast.stmt)]
        stack.extend(reversed(children))


def _is_placed(source: Source, node: ast.JoinedStr) -> bool:
    """Whether names in an f-string stand where the tree says: not always before Python 3.12."""
    names = [inner for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    return all(source.code(name) == name.id for name in names)


def _near(source: Source, node: ast.stmt) -> Sequence[tuple[ast.stmt, float]]:
    block, index = source.block(node)
    found = [(block[i], NEAR["sibling"]) for i in (index - 1, index + 1) if 0 <= i < len(block)]
    for around in source.ancestors(node):
        if isinstance(around, Function):
            return [*found, (around, NEAR["function"]), (around.body[-1], NEAR["last"])]
        if isinstance(around, ast.stmt):
            found.append((around, NEAR["header"]))
        if isinstance(around, ast.ClassDef):
            break
    return found


def _raise_to(found: dict[ast.stmt, Suspicion], node: ast.stmt, new: Suspicion) -> None:
    if node not in found or found[node].score < new.score:
        found[node] = new
