"""Strings that a Python file puts together from its own constants."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

_IS_AN_OBJECT = (ast.Attribute, ast.Dict, ast.Subscript, ast.Lambda)
"""First arguments that stand for what they are, where a name or an object is taken."""

_MAKES_TEXT = frozenset({"format", "join", "replace", "str", "removeprefix", "removesuffix"})


@dataclass
class Texts:
    """What names stand for, as far as the file alone can tell. Looked up only when asked."""

    modules: list[ast.Module] = field(default_factory=list)

    def value(self, node: ast.expr | None) -> str | None:
        """The string that an expression always is; None when it is computed, or no string."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self._constants.get(node.id)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._joined(_terms(node))
        if isinstance(node, ast.JoinedStr):
            return self._joined(node.values)
        if isinstance(node, ast.FormattedValue) and node.conversion < 0 and not node.format_spec:
            return self.value(node.value)
        return None

    def relative(self, node: ast.expr | None) -> str | None:
        """`.f` where the expression is this module's own name and `.f`; else None."""
        parts = node.values if isinstance(node, ast.JoinedStr) else _terms(node) if node else []
        match parts:
            case [
                ast.FormattedValue(value=ast.Name(id="__name__")) | ast.Name(id="__name__"),
                *rest,
            ]:
                text = self._joined(rest)
                return text if text and text.startswith(".") else None
        return None

    def is_object(self, node: ast.expr) -> bool:
        """Whether an argument is, by its looks, a thing itself and not its dotted name."""
        if isinstance(node, ast.Name):
            return node.id in self._things
        if isinstance(node, ast.Call):
            return called(node) not in _MAKES_TEXT
        return isinstance(node, _IS_AN_OBJECT)

    def dicts(self) -> Iterator[ast.Dict]:
        """Every dict that the file spells out."""
        return (node for node in self.nodes() if isinstance(node, ast.Dict))

    def nodes(self) -> Iterator[ast.AST]:
        """Every node of the file."""
        for module in self.modules:
            yield from ast.walk(module)

    @cached_property
    def parents(self) -> Mapping[int, ast.AST]:
        """What each node stands in, by `id` of the node."""
        return {id(child): node for node in self.nodes() for child in ast.iter_child_nodes(node)}

    def _joined(self, parts: Sequence[ast.expr]) -> str | None:
        values = [self.value(part) for part in parts]
        return "".join(filter(None, values)) if None not in values else None

    @cached_property
    def _constants(self) -> Mapping[str, str]:
        """Strings given once, at the top of the module, to names that mean nothing else."""
        bound = Counter(name for node in self.nodes() for name in _binds(node))
        found = {}
        for statement in (one for module in self.modules for one in module.body):
            match statement:
                case (
                    ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text)))
                    | ast.AnnAssign(target=ast.Name(id=name), value=ast.Constant(value=str(text)))
                ) if bound[name] == 1 and not bound["*"]:
                    found[name] = text
        return found

    @cached_property
    def _things(self) -> frozenset[str]:
        """Names that an import or a definition binds."""
        kinds = (ast.alias, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        own = {name for node in self.nodes() if isinstance(node, kinds) for name in _binds(node)}
        others = {
            name for node in self.nodes() if not isinstance(node, kinds) for name in _binds(node)
        }
        return frozenset(own - others)


def _terms(node: ast.expr) -> list[ast.expr]:
    """What a sum adds, in order: by a loop, as a long one is too deep to recurse into."""
    found = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        found.append(node.right)
        node = node.left
    return [node, *reversed(found)]


def called(call: ast.Call) -> str:
    """The last part of what is called."""
    if isinstance(call.func, ast.Attribute):
        return call.func.attr
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _binds(node: ast.AST) -> Iterator[str]:
    """The names to which a node gives a meaning, `*` for all of them."""
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()) | ast.arg(arg=name):
            yield name
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=origin, asname=name):
            yield name or origin.partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchAs(name=str(name)) | ast.MatchMapping(rest=str(name)):
            yield name
