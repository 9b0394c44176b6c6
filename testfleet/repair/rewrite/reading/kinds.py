"""Light type inference: what kind of value an expression has, as far as the text tells."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, Final

UNKNOWN: Final = ""
NUMBERS: Final = frozenset({"int", "float", "bool"})
SEQUENCES: Final = frozenset({"list", "tuple", "str", "bytes", "iterable", "deque"})
SIZED: Final = frozenset({"list", "tuple", "str", "bytes", "dict", "set", "deque"})
CONTAINERS: Final = SIZED | {"iterable"}

_LITERALS: Final[Mapping[type[ast.expr], str]] = {
    ast.List: "list",
    ast.ListComp: "list",
    ast.Tuple: "tuple",
    ast.Dict: "dict",
    ast.DictComp: "dict",
    ast.Set: "set",
    ast.SetComp: "set",
    ast.JoinedStr: "str",
    ast.GeneratorExp: "iterable",
    ast.Compare: "bool",
    ast.Lambda: "function",
}
_CALLS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("len", "int", "ord", "hash", "id", "index", "find", "count", "rfind"), "int"),
    **dict.fromkeys(("float", "sqrt", "log", "pow", "random"), "float"),
    **dict.fromkeys(("list", "sorted", "split", "splitlines", "copy", "readlines"), "list"),
    **dict.fromkeys(("str", "repr", "join", "strip", "lower", "upper", "replace", "chr"), "str"),
    **dict.fromkeys(("lstrip", "rstrip", "format", "title", "read", "zfill", "hex", "bin"), "str"),
    **dict.fromkeys(("set", "frozenset", "union", "intersection", "difference"), "set"),
    **dict.fromkeys(("dict", "defaultdict", "Counter", "OrderedDict"), "dict"),
    **dict.fromkeys(("range", "enumerate", "zip", "map", "filter", "reversed", "iter"), "iterable"),
    **dict.fromkeys(("keys", "values", "items", "permutations", "combinations"), "iterable"),
    **dict.fromkeys(("isinstance", "any", "all", "bool", "startswith", "endswith"), "bool"),
    **dict.fromkeys(("isdigit", "isalpha", "isspace", "hasattr", "callable"), "bool"),
    **dict.fromkeys(("floor", "ceil", "gcd", "round", "bisect", "bisect_left"), "int"),
    "deque": "deque",
    "tuple": "tuple",
    "bytes": "bytes",
    "encode": "bytes",
    "decode": "str",
}
_METHODS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("append", "insert", "sort", "reverse", "extend"), "list"),
    **dict.fromkeys(("add", "discard"), "set"),
    **dict.fromkeys(("items", "keys", "values", "setdefault", "get"), "dict"),
    **dict.fromkeys(("split", "strip", "lower", "upper", "startswith", "join"), "str"),
    **dict.fromkeys(("isdigit", "isalpha", "replace", "find", "encode"), "str"),
    **dict.fromkeys(("popleft", "appendleft"), "deque"),
}
_ANNOTATIONS: Final[Mapping[str, str]] = {
    **{word: word for word in ("int", "float", "str", "bool", "list", "dict", "set", "tuple")},
    **{word: word.lower() for word in ("List", "Dict", "Set", "Tuple", "Deque")},
    **dict.fromkeys(("Iterable", "Iterator", "Generator"), "iterable"),
    **dict.fromkeys(("Sequence", "MutableSequence"), "list"),
    **dict.fromkeys(("Mapping", "MutableMapping"), "dict"),
}


def kind_of(node: ast.expr | None, known: Mapping[str, str]) -> str:
    """Kind of an expression, given the kinds of names; empty when it cannot be told."""
    if node is None:
        return UNKNOWN
    reader = _READERS.get(type(node))
    if reader is not None:
        return reader(node, known)
    return _LITERALS.get(type(node), UNKNOWN)


def kind_of_annotation(node: ast.expr | None) -> str:
    """Kind that an annotation names."""
    if isinstance(node, ast.Subscript):
        return kind_of_annotation(node.value)
    if isinstance(node, ast.BinOp):
        return kind_of_annotation(node.left)
    name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
    is_class = name[:1].isupper() and name not in {"Any", "Optional", "Union", "Callable", "T"}
    return _ANNOTATIONS.get(name, "object" if is_class and len(name) > 2 else UNKNOWN)


def kind_of_method(name: str) -> str:
    """Kind of the values that usually have such a method."""
    return _METHODS.get(name, UNKNOWN)


def kind_of_item(container: ast.expr, known: Mapping[str, str]) -> str:
    """Kind of what a loop over the expression yields."""
    if isinstance(container, ast.Call) and isinstance(container.func, ast.Name):
        if container.func.id == "range":
            return "int"
        if container.func.id in {"enumerate", "zip"}:
            return "tuple"
        if container.func.id in {"sorted", "reversed", "set", "list"} and container.args:
            return kind_of_item(container.args[0], known)
    if isinstance(container, ast.List | ast.Tuple | ast.Set) and container.elts:
        return kind_of(container.elts[0], known)
    return "str" if kind_of(container, known) == "str" else UNKNOWN


def likeness(first: str, second: str) -> float:
    """How likely a value of one kind stands where one of the other kind was meant; 1 at most."""
    if not first or not second:
        return 0.6
    if first == second:
        return 1.0
    if {first, second} <= NUMBERS or {first, second} <= CONTAINERS:
        return 0.5
    return 0.1


def _kind_of_name(node: ast.Name, known: Mapping[str, str]) -> str:
    return known.get(node.id, UNKNOWN)


def _kind_of_attribute(node: ast.Attribute, known: Mapping[str, str]) -> str:
    owner = node.value.id if isinstance(node.value, ast.Name) else ""
    return known.get(f"{owner}.{node.attr}", UNKNOWN)


def _kind_of_constant(node: ast.Constant, _: Mapping[str, str]) -> str:
    return "none" if node.value is None else type(node.value).__name__


def _kind_of_sign(node: ast.UnaryOp, known: Mapping[str, str]) -> str:
    return "bool" if isinstance(node.op, ast.Not) else kind_of(node.operand, known)


def _kind_of_choice(node: ast.BoolOp | ast.IfExp, known: Mapping[str, str]) -> str:
    if isinstance(node, ast.BoolOp):
        return kind_of(node.values[-1], known)
    return kind_of(node.body, known) or kind_of(node.orelse, known)


def _kind_of_call(node: ast.Call, known: Mapping[str, str]) -> str:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    if name in {"abs", "min", "max", "sum"} and node.args:
        kind = kind_of(node.args[0], known)
        return kind if kind in NUMBERS else "int"
    return _CALLS.get(name, UNKNOWN)


def _kind_of_arithmetic(node: ast.BinOp, known: Mapping[str, str]) -> str:
    left, right = kind_of(node.left, known), kind_of(node.right, known)
    if isinstance(node.op, ast.Div) and "str" not in {left, right}:
        return "float"
    if isinstance(node.op, ast.Mult) and "int" in {left, right}:
        return (left if right == "int" else right) or UNKNOWN
    if "float" in {left, right}:
        return "float"
    return left or right


def _kind_of_item(node: ast.Subscript, known: Mapping[str, str]) -> str:
    kind = kind_of(node.value, known)
    if isinstance(node.slice, ast.Slice):
        return kind
    if kind == "str" or not isinstance(node.value, ast.Name):
        return kind if kind == "str" else UNKNOWN
    return known.get(f"{node.value.id}[]", UNKNOWN)


_READERS: Final[Mapping[type[ast.expr], Callable[[Any, Mapping[str, str]], str]]] = {
    ast.Name: _kind_of_name,
    ast.Attribute: _kind_of_attribute,
    ast.Constant: _kind_of_constant,
    ast.UnaryOp: _kind_of_sign,
    ast.BoolOp: _kind_of_choice,
    ast.IfExp: _kind_of_choice,
    ast.Call: _kind_of_call,
    ast.BinOp: _kind_of_arithmetic,
    ast.Subscript: _kind_of_item,
}
