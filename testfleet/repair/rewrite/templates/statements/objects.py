"""Classes: `super().__init__`, attributes of the class and of the instance, decorators."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import first_statement, removed
from testfleet.repair.rewrite.reading.source import Edit, Function


def _super_call(node: Function, at: Place) -> Drafts:
    """`super().__init__(...)` at the start of `__init__`."""
    owner = at.source.owner(node)
    if owner is None or not owner.bases or "super()" in at.code(node):
        return
    names = [arg.arg for arg in node.args.args if arg.arg not in {"self", "cls"}]
    calls = [f"super().{node.name}({', '.join(names)})", f"super().{node.name}()"]
    calls += [f"super().{node.name}({name})" for name in names]
    for index, call in enumerate(dict.fromkeys(calls)):
        weight = (1.0 if node.name == "__init__" else 0.4) - 0.1 * index
        yield from at.before(first_statement(node), [call], weight)


def _instance_attribute(node: ast.Assign | ast.AnnAssign, at: Place) -> Drafts:
    """A mutable attribute of the class, made one of each instance."""
    owner = at.parent(node)
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    is_mutable = isinstance(node.value, ast.List | ast.Dict | ast.Set | ast.Call)
    if not (isinstance(owner, ast.ClassDef) and isinstance(target, ast.Name) and is_mutable):
        return
    value = at.code(node.value) if node.value is not None else ""
    line = f"self.{target.id} = {value}"
    start = next((f for f in owner.body if isinstance(f, Function) and f.name == "__init__"), None)
    if start is not None:
        yield from at.before(first_statement(start), [line], 1.0)
        cut = removed(at.source, node)
        for draft in at.before(first_statement(start), [line]):
            if cut is not None:
                yield Draft((cut, *draft.edits), 0.9)
    else:
        yield from at.after(node, ["", *at.block("def __init__(self):", line)], 1.0)


def _missing_attribute(node: Function, at: Place) -> Drafts:
    """`self.x = x`, `self.x = []` in `__init__`."""
    owner = at.source.owner(node)
    if owner is None or node.name != "__init__":
        return
    written = {
        inner.attr
        for inner in ast.walk(node)
        if isinstance(inner, ast.Attribute) and isinstance(inner.ctx, ast.Store)
    }
    used = [name for name in at.scope.attributes.get("self", ()) if name not in written]
    methods = {f.name for f in owner.body if isinstance(f, Function)}
    parameters = [arg.arg for arg in node.args.args[1:]]
    names = [name for name in (*used, *parameters) if name not in methods | written]
    for name in dict.fromkeys(names):
        values = (
            (name,) if name in parameters else ("None", "[]", "0", "{}", "''", "set()", "False")
        )
        for index, value in enumerate(values):
            weight = (1.0 if name in at.hints.missing else 0.6) - 0.08 * index
            yield from at.after(node.body[-1], [f"self.{name} = {value}"], weight)


def _decorated(node: Function, at: Place) -> Drafts:
    """A decorator put on, or taken off."""
    for decorator in node.decorator_list:
        line = decorator.lineno
        yield Draft((Edit(at.source.starts[line - 1], at.source.line_end(line), ""),), 0.6)
        if isinstance(decorator, ast.Name) and decorator.id in {"staticmethod", "classmethod"}:
            other = "classmethod" if decorator.id == "staticmethod" else "staticmethod"
            yield at.replace(decorator, other, 0.7)
    if isinstance(at.parent(node), ast.ClassDef) and not node.decorator_list:
        first = node.args.args[0].arg if node.args.args else ""
        names = ["property"] if first == "self" and len(node.args.args) == 1 else []
        names += ["classmethod"] if first == "cls" else []
        names += ["staticmethod"] if first not in {"self", "cls"} else []
        for name in names:
            yield from at.before(node, [f"@{name}"], 0.7)


def _kept_on_self(node: ast.Assign, at: Place) -> Drafts:
    """`x = y` in a method to `self.x = y`."""
    target = node.targets[0]
    if at.source.owner(node) is not None and isinstance(target, ast.Name):
        known = target.id in at.scope.attributes.get("self", ())
        yield at.replace(target, f"self.{target.id}", 1.0 if known else 0.4)


_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
TEMPLATES: Final = (
    Template("super-call", "objects", "missing call of the parent", 1, _FUNCTIONS, _super_call),
    Template(
        "instance-attribute",
        "copies",
        "shared class attribute",
        1,
        (ast.Assign, ast.AnnAssign),
        _instance_attribute,
    ),
    Template(
        "missing-attribute",
        "objects",
        "missing initialisation",
        0.71,
        _FUNCTIONS,
        _missing_attribute,
    ),
    Template("decorated", "objects", "decorator", 0.814, _FUNCTIONS, _decorated),
    Template(
        "kept-on-self",
        "objects",
        "missing receiver of a target",
        0.72,
        (ast.Assign,),
        _kept_on_self,
    ),
)
