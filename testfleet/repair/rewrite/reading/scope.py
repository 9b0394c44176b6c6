"""The names that an expression of a function can use, and what kind of value each seems to have."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from testfleet.repair.rewrite.reading import kinds
from testfleet.repair.rewrite.reading.evidence import evidence
from testfleet.repair.rewrite.reading.siblings import swaps
from testfleet.repair.rewrite.reading.signs import change_of, frozen, unused
from testfleet.repair.rewrite.reading.source import Function, Source


@dataclass(frozen=True, slots=True)
class Binding:
    """A name that is in scope."""

    name: str
    kind: str
    """A kind of `reading.kinds`, or `function`, `class`, `module`."""
    place: str
    """`parameter`, `local`, `field` (an attribute of `self`), `outer` or `module`."""
    line: int
    """Where it is first bound."""


RECEIVERS: Final = frozenset({"self", "cls"})
_BUILTINS: Final = frozenset(dir(builtins)) | {"__file__", "__name__"}


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
        self.unused = unused(function) if function else frozenset()
        self.changes = change_of(frozen(function)) if function else None
        self.unbound = self._unbound(function) if function else frozenset()
        owner = source.owner(function) if function else None
        self._read_attributes(owner, source.tree)
        if owner is not None and function is not None and function.args.args:
            self._read_fields(owner, function.args.args[0].arg)

    def values(self) -> list[Binding]:
        """Names of data: parameters and locals first, functions, classes and modules left out."""
        found = [
            binding
            for binding in self.bindings.values()
            if binding.kind not in {"function", "class", "module"}
        ]
        order = {"parameter": 0, "local": 0, "field": 1, "outer": 2, "module": 3}
        return sorted(found, key=lambda binding: order[binding.place])

    def near(self) -> list[Binding]:
        """Parameters and locals, then the attributes of `self`."""
        places = {"parameter", "local", "field"}
        return [b for b in self.values() if b.place in places and b.name not in RECEIVERS]

    @cached_property
    def swaps(self) -> list[Mapping[str, str]]:
        """Pairs of parameters and locals that are each other's counterparts."""
        return swaps([b.name for b in self.near() if b.name.isidentifier()])

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
        called = {id(inner.func) for inner in nodes if isinstance(inner, ast.Call)}
        for inner in nodes:
            if isinstance(inner, ast.Attribute) and id(inner) not in called:
                owner = inner.value.id if isinstance(inner.value, ast.Name) else ""
                binding = self.bindings.get(owner)
                if binding is not None and binding.place in {"parameter", "local"}:
                    self._learn(owner, "object")
        for _ in range(2):
            for inner in nodes:
                for name, kind in evidence(inner, self.kinds):
                    self._learn(name, kind)

    def _learn(self, name: str, kind: str) -> None:
        if kind and not self.kinds.get(name) and kind != "none":
            self.kinds[name] = kind

    def _unbound(self, function: Function) -> frozenset[str]:
        """Names that the function reads and that nothing binds."""
        foreign = {
            name.id
            for node in ast.walk(function)
            if isinstance(node, ast.comprehension)
            for name in ast.walk(node.target)
            if isinstance(name, ast.Name)
        } | {arg.arg for arg in ast.walk(function) if isinstance(arg, ast.arg)}
        first_read: dict[str, int] = {}
        first_bound: dict[str, int] = {}
        for node in own_nodes(function):
            if isinstance(node, ast.Name):
                seen = first_read if isinstance(node.ctx, ast.Load) else first_bound
                seen[node.id] = min(node.lineno, seen.get(node.id, node.lineno))
            elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
                name, line = node.target.id, node.lineno
                first_read[name] = min(line, first_read.get(name, line))
        is_local = {name: line for name, line in first_bound.items() if name not in foreign}
        return frozenset(
            name
            for name, line in first_read.items()
            if name not in foreign | _BUILTINS
            and (name not in self.bindings or is_local.get(name, -1) >= line > 0)
        )

    def _read_fields(self, owner: ast.ClassDef, receiver: str) -> None:
        """Attributes that the class's methods assign to `self`."""
        for node in ast.walk(owner):
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    owned = target.value if isinstance(target, ast.Attribute) else None
                    if isinstance(owned, ast.Name) and owned.id == receiver:
                        assert isinstance(target, ast.Attribute)  # noqa: S101
                        self._bind_field(f"{receiver}.{target.attr}", node)

    def _bind_field(self, name: str, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> None:
        kind = self.kind(node.value)
        kind = "" if kind == "none" else kind
        if not self.kinds.get(name):
            self.kinds[name] = kind
            self.bindings[name] = Binding(name, kind, "field", node.lineno)

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
