"""The names that an expression of a function can use, and what kind of value each seems to have."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from testfleet.repair.rewrite.reading import kinds
from testfleet.repair.rewrite.reading.source import Function, Source


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that is in scope."""

    name: str
    kind: str
    """A kind of `reading.kinds`, or `function`, `class`, `module`."""
    place: str
    """`parameter`, `local`, `outer` or `module`."""
    line: int
    """Where it is first bound."""


class Scope:
    """Names at a function, or at module level where `function` is None."""

    def __init__(self, source: Source, function: Function | None) -> None:
        self.function = function
        self.bindings: dict[str, Binding] = {}
        self.kinds: dict[str, str] = {}
        self.attributes: dict[str, list[str]] = {}
        chain = [
            node for node in _chain(source, function) if isinstance(node, Function | ast.Module)
        ]
        for node in reversed(chain):
            self._read(node, "local" if node is function else _place_of(node))
        for node in (function or source.tree,):
            self._infer(node)
        for name, kind in self.kinds.items():
            if name in self.bindings and kind and not self.bindings[name].kind:
                old = self.bindings[name]
                self.bindings[name] = Binding(name, kind, old.place, old.line)
        self._read_attributes(source.owner(function) if function else None, source.tree)

    def values(self) -> list[Binding]:
        """Names of data: parameters and locals first, functions, classes and modules left out."""
        found = [
            binding
            for binding in self.bindings.values()
            if binding.kind not in {"function", "class", "module"}
        ]
        order = {"parameter": 0, "local": 0, "outer": 1, "module": 2}
        return sorted(found, key=lambda binding: order[binding.place])

    def near(self) -> list[Binding]:
        """Parameters and locals."""
        return [b for b in self.values() if b.place in {"parameter", "local"}]

    def callables(self) -> list[Binding]:
        """Functions and classes of the file."""
        return [b for b in self.bindings.values() if b.kind in {"function", "class"}]

    def kind(self, node: ast.expr | None) -> str:
        """Kind of an expression here."""
        return kinds.kind_of(node, self.kinds)

    def _read(self, node: Function | ast.Module, place: str) -> None:
        if isinstance(node, Function):
            arguments = node.args
            own = "parameter" if place == "local" else place
            for arg in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]:
                self._bind(arg.arg, kinds.kind_of_annotation(arg.annotation), own, arg.lineno)
            for extra, kind in ((arguments.vararg, "tuple"), (arguments.kwarg, "dict")):
                if extra is not None:
                    self._bind(extra.arg, kind, own, extra.lineno)
        for inner in own_nodes(node):
            self._read_binding(inner, place)

    def _read_binding(self, inner: ast.AST, place: str) -> None:
        if isinstance(inner, Function):
            self._bind(inner.name, "function", place, inner.lineno)
        elif isinstance(inner, ast.ClassDef):
            self._bind(inner.name, "class", place, inner.lineno)
        elif isinstance(inner, ast.Import | ast.ImportFrom):
            kind = "module" if isinstance(inner, ast.Import) else "function"
            for alias in inner.names:
                name = (alias.asname or alias.name).split(".")[0]
                self._bind(name, kind, place, inner.lineno)
        elif isinstance(inner, ast.ExceptHandler) and inner.name:
            self._bind(inner.name, "exception", place, inner.lineno)
        elif isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            self._bind(inner.id, "", place, inner.lineno)

    def _bind(self, name: str, kind: str, place: str, line: int) -> None:
        old = self.bindings.get(name)
        is_own = old is not None and {old.place, place} <= {"parameter", "local"}
        if old is None or (old.place != place and not is_own):
            self.bindings[name] = Binding(name, kind, place, line)
            self.kinds[name] = kind

    def _infer(self, node: Function | ast.Module) -> None:
        nodes = list(own_nodes(node))
        if isinstance(node, Function):
            arguments = node.args
            positional = [*arguments.posonlyargs, *arguments.args]
            pairs = list(zip(reversed(positional), reversed(arguments.defaults), strict=False))
            pairs += [
                (a, d)
                for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
                if d
            ]
            for arg, default in pairs:
                kind = self.kind(default)
                self._learn(arg.arg, kind if kind != "none" else "")
        for _ in range(2):
            for inner in nodes:
                for name, kind in _evidence(inner, self.kinds):
                    self._learn(name, kind)

    def _learn(self, name: str, kind: str) -> None:
        if kind and not self.kinds.get(name) and kind != "none":
            self.kinds[name] = kind

    def _read_attributes(self, owner: ast.ClassDef | None, tree: ast.Module) -> None:
        seen: dict[str, dict[str, None]] = {}
        for node in ast.walk(owner or tree):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                seen.setdefault(node.value.id, {})[node.attr] = None
            elif owner and isinstance(node, Function):
                seen.setdefault("self", {})[node.name] = None
        self.attributes = {name: list(found) for name, found in seen.items()}


def own_nodes(node: Function | ast.Module | ast.Lambda) -> Iterator[ast.AST]:
    """Nodes inside, those of nested functions and classes left out but not these themselves."""
    stack: list[ast.AST] = list(reversed(node.body)) if isinstance(node.body, list) else [node.body]
    while stack:
        current = stack.pop()
        yield current
        if not isinstance(current, Function | ast.ClassDef):
            stack.extend(reversed(list(ast.iter_child_nodes(current))))


def _chain(source: Source, function: Function | None) -> Iterator[ast.AST]:
    if function is not None:
        yield function
        yield from source.ancestors(function)
    else:
        yield source.tree


def _place_of(node: ast.AST) -> str:
    return "module" if isinstance(node, ast.Module) else "outer"


def _evidence(node: ast.AST, known: dict[str, str]) -> Iterable[tuple[str, str]]:
    """Names that the node tells something about, with the kind."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _assigned(target, node.value, known)
    elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, kinds.kind_of_annotation(node.annotation)
    elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        yield node.target.id, kinds.kind_of(node.value, known)
    elif isinstance(node, ast.For | ast.AsyncFor | ast.comprehension):
        yield from _looped(node, known)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield node.value.id, kinds.kind_of_method(node.attr)
    elif isinstance(node, ast.Subscript) and isinstance(node.value, ast.Name):
        yield from _indexed(node, node.value.id, known)
    elif isinstance(node, ast.Compare) and len(node.ops) == 1:
        yield from _compared(node, known)
    elif isinstance(node, ast.BinOp) and not isinstance(node.op, ast.Mod):
        yield from _calculated(node, known)


def _assigned(
    target: ast.expr, value: ast.expr, known: dict[str, str]
) -> Iterator[tuple[str, str]]:
    if isinstance(target, ast.Name):
        yield target.id, kinds.kind_of(value, known)
        if isinstance(value, ast.List) and value.elts:
            yield f"{target.id}[]", kinds.kind_of(value.elts[0], known)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
        for inner, part in zip(target.elts, value.elts, strict=False):
            yield from _assigned(inner, part, known)


def _looped(
    node: ast.For | ast.AsyncFor | ast.comprehension, known: dict[str, str]
) -> Iterator[tuple[str, str]]:
    if isinstance(node.target, ast.Name):
        yield node.target.id, kinds.kind_of_item(node.iter, known)
    elif isinstance(node.target, ast.Tuple) and isinstance(node.iter, ast.Call):
        first = node.target.elts[0]
        if getattr(node.iter.func, "id", "") == "enumerate" and isinstance(first, ast.Name):
            yield first.id, "int"
    if isinstance(node.iter, ast.Name):
        yield node.iter.id, "iterable"


def _indexed(node: ast.Subscript, name: str, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    if isinstance(node.slice, ast.Slice):
        yield name, "list"
        for bound in (node.slice.lower, node.slice.upper):
            if isinstance(bound, ast.Name):
                yield bound.id, "int"
    elif kinds.kind_of(node.slice, known) == "int":
        yield name, "list"


def _compared(node: ast.Compare, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    left, right = node.left, node.comparators[0]
    if isinstance(node.ops[0], ast.In | ast.NotIn):
        return
    for one, other in ((left, right), (right, left)):
        if isinstance(one, ast.Name):
            yield one.id, kinds.kind_of(other, known)


def _calculated(node: ast.BinOp, known: dict[str, str]) -> Iterator[tuple[str, str]]:
    for one, other in ((node.left, node.right), (node.right, node.left)):
        if isinstance(one, ast.Name):
            kind = kinds.kind_of(other, known)
            is_number = kind in kinds.NUMBERS
            if is_number and not isinstance(node.op, ast.Mult):
                yield one.id, "int"
            elif isinstance(node.op, ast.Add) and kind in kinds.SIZED:
                yield one.id, kind
            elif isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Pow):
                yield one.id, "int"
