"""Signs of a missing statement: what is bound and never read, or begun and never changed."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from typing import Final

from testfleet.repair.rewrite.reading.source import Function

_EMPTY_CALLS: Final = frozenset({"set", "list", "dict", "deque", "defaultdict", "Counter"})
_READS: Final = frozenset({"len", "print", "sum", "max", "min", "sorted", "list", "tuple", "str"})
_KEEPS: Final = frozenset({"get", "items", "keys", "values", "index", "count", "copy", "join"})


def unused(function: Function) -> frozenset[str]:
    """Parameters and locals that the function never reads."""
    written = {a.arg for a in (*function.args.posonlyargs, *function.args.args)}
    read: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name):
            (written if isinstance(node.ctx, ast.Store) else read).add(node.id)
    names = written - read - {"self", "cls"}
    return frozenset(name for name in names if not name.startswith("_"))


def frozen(function: Function) -> frozenset[str]:
    """Locals that begin with a fixed or empty value which nothing ever changes."""
    begun: dict[str, int] = {}
    changed: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Assign):
            fixed = _fixed_targets(node)
            for name in fixed:
                begun[name] = begun.get(name, 0) + 1
            changed |= _stored(node) - fixed
        elif isinstance(node, ast.Call):
            changed |= _given_away(node)
        elif isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
            changed |= _names(node.value)
        elif isinstance(node, ast.AugAssign | ast.For | ast.comprehension | ast.NamedExpr):
            changed |= _names(node.target)
        elif isinstance(node, ast.Nonlocal | ast.Global):
            changed |= set(node.names)
    return frozenset(name for name, times in begun.items() if times == 1) - changed


def change_of(names: Collection[str]) -> re.Pattern[str] | None:
    """Finds a statement that changes one of the names."""
    if not names:
        return None
    words = "|".join(re.escape(name) for name in sorted(names))
    ways = r"\s*[-+*/%|&^]{0,2}=(?!=)|\.(?:append|add|extend|update|insert|appendleft)\("
    return re.compile(rf"\b(?:{words})(?:{ways}|\[[^\]\n]{{1,80}}\]\s*[-+]?=(?!=))")


def _fixed_targets(node: ast.Assign) -> set[str]:
    """Names that the assignment binds to a fixed or empty value."""
    found: set[str] = set()
    for target in node.targets:
        pairs = [(target, node.value)]
        if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
            pairs = list(zip(target.elts, node.value.elts, strict=False))
        found |= {one.id for one, value in pairs if isinstance(one, ast.Name) and _is_fixed(value)}
    return found


def _is_fixed(value: ast.expr) -> bool:
    if isinstance(value, ast.Call):
        return getattr(value.func, "id", "") in _EMPTY_CALLS and len(value.args) <= 1
    if isinstance(value, ast.List | ast.Set | ast.Tuple):
        return len(value.elts) <= 1
    if isinstance(value, ast.Dict):
        return len(value.keys) <= 1
    return isinstance(value, ast.Constant) and not isinstance(value.value, str | None)


def _stored(node: ast.Assign) -> set[str]:
    return {name for target in node.targets for name in _names(target)}


def _given_away(node: ast.Call) -> set[str]:
    """Names that a call may change: its receiver, and what it is given unless it only reads."""
    found: set[str] = set()
    method = node.func if isinstance(node.func, ast.Attribute) else None
    if method is not None and method.attr not in _KEEPS and not method.attr.startswith("pop"):
        found |= {method.value.id} if isinstance(method.value, ast.Name) else set()
    if getattr(node.func, "id", "") not in _READS:
        found |= {arg.id for arg in node.args if isinstance(arg, ast.Name)}
    return found


def _names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
