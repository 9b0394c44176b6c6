"""Guards: conditions put around or before a statement, base cases, wrong ones taken away."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.atoms import atoms
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import SIZED
from testfleet.repair.rewrite.reading.layout import first_statement, lines_of, removed
from testfleet.repair.rewrite.reading.scope import Binding, own_nodes
from testfleet.repair.rewrite.reading.source import Edit, Function

_GUARDABLE: Final = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.For, ast.While, ast.Raise)
_MOST: Final = 40
_RAISED: Final = ("ValueError", "TypeError", "IndexError", "KeyError")


def _base_case(node: Function, at: Place) -> Drafts:
    """`if not x: return []` at the function's start."""
    first = first_statement(node)
    names = [b for b in at.scope.near() if b.place == "parameter" and b.name not in {"self", "cls"}]
    results = list(_results(node, at))
    for position, binding in enumerate(names[:4]):
        for test, likely in _entry_tests(binding):
            for text, weight in (*results, (binding.name, 0.6)):
                lines = at.block(f"if {test}:", f"return {text}")
                yield from at.before(first, lines, likely * weight * (1.0 - 0.12 * position))
    for index, one in enumerate(names[:3]):
        for other in names[index + 1 : 4]:
            for test in (f"{one.name} == {other.name}", f"{one.name} > {other.name}"):
                for text, weight in (*results, (one.name, 0.5)):
                    yield from at.before(
                        first, at.block(f"if {test}:", f"return {text}"), 0.4 * weight
                    )


def _entry_tests(binding: Binding) -> Iterator[tuple[str, float]]:
    name, kind = binding.name, binding.kind
    if kind in SIZED or kind in {"", "iterable"}:
        yield f"not {name}", 1.0
        yield f"len({name}) <= 1", 0.8
        yield f"len({name}) < 2", 0.3
    if kind in {"int", "float", ""}:
        likely = 1.0 if kind else 0.6
        yield f"{name} == 0", 0.9 * likely
        yield f"{name} <= 0", 0.7 * likely
        yield f"{name} < 0", 0.7 * likely
        yield f"{name} == 1", 0.7 * likely
        yield f"{name} <= 1", 0.7 * likely
        yield f"{name} < 2", 0.7 * likely
    yield f"{name} is None", 0.5 if kind not in {"int", "float"} else 0.2


def _results(node: Function, at: Place) -> Iterator[tuple[str, float]]:
    """What such a guard gives back: first what is like the function's other results."""
    kinds: set[str] = set()
    seen: dict[str, float] = {}
    for inner in own_nodes(node):
        if isinstance(inner, ast.Return) and inner.value is not None:
            kinds.add(at.scope.kind(inner.value))
            if isinstance(inner.value, ast.Constant | ast.List | ast.Name):
                parameters = {a.arg for a in node.args.args}
                text = at.code(inner.value)
                if not isinstance(inner.value, ast.Name) or text in parameters:
                    seen[text] = 0.9
    likely = {
        "int": ("0", "1", "-1"),
        "float": ("0", "0.0", "1"),
        "list": ("[]", "[[]]"),
        "str": ("''",),
        "bool": ("False", "True"),
        "dict": ("{}",),
        "set": ("set()",),
        "tuple": ("()",),
    }
    for kind in sorted(kinds):
        for text in likely.get(kind, ()):
            seen.setdefault(text, 0.9)
    if any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node)):
        seen[""] = 1.0
    for index, text in enumerate(
        ("[]", "0", "None", "False", "True", "1", "''", "-1", "{}", "[[]]")
    ):
        seen.setdefault(text, 0.45 - 0.03 * index)
    yield from seen.items()


def _raising(node: Function, at: Place) -> Drafts:
    """`if not x: raise ValueError` at the function's start."""
    first = first_statement(node)
    names = [b for b in at.scope.near() if b.place == "parameter" and b.name not in {"self", "cls"}]
    for binding in names[:4]:
        for test, likely in _entry_tests(binding):
            for index, error in enumerate(_RAISED):
                lines = at.block(f"if {test}:", f"raise {error}")
                yield from at.before(first, lines, likely * (0.8 - 0.15 * index))


def _leaving(node: ast.stmt, at: Place) -> Drafts:
    """`if <condition>: continue`, `break`, `return x` before a statement."""
    if not isinstance(node, (*_GUARDABLE, ast.If)) or at.function is None:
        return
    exits: list[tuple[str, float]] = []
    if at.loops():
        exits += [("continue", 1.0), ("break", 0.8)]
    exits += [
        (f"return {text}".rstrip(), 0.6 * w) for text, w in islice(_results(at.function, at), 6)
    ]
    exits += [(f"return {b.name}", 0.5) for b in at.scope.near()[:4] if b.name != "self"]
    for test, likely in islice(atoms(at, node), _MOST):
        for text, weight in exits:
            yield from at.before(node, at.block(f"if {test}:", text), likely * weight)


def _around(node: ast.stmt, at: Place) -> Drafts:
    """`if <condition>:` around a statement."""
    if not isinstance(node, _GUARDABLE) or at.function is None:
        return
    lines = lines_of(at.source, node)
    cut = removed(at.source, node)
    if lines is None or cut is None:
        return
    start = at.source.starts[node.lineno - 1]
    end = at.source.line_end(node.end_lineno or node.lineno)
    indent, unit, newline = at.source.indent(node), at.source.unit, at.source.newline
    body = "".join(f"{indent}{unit}{line}{newline}" for line in lines)
    for test, likely in islice(atoms(at, node), _MOST):
        yield Draft((Edit(start, end, f"{indent}if {test}:{newline}{body}"),), likely)


def _unguarded(node: ast.If, at: Place) -> Drafts:
    """Takes a condition away: its block always runs, or never."""
    if at.source.text.startswith("elif", at.source.start(node)):
        return
    for block, weight in ((node.body, 1.0), (node.orelse, 0.6)):
        text = _dedented(block, at)
        if text is not None:
            start = at.source.starts[node.lineno - 1]
            end = at.source.line_end(node.end_lineno or node.lineno)
            yield Draft((Edit(start, end, text),), weight)
    cut = removed(at.source, node)
    if cut is not None:
        yield Draft((cut,), 0.7)


def _dedented(block: list[ast.stmt], at: Place) -> str | None:
    if not block or block[0].lineno == at.statement.lineno:
        return None
    outer = at.source.indent(at.statement)
    parts: list[str] = []
    for statement in block:
        lines = lines_of(at.source, statement)
        if lines is None:
            return None
        parts += [f"{outer}{line}{at.source.newline}" for line in lines]
    return "".join(parts)


def _safe_division(node: ast.BinOp, at: Place) -> Drafts:
    """`a / b` to `a / b if b else 0`."""
    if isinstance(node.op, ast.Div | ast.FloorDiv | ast.Mod) and not isinstance(
        node.right, ast.Constant
    ):
        whole, divisor = at.code(node), at.operand(node.right)
        for text, weight in (("0", 1.0), ("0.0", 0.5), ("None", 0.4), ("1", 0.3)):
            yield at.replace(node, f"({whole} if {divisor} else {text})", weight)
        yield at.replace(node.right, f"max({at.code(node.right)}, 1)", 0.3)


def _none_guard(node: ast.Attribute | ast.Subscript | ast.Call, at: Place) -> Drafts:
    """`x.y` to `x.y if x is not None else None`, and `x and x.y`."""
    value = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Call) and not isinstance(value, ast.Attribute):
        return
    owner = (
        value.value if isinstance(node, ast.Call) and isinstance(value, ast.Attribute) else value
    )
    if not isinstance(getattr(node, "ctx", ast.Load()), ast.Load) or not isinstance(
        owner, ast.Name | ast.Attribute | ast.Subscript
    ):
        return
    name = at.code(owner)
    if isinstance(at.parent(node), ast.Call | ast.Attribute):
        return
    for text, weight in (("None", 0.7), ("0", 0.5), ("[]", 0.4), ("''", 0.3)):
        yield at.replace(node, f"({at.code(node)} if {name} else {text})", weight)


_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)
TEMPLATES: Final = (
    Template(
        "base-case",
        "guards",
        "missing base case; Insert Range Checker FP3 (TBar)",
        0.069,
        _FUNCTIONS,
        _base_case,
    ),
    Template(
        "raising-guard", "guards", "Insert Missed Statement FP4 (TBar)", 0.032, _FUNCTIONS, _raising
    ),
    Template(
        "leaving-guard",
        "guards",
        "Insert Missed Statement FP4.2 to FP4.4 (TBar)",
        0.007,
        (ast.stmt,),
        _leaving,
    ),
    Template(
        "guard-around",
        "guards",
        "Insert Null Pointer Checker FP2, Range Checker FP3 (TBar); ACS",
        0.025,
        (ast.stmt,),
        _around,
    ),
    Template(
        "guard-removed",
        "guards",
        "Remove Conditional (PIT), Remove Buggy Statement FP15 (TBar)",
        0.25,
        (ast.If,),
        _unguarded,
    ),
    Template(
        "safe-division",
        "guards",
        "Insert Range Checker FP3 (TBar), of a divisor",
        0.25,
        (ast.BinOp,),
        _safe_division,
    ),
    Template(
        "none-guard",
        "guards",
        "NPEFix; Insert Null Pointer Checker FP2 (TBar)",
        0.052,
        (ast.Attribute, ast.Subscript, ast.Call),
        _none_guard,
    ),
)
