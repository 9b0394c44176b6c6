"""Guards: conditions put around or before a statement, wrong ones taken away."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.atoms import atoms, guards_of
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import lines_of, removed
from testfleet.repair.rewrite.reading.source import Edit
from testfleet.repair.rewrite.templates.statements.base_cases import results_of

_GUARDABLE: Final = (ast.Assign, ast.AugAssign, ast.Expr, ast.Return, ast.For, ast.While, ast.Raise)
_MOST: Final = 40
CUTS_OFF: Final = 8.0
_FEW: Final = 24


def _leaving(node: ast.stmt, at: Place) -> Drafts:
    """`if <condition>: continue`, `break`, `return x` before a statement."""
    if not isinstance(node, (*_GUARDABLE, ast.If)) or at.function is None:
        return
    exits = [("continue", 1.0), ("break", 0.6)] if at.loops() else []
    results = islice(results_of(at.function, at), 4)
    exits += [(f"return {text}".rstrip(), 0.6 * weight) for text, weight in results]
    exits += [(f"return {binding.name}", 0.4) for binding in at.scope.near()[:3]]
    share = _standing(node, at)
    for test, likely in islice(atoms(at, node), _FEW):
        for text, weight in exits:
            yield from at.before(node, at.block(f"if {test}:", text), likely * weight * share)


def _standing(node: ast.stmt, at: Place) -> float:
    """How often a guard stands there: at a block's start, or behind what it looks at."""
    block, index = at.source.block(node)
    if index == 0 or not block:
        return 1.0
    before = block[index - 1]
    return 0.8 if isinstance(before, ast.Assign) else (0.6 if isinstance(before, ast.If) else 0.3)


def cuts_off(node: ast.stmt, at: Place) -> bool:
    """Whether statements behind it in its block can never run, or a loop around it goes round
    only once."""
    block, index = at.source.block(node)
    if isinstance(node, ast.Return | ast.Raise | ast.Break) and index == len(block) - 1:
        return isinstance(at.parent(node), ast.For | ast.While) and not _goes_round(node, at)
    leaves = isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break)
    return leaves and 0 <= index < len(block) - 1


def _goes_round(node: ast.stmt, at: Place) -> bool:
    loop = at.parent(node)
    return loop is not None and any(isinstance(each, ast.Continue) for each in ast.walk(loop))


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
    # What leaves the block before its end can only have been meant to do so at times.
    sign = CUTS_OFF if cuts_off(node, at) else 1.0
    found = _just_found(node, at)
    tests = [(found, 3.0), (f"{found} is not None", 2.0)] if found else []
    for test, likely in (*tests, *islice(guards_of(node, at), _MOST)):
        yield Draft((Edit(start, end, f"{indent}if {test}:{newline}{body}"),), likely * sign)


def _just_found(node: ast.stmt, at: Place) -> str:
    """The name whose value a loop gives back in its first round without looking at it."""
    block, index = at.source.block(node)
    before = block[index - 1] if index > 0 else None
    if not (at.loops() and isinstance(node, ast.Return) and isinstance(node.value, ast.Name)):
        return ""
    if not isinstance(before, ast.Assign) or not isinstance(before.targets[0], ast.Name):
        return ""
    return node.value.id if before.targets[0].id == node.value.id else ""


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


TEMPLATES: Final = (
    Template(
        "leaving-guard",
        "guards",
        "Insert Missed Statement FP4.2 to FP4.4 (TBar)",
        0.012,
        (ast.stmt,),
        _leaving,
    ),
    Template(
        "guard-around",
        "guards",
        "Insert Null Pointer Checker FP2, Range Checker FP3 (TBar); ACS",
        0.06,
        (ast.stmt,),
        _around,
        CUTS_OFF,
    ),
    Template(
        "guard-removed",
        "guards",
        "Remove Conditional (PIT), Remove Buggy Statement FP15 (TBar)",
        0.175,
        (ast.If,),
        _unguarded,
    ),
    Template(
        "safe-division",
        "guards",
        "Insert Range Checker FP3 (TBar), of a divisor",
        0.218,
        (ast.BinOp,),
        _safe_division,
    ),
    Template(
        "none-guard",
        "guards",
        "NPEFix; Insert Null Pointer Checker FP2 (TBar)",
        0.037,
        (ast.Attribute, ast.Subscript, ast.Call),
        _none_guard,
    ),
)
