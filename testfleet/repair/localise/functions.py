"""Which function a line is in."""

from __future__ import annotations

import ast
from collections.abc import Sequence

Span = tuple[int, int, str]
"""First line, last line, qualified name."""


def functions_of(text: str) -> list[Span]:
    """Every function of a module; none when it does not parse."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return []
    found: list[Span] = []
    waiting: list[tuple[ast.AST, str]] = [(tree, "")]
    while waiting:
        node, prefix = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}" if prefix else child.name
                if not isinstance(child, ast.ClassDef):
                    found.append((child.lineno, child.end_lineno or child.lineno, name))
            waiting.append((child, name))
    return found


def function_at(functions: Sequence[Span], line: int) -> str:
    """Qualified name of the innermost function around the line; empty at module level."""
    around = [each for each in functions if each[0] <= line <= each[1]]
    return min(around, key=lambda each: each[1] - each[0])[2] if around else ""
