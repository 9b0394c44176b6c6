"""Exceptions: which are caught, which are raised, what is not caught yet."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import lines_of
from testfleet.repair.rewrite.reading.source import Edit

_USUAL: Final = (
    *("ValueError", "KeyError", "IndexError", "TypeError", "AttributeError", "ZeroDivisionError"),
    *(
        "StopIteration",
        "OSError",
        "RuntimeError",
        "LookupError",
        "Exception",
        "NotImplementedError",
    ),
)


def _caught(node: ast.ExceptHandler, at: Place) -> Drafts:
    """Another exception, or one more, in an `except`."""
    if node.type is None:
        return
    own = at.code(node.type)
    for index, name in enumerate(_USUAL):
        if name not in own:
            weight = 1.0 - 0.06 * index
            yield at.replace(node.type, name, weight)
            inside = own.strip("()")
            yield at.replace(node.type, f"({inside}, {name})", weight * 0.8)


def _raised(node: ast.Raise, at: Place) -> Drafts:
    """Another exception in a `raise`; `return` instead of it, `raise` instead of `return`."""
    if node.exc is None:
        return
    called = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
    for index, name in enumerate(_USUAL):
        if name != at.code(called):
            yield at.replace(called, name, 0.9 - 0.06 * index)
    for text in ("None", "False", "[]", "0"):
        yield at.replace(node, f"return {text}", 0.3)


def _returned_error(node: ast.Return | ast.Expr, at: Place) -> Drafts:
    """`return ValueError()` to `raise`; `ValueError()` alone to `raise`."""
    value = node.value
    name = getattr(getattr(value, "func", value), "id", "")
    if value is not None and name.endswith(("Error", "Exception")):
        yield at.replace(node, f"raise {at.code(value)}", 1.0)
    elif isinstance(node, ast.Return) and (value is None or isinstance(value, ast.Constant)):
        for index, error in enumerate(_USUAL[:4]):
            yield at.replace(node, f"raise {error}", 0.25 - 0.04 * index)


def _tried(node: ast.stmt, at: Place) -> Drafts:
    """`try` around a statement, with a way out for what the failure raised."""
    if not isinstance(node, ast.Assign | ast.Return | ast.Expr | ast.AugAssign):
        return
    lines = lines_of(at.source, node)
    if lines is None or at.function is None:
        return
    start = at.source.starts[node.lineno - 1]
    end = at.source.line_end(node.end_lineno or node.lineno)
    indent, unit, newline = at.source.indent(node), at.source.unit, at.source.newline
    body = "".join(f"{indent}{unit}{line}{newline}" for line in lines)
    ways = ["return None", "return []", "return False", "return 0", "pass"]
    if at.loops():
        ways = ["continue", "break", *ways]
    for error in _errors(at):
        for index, way in enumerate(ways):
            text = f"{indent}try:{newline}{body}{indent}except {error}:{newline}{indent}{unit}{way}"
            yield Draft((Edit(start, end, f"{text}{newline}"),), 0.9 - 0.1 * index)


def _errors(at: Place) -> list[str]:
    """What the failures raised, as far as a program would catch it."""
    return [name for name in _USUAL if name in at.hints.raised and name != "NotImplementedError"]


TEMPLATES: Final = (
    Template(
        "caught-exception", "exceptions", "type of a handler", 0.283, (ast.ExceptHandler,), _caught
    ),
    Template(
        "raised-exception", "exceptions", "type of a raised exception", 0.178, (ast.Raise,), _raised
    ),
    Template(
        "returned-error",
        "exceptions",
        "raise for return",
        0.283,
        (ast.Return, ast.Expr),
        _returned_error,
    ),
    Template(
        "tried",
        "exceptions",
        "Insert Missed Statement FP4 (TBar), a handler",
        0.039,
        (ast.stmt,),
        _tried,
    ),
)
