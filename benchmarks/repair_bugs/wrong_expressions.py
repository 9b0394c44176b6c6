"""Faults inside an expression: what is computed, compared or passed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.repair_bugs.source import Edit, Source

_OPERATORS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Add: ("-",),
    ast.Sub: ("+",),
    ast.Mult: ("+", "//"),
    ast.Div: ("//", "*"),
    ast.FloorDiv: ("/", "%"),
    ast.Mod: ("//",),
    ast.Pow: ("*",),
    ast.BitAnd: ("|", "^"),
    ast.BitOr: ("&",),
    ast.BitXor: ("&", "|"),
    ast.LShift: (">>",),
    ast.RShift: ("<<",),
}
_COMPARISONS: dict[type[ast.AST], tuple[str, ...]] = {
    ast.Lt: ("<=", ">"),
    ast.LtE: ("<", ">="),
    ast.Gt: (">=", "<"),
    ast.GtE: (">", "<="),
    ast.Eq: ("!=", "<=", ">="),
    ast.NotEq: ("==", "<", ">"),
    ast.In: ("not in",),
    ast.NotIn: ("in",),
    ast.Is: ("is not",),
    ast.IsNot: ("is",),
}
_METHODS = {
    "append": ("extend", "insert"),
    "extend": ("append",),
    "add": ("discard",),
    "pop": ("remove",),
    "popleft": ("pop",),
    "appendleft": ("append",),
    "keys": ("values",),
    "values": ("keys",),
    "items": ("keys",),
    "startswith": ("endswith",),
    "endswith": ("startswith",),
    "lower": ("upper",),
    "upper": ("lower",),
    "strip": ("lstrip", "rstrip"),
    "lstrip": ("rstrip",),
    "rstrip": ("lstrip",),
    "find": ("rfind",),
    "rfind": ("find",),
    "isdigit": ("isalpha",),
    "isalpha": ("isalnum",),
    "union": ("intersection",),
    "intersection": ("union",),
    "update": ("setdefault",),
    "min": ("max",),
    "max": ("min",),
    "any": ("all",),
    "all": ("any",),
    "sorted": ("list",),
    "floor": ("ceil",),
    "ceil": ("floor",),
    "heappush": ("heappop",),
    "split": ("rsplit",),
}


def wrong_operator(source: Source) -> Iterator[Edit]:
    """Arithmetic and bitwise."""
    for node in source.nodes(ast.BinOp):
        for new in _OPERATORS.get(type(node.op), ()):
            yield source.between(node.left, node.right), f" {new} "


def wrong_comparison(source: Source) -> Iterator[Edit]:
    """Strictness, direction, membership."""
    for node in source.nodes(ast.Compare):
        if len(node.ops) == 1:
            for new in _COMPARISONS[type(node.ops[0])]:
                yield source.between(node.left, node.comparators[0]), f" {new} "


def wrong_connective(source: Source) -> Iterator[Edit]:
    """`and` for `or`, a `not` forgotten or too much."""
    for node in source.nodes(ast.BoolOp):
        new = " or " if isinstance(node.op, ast.And) else " and "
        yield source.between(node.values[0], node.values[1]), new
    for unary in source.nodes(ast.UnaryOp):
        if isinstance(unary.op, ast.Not):
            yield source.span(unary), source.text_of(unary.operand)
    for branch in source.nodes(ast.If):
        yield source.span(branch.test), f"not ({source.text_of(branch.test)})"


def off_by_one(source: Source) -> Iterator[Edit]:
    """A `+ 1` or `- 1` that is missing, too much, or a bound beside the right one."""
    for node in source.nodes(ast.BinOp):
        if isinstance(node.op, ast.Add | ast.Sub) and _is_int(node.right, 1):
            yield source.span(node), source.text_of(node.left)
    for call in source.nodes(ast.Call):
        if source.text_of(call.func) == "range" and call.args:
            bound = call.args[min(1, len(call.args) - 1)]
            yield source.span(bound), f"{source.text_of(bound)} - 1"
            yield source.span(bound), f"{source.text_of(bound)} + 1"
    for index in source.nodes(ast.Subscript):
        if isinstance(index.slice, ast.Name):
            yield source.span(index.slice), f"{index.slice.id} - 1"


def wrong_constant(source: Source) -> Iterator[Edit]:
    """A number, flag or initial value that is another."""
    for node in source.nodes(ast.Constant):
        value = node.value
        if isinstance(value, bool):
            yield source.span(node), str(not value)
        elif isinstance(value, int) and abs(value) <= 100:
            yield source.span(node), str(value + 1)
            if value:
                yield source.span(node), str(value - 1)
    for unary in source.nodes(ast.UnaryOp):
        if isinstance(unary.op, ast.USub):
            yield source.span(unary), source.text_of(unary.operand)


def wrong_variable(source: Source) -> Iterator[Edit]:
    """A variable for another one of the same function."""
    for function in source.nodes(ast.FunctionDef):
        local = sorted(
            {arg.arg for arg in function.args.args if arg.arg not in {"self", "cls"}}
            | {n.id for n in ast.walk(function) if _is_stored(n)}
        )
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in local:
                at = local.index(node.id)
                for other in {local[at - 1], local[(at + 1) % len(local)]} - {node.id}:
                    yield source.span(node), other


def wrong_attribute(source: Source) -> Iterator[Edit]:
    """`left` for `right`: another attribute of the same object."""
    nodes = list(source.nodes(ast.Attribute))
    by_owner: dict[str, set[str]] = {}
    for node in nodes:
        by_owner.setdefault(source.text_of(node.value), set()).add(node.attr)
    for node in nodes:
        for other in sorted(by_owner[source.text_of(node.value)] - {node.attr})[:2]:
            yield source.span(node), f"{source.text_of(node.value)}.{other}"


def wrong_method(source: Source) -> Iterator[Edit]:
    """A neighbour of the right function."""
    for call in source.nodes(ast.Call):
        func = call.func
        name = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
        owner = f"{source.text_of(func.value)}." if isinstance(func, ast.Attribute) else ""
        for other in _METHODS.get(name, ()):
            yield source.span(func), f"{owner}{other}"


def missing_call(source: Source) -> Iterator[Edit]:
    """`f(x)` where the call was forgotten: `x`, and copies that are none."""
    for call in source.nodes(ast.Call):
        if len(call.args) == 1 and not isinstance(call.args[0], ast.Starred | ast.GeneratorExp):
            yield source.span(call), source.text_of(call.args[0])
        if isinstance(call.func, ast.Attribute) and not call.args:
            yield source.span(call), source.text_of(call.func.value)
    for index in source.nodes(ast.Subscript):
        if source.text_of(index.slice) in {":", "::-1"}:
            yield source.span(index), source.text_of(index.value)


def wrong_arguments(source: Source) -> Iterator[Edit]:
    """Swapped, forgotten."""
    for call in source.nodes(ast.Call):
        for one, other in pairwise(call.args):
            yield _swapped(source, one, other)
        parts = [*call.args, *call.keywords]
        if len(parts) > 1:
            yield (source.end(parts[-2]), source.end(parts[-1])), ""


def swapped(source: Source) -> Iterator[Edit]:
    """Operands or members of a pair the wrong way round."""
    for node in source.nodes(ast.BinOp):
        if isinstance(node.op, ast.Sub | ast.Div | ast.FloorDiv | ast.Mod | ast.Pow):
            yield _swapped(source, node.left, node.right)
    for pair in source.nodes(ast.Tuple):
        if len(pair.elts) == 2:
            yield _swapped(source, pair.elts[0], pair.elts[1])
    for choice in source.nodes(ast.IfExp):
        span = (source.start(choice.body), source.end(choice.orelse))
        one, other = source.text_of(choice.body), source.text_of(choice.orelse)
        yield span, f"{other} if {source.text_of(choice.test)} else {one}"


def missing_condition(source: Source) -> Iterator[Edit]:
    """One part of a condition forgotten."""
    for node in source.nodes(ast.BoolOp):
        yield (source.start(node.values[0]), source.start(node.values[1])), ""
        yield (source.end(node.values[-2]), source.end(node.values[-1])), ""
    for part in source.nodes(ast.comprehension):
        if part.ifs:
            yield (source.end(part.iter), source.end(part.ifs[-1])), ""


def wrong_slice(source: Source) -> Iterator[Edit]:
    """A bound forgotten or moved."""
    for node in source.nodes(ast.Slice):
        low, high = (source.text_of(part) if part else "" for part in (node.lower, node.upper))
        step = f":{source.text_of(node.step)}" if node.step else ""
        options = [f":{high}{step}", f"{low}:{step}", f"{high}:{low}{step}"]
        options += [f"{low} + 1:{high}{step}"] if low else [f"1:{high}{step}"]
        options += [f"{low}:{high} - 1{step}"] if high else []
        for option in options:
            yield source.span(node), option


def _swapped(source: Source, one: ast.expr, other: ast.expr) -> Edit:
    text = source.text
    middle = text[source.end(one) : source.start(other)]
    span = source.start(one), source.end(other)
    return span, source.text_of(other) + middle + source.text_of(one)


def _is_int(node: ast.AST, value: int) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int and node.value == value


def _is_stored(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
