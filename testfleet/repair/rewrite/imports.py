"""Names that a change needs imported."""

from __future__ import annotations

import ast

from testfleet.repair.rewrite.place import Draft, Place
from testfleet.repair.rewrite.reading.source import Edit


def at_top(line: str, at: Place) -> Edit:
    """Inserts an import before the first one, or behind the docstring."""
    body = at.source.tree.body
    first = body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    anchors = [s for s in body if isinstance(s, ast.Import | ast.ImportFrom)]
    later = [s for s in anchors if getattr(s, "module", "") == "__future__"]
    if later:
        start = at.source.line_end(later[-1].end_lineno or later[-1].lineno)
    elif anchors:
        start = at.source.starts[anchors[0].lineno - 1]
    elif is_docstring:
        start = at.source.line_end(first.end_lineno or first.lineno)
    else:
        start = at.source.starts[first.lineno - 1]
    return Edit(start, start, f"{line}{at.source.newline}")


def imported(module: str, name: str, at: Place) -> tuple[str, tuple[Edit, ...]]:
    """How the file can write `module.name`, and the import that it takes."""
    if name in at.scope.bindings:
        return name, ()
    known = bound_as(module, at)
    if known:
        return f"{known}.{name}", ()
    return name, (at_top(f"from {module} import {name}", at),)


def bound_as(module: str, at: Place) -> str:
    """The file's own name of a module that it imports; empty where it does not."""
    for node in ast.walk(at.source.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == module:
                    return alias.asname or alias.name
    return ""


def with_import(draft: Draft, edits: tuple[Edit, ...]) -> Draft:
    """The draft and what it imports."""
    return draft._replace(edits=(*edits, *draft.edits))
