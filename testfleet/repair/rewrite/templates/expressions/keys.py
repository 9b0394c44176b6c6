"""Mappings: missing keys, defaults, keys and values mixed up."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.imports import imported, with_import
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.source import Edit

_DEFAULTS: Final = ("0", "None", "[]", "''", "1", "{}", "False", "set()")


def _got(node: ast.Subscript, at: Place) -> Drafts:
    """`d[k]` to `d.get(k)` and `d.get(k, 0)`."""
    if not isinstance(node.ctx, ast.Load) or isinstance(node.slice, ast.Slice | ast.Constant):
        if not (isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)):
            return
        if not isinstance(node.ctx, ast.Load):
            return
    kind = at.scope.kind(node.value)
    likely = {"dict": 1.0, "": 0.4}.get(kind, 0.05)
    owner, key = at.operand(node.value), at.code(node.slice)
    yield at.replace(node, f"{owner}.get({key})", likely * 0.6)
    for index, default in enumerate(_DEFAULTS):
        yield at.replace(node, f"{owner}.get({key}, {default})", likely * (0.8 - 0.07 * index))
    yield at.replace(node, f"{owner}.setdefault({key}, [])", likely * 0.4)


def _default(node: ast.Call, at: Place) -> Drafts:
    """The default of `get`, `pop`, `next` and `getattr`: missing or another one."""
    name = getattr(node.func, "id", "") or getattr(node.func, "attr", "")
    usual = {"get": 1, "next": 1, "getattr": 2, "pop": 1, "setdefault": 1}.get(name)
    if usual is None or node.keywords:
        return
    if len(node.args) == usual:
        end = at.source.end(node.args[-1])
        for index, default in enumerate(_DEFAULTS):
            yield Draft((Edit(end, end, f", {default}"),), 0.8 - 0.06 * index)
        if name == "get" and isinstance(node.func, ast.Attribute):
            text = f"{at.operand(node.func.value)}[{at.code(node.args[0])}]"
            yield at.replace(node, text, 0.4)
    elif len(node.args) == usual + 1:
        for index, default in enumerate(_DEFAULTS):
            yield at.replace(node.args[-1], default, 0.7 - 0.06 * index)
        for binding in at.scope.near():
            yield at.replace(node.args[-1], binding.name, 0.4)


def _default_mapping(node: ast.Dict | ast.Call, at: Place) -> Drafts:
    """`{}` to `defaultdict(list)`; the factory of a defaultdict."""
    if isinstance(node, ast.Call):
        if getattr(node.func, "id", getattr(node.func, "attr", "")) == "defaultdict" and node.args:
            for factory in ("int", "list", "set", "dict", "float", "str"):
                yield at.replace(node.args[0], factory, 0.5)
        return
    if not node.keys and isinstance(at.parent(node), ast.Assign):
        call, edits = imported("collections", "defaultdict", at)
        for index, factory in enumerate(("int", "list", "set")):
            weight = (0.3 if edits else 0.8) - 0.1 * index
            yield with_import(at.replace(node, f"{call}({factory})", weight), edits)


def _key_and_value(node: ast.Dict | ast.DictComp, at: Place) -> Drafts:
    if isinstance(node, ast.DictComp):
        yield at.swap(node.key, node.value, 1.0)
    elif len(node.keys) <= 4:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None:
                yield at.swap(key, value, 0.4)


def _views(node: ast.Name | ast.Attribute, at: Place) -> Drafts:
    """`for k in d` to `for k, v in d.items()`: the view that is looped over."""
    parent = at.parent(node)
    is_iterated = isinstance(parent, ast.For | ast.comprehension) and parent.iter is node
    is_operand = isinstance(parent, ast.Call | ast.Compare) and node is not getattr(
        parent, "func", 0
    )
    kind = at.scope.kind(node)
    if (is_iterated or is_operand) and kind in {"dict", "", "iterable"}:
        likely = (1.0 if kind == "dict" else 0.4) * (1.0 if is_iterated else 0.4)
        for index, view in enumerate(("items()", "values()", "keys()")):
            yield at.replace(node, f"{at.code(node)}.{view}", likely * (1.0 - 0.2 * index))


def _sort_key(node: ast.Lambda, at: Place) -> Drafts:
    """`key=lambda x: x[1]` to `-x[1]`, to `(x[1], x[0])`, to `(-x[1], x[0])`."""
    parent = at.parent(node)
    if not (isinstance(parent, ast.keyword) and parent.arg == "key" and node.args.args):
        return
    item, parts = node.args.args[0].arg, [node.body]
    if isinstance(node.body, ast.Tuple):
        parts = node.body.elts
        for part in parts:
            yield at.replace(part, _reversed(part, at), 0.8)
        return
    own, opposite = at.code(node.body), _reversed(node.body, at)
    yield at.replace(node.body, opposite, 0.9)
    for other in (f"{item}[0]", f"{item}[1]", item):
        if other != own:
            yield at.replace(node.body, f"({own}, {other})", 0.7)
            yield at.replace(node.body, f"({opposite}, {other})", 0.6)
            yield at.replace(node.body, f"({other}, {own})", 0.3)
            yield at.replace(node.body, other, 0.5)


def _reversed(node: ast.expr, at: Place) -> str:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return at.code(node.operand)
    return f"-{at.operand(node)}"


TEMPLATES: Final = (
    Template("sort-key", "keys", "order of a sort", 0.4, (ast.Lambda,), _sort_key),
    Template("key-with-default", "keys", "missing key", 0.053, (ast.Subscript,), _got),
    Template("default", "keys", "default of a lookup", 0.304, (ast.Call,), _default),
    Template(
        "default-mapping",
        "keys",
        "mapping with a default",
        0.407,
        (ast.Dict, ast.Call),
        _default_mapping,
    ),
    Template(
        "key-and-value",
        "order",
        "key and value swapped",
        0.652,
        (ast.Dict, ast.DictComp),
        _key_and_value,
    ),
    Template("views", "keys", "view of a mapping", 0.382, (ast.Name, ast.Attribute), _views),
)
