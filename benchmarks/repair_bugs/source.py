"""Source text with its syntax tree: stretches of the text by node."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeVar

Span = tuple[int, int]
"""First character and the one after the last."""
Edit = tuple[Span, str]
"""A stretch, and what replaces it."""
_Node = TypeVar("_Node", bound=ast.AST)


class Source:
    """A parsed program. Positions count characters."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tree = ast.parse(text)
        self._lines = text.splitlines(keepends=True)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))
        self._depths = {id(node): depth for node, depth in _statements(self.tree, 0)}

    def nodes(self, *kinds: type[_Node]) -> Iterator[_Node]:
        """All nodes of these kinds with a place in the text, from the top to the bottom."""
        found = [node for node in ast.walk(self.tree) if isinstance(node, kinds)]
        return iter(sorted(found, key=lambda node: getattr(node, "lineno", 0)))

    def bodies(self) -> Iterator[list[ast.stmt]]:
        """Lists of statements inside functions."""
        for function in self.nodes(ast.FunctionDef):
            for node in ast.walk(function):
                for field in ("body", "orelse", "finalbody"):
                    body = getattr(node, field, None)
                    if isinstance(body, list) and body and isinstance(body[0], ast.stmt):
                        yield body

    def start(self, node: ast.AST) -> int:
        """Where a node begins."""
        return self._position(node.lineno, node.col_offset)  # type: ignore[attr-defined]

    def end(self, node: ast.AST) -> int:
        """Where a node ends."""
        return self._position(node.end_lineno, node.end_col_offset)  # type: ignore[attr-defined]

    def _position(self, line: int, column: int) -> int:
        text = self._lines[line - 1]
        if not text.isascii():
            column = len(text.encode()[:column].decode())
        return self._starts[line - 1] + column

    def span(self, node: ast.AST) -> Span:
        """The stretch of a node."""
        return self.start(node), self.end(node)

    def between(self, one: ast.AST, other: ast.AST) -> Span:
        """From the end of a node to the start of another."""
        return self.end(one), self.start(other)

    def text_of(self, node: ast.AST) -> str:
        """A node as it is written."""
        if not hasattr(node, "lineno"):
            return ast.unparse(node)
        return self.text[slice(*self.span(node))]

    def whole_lines(self, node: ast.stmt) -> Span:
        """The lines of a statement."""
        return self._starts[node.lineno - 1], self._starts[node.end_lineno or node.lineno]

    def stands_alone(self, node: ast.stmt) -> bool:
        """Whether its lines hold nothing else: not an `elif`, not behind a semicolon."""
        first, last = self.whole_lines(node)
        before = self.text[first : self.start(node)]
        behind = self.text[self.end(node) : last].split("#")[0]
        return not before.strip() and not behind.strip() and not self._is_elif(node)

    def _is_elif(self, node: ast.stmt) -> bool:
        return isinstance(node, ast.If) and self.text.startswith("elif", self.start(node))

    def indent(self, node: ast.stmt) -> str:
        """White space before a statement."""
        return self.text[self.whole_lines(node)[0] : self.start(node)]

    def column(self, node: ast.stmt) -> int:
        """Width of its indentation."""
        return node.col_offset

    def depth(self, node: ast.stmt) -> int:
        """How many blocks it stands in, the function's own counted."""
        return self._depths.get(id(node), 0)

    def shifted(self, node: ast.stmt, by: str) -> str:
        """Its lines, further to the right."""
        lines = self.text[slice(*self.whole_lines(node))].splitlines(keepends=True)
        return "".join(by + line for line in lines)

    def dedented(self, body: list[ast.stmt], outer: ast.stmt) -> str:
        """Lines of statements moved to the left, below `outer`'s indentation."""
        by = self.column(body[0]) - self.column(outer)
        text = self.text[self.whole_lines(body[0])[0] : self.whole_lines(body[-1])[1]]
        return "".join(
            line[by:] if not line[:by].strip() else line for line in text.splitlines(keepends=True)
        )

    def replaced(self, span: Span, new: str) -> str:
        """The text with one stretch replaced."""
        return self.text[: span[0]] + new + self.text[span[1] :]

    def line_of(self, span: Span) -> int:
        """Line of the first character of a stretch."""
        return self.text.count("\n", 0, span[0]) + 1


def _statements(node: ast.AST, depth: int) -> Iterator[tuple[ast.AST, int]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.stmt):
            yield child, depth
        yield from _statements(child, depth + isinstance(child, ast.stmt))
