"""Constants: neighbours of a number, the other truth value, other empty and extreme values."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template

_EMPTY: Final = ("[]", "0", "None", "''", "{}", "False", "True", "-1", "()", "set()")
_EXTREMES: Final = ("float('inf')", "float('-inf')")


def _number(node: ast.Constant, at: Place) -> Drafts:
    value = node.value
    if type(value) is int:
        found = {value + 1: 0.8, value - 1: 0.8, 0: 0.9, 1: 0.9, -1: 0.4, 2: 0.4, -value: 0.4}
        if value > 3:
            found |= {value * 10: 0.25, value // 10: 0.15, value * 2: 0.2, value // 2: 0.2}
        found.pop(value, None)
        for other, weight in found.items():
            yield at.replace(node, str(other), weight)
        if value in {0, 1, -1}:
            yield from (at.replace(node, text, 0.3) for text in (*_EXTREMES, "None", "''", "[]"))
        yield at.replace(node, "True" if value else "False", 0.2)
    elif isinstance(value, float):
        for text, weight in (("0.0", 0.5), ("1.0", 0.5), (f"-{value}", 0.4), ("0.5", 0.3)):
            yield at.replace(node, text, weight)
        if value.is_integer():
            yield at.replace(node, str(int(value)), 0.3)


def _truth(node: ast.Constant, at: Place) -> Drafts:
    if isinstance(node.value, bool):
        yield at.replace(node, str(not node.value), 1.0)
        yield at.replace(node, "None", 0.2)


def _empty(node: ast.expr, at: Place) -> Drafts:
    """What is returned, assigned or a default, as another empty or extreme value."""
    is_empty = isinstance(node, ast.Constant) and (node.value is None or node.value == "")
    is_empty = is_empty or (isinstance(node, ast.List | ast.Tuple) and not node.elts)
    is_empty = is_empty or (isinstance(node, ast.Dict) and not node.keys)
    parent = at.parent(node)
    if isinstance(node, ast.Constant) and isinstance(parent, ast.Return) and not is_empty:
        is_empty = not isinstance(node.value, str)
    if not is_empty or isinstance(parent, ast.Compare):
        return
    code = at.code(node)
    for index, text in enumerate((*_EMPTY, *_EXTREMES)):
        if text != code:
            yield at.replace(node, text, 0.9 - 0.06 * index)
    if code == "[]":
        yield at.replace(node, "[[]]", 0.9)
    yield from (at.replace(node, b.name, 0.8) for b in at.scope.near()[:6])


def _nested_list(node: ast.List, at: Place) -> Drafts:
    """`[]` to `[0]`, `[1]`, `[x]`: a sequence that starts with something."""
    if node.elts or not isinstance(node.ctx, ast.Load):
        return
    for text, weight in (("[0]", 0.7), ("[1]", 0.5), ("[[]]", 0.8), ("['']", 0.4), ("[None]", 0.3)):
        yield at.replace(node, text, weight)
    for binding in at.scope.near()[:6]:
        yield at.replace(node, f"[{binding.name}]", 0.6)


def _filled(node: ast.Call, at: Place) -> Drafts:
    """`set()` to `{x}`, `deque()` to `deque([x])`: a collection that starts with something."""
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    if name not in {"set", "deque", "list"} or node.args:
        return
    for binding in at.scope.near()[:8]:
        text = f"{{{binding.name}}}" if name == "set" else f"{at.code(node.func)}([{binding.name}])"
        yield at.replace(node, text, 1.0 if binding.place == "parameter" else 0.6)
        yield at.replace(node, f"{at.code(node.func)}({binding.name})", 0.4)


def _fewer_elements(node: ast.List | ast.Tuple | ast.Set, at: Place) -> Drafts:
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or len(node.elts) > 6:
        return
    if len(node.elts) == 1 and isinstance(node, ast.List):
        yield at.replace(node, "[]", 1.0)
        if isinstance(node.elts[0], ast.List):
            yield at.replace(node, at.code(node.elts[0]), 0.8)
        return
    for left, right in zip(node.elts, node.elts[1:], strict=False):
        yield at.swap(left, right, 0.8)


def _string(node: ast.Constant, at: Place) -> Drafts:
    """Separators and empty strings; the case of a letter."""
    text = node.value
    if not isinstance(text, str) or isinstance(at.parent(node), ast.Expr | ast.JoinedStr):
        return
    others = {"": (" ", "0"), " ": ("", ", ", "\\n"), ",": (", ", " "), ", ": (",",), "\n": ("",)}
    for other in others.get(text, ()):
        yield at.replace(node, f"'{other}'", 0.6)
    if 0 < len(text) <= 40 and "\n" not in text and "\\" not in text:
        quoted = [text.lower(), text.upper(), text.strip(), text[1:], text[:-1], f" {text}"]
        quoted += [f"{text} ", text.title()]
        for index, other in enumerate(quoted):
            yield at.replace(node, repr(other), 0.35 - 0.03 * index)


TEMPLATES: Final = (
    Template(
        "number",
        "constants",
        "Inline Constant (PIT), Mutate Literal FP9 (TBar)",
        0.22,
        (ast.Constant,),
        _number,
    ),
    Template(
        "truth-value",
        "constants",
        "True/False Returns (PIT), Mutate Literal FP9 (TBar)",
        0.66,
        (ast.Constant,),
        _truth,
    ),
    Template(
        "empty-value",
        "constants",
        "Empty and Null Returns (PIT)",
        0.094,
        (ast.Constant, ast.List, ast.Dict, ast.Tuple),
        _empty,
    ),
    Template("nested-list", "initial", "initial value", 0.146, (ast.List,), _nested_list),
    Template("filled", "initial", "initial value", 0.168, (ast.Call,), _filled),
    Template(
        "element-order",
        "order",
        "swapped elements",
        0.568,
        (ast.List, ast.Tuple, ast.Set),
        _fewer_elements,
    ),
    Template("string", "strings", "Mutate Literal FP9 (TBar)", 0.296, (ast.Constant,), _string),
)
