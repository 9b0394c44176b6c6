"""Values that are not made ready: for a loop's next round, for what comes after a recursive call,
for the rest of a function."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from testfleet.repair.rewrite.place import Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, SIZED
from testfleet.repair.rewrite.reading.layout import first_statement
from testfleet.repair.rewrite.reading.pool import names_read
from testfleet.repair.rewrite.reading.signs import frozen
from testfleet.repair.rewrite.reading.source import Function

_ENDS: Final = (ast.Return, ast.Continue, ast.Break, ast.Raise)
_FUNCTIONS: Final = (ast.FunctionDef, ast.AsyncFunctionDef)


def _carried(node: ast.For | ast.While, at: Place) -> Drafts:
    """`previous = item` at a loop's end: what it reads of the round before, nothing changes."""
    if at.function is None or isinstance(node.body[-1], _ENDS):
        return
    read = names_read(ast.Module(body=node.body, type_ignores=[]))
    targets = [n.id for n in ast.walk(node) if isinstance(n, ast.Name) and _is_bound(n)]
    for name in sorted((frozen(at.function) | _begun(at.function)) & read):
        for other in dict.fromkeys(targets):
            if other != name:
                yield from at.after(node.body[-1], [f"{name} = {other}"], 1.0)


def _begun(function: Function) -> set[str]:
    """Names that are None or a text at first, and bound nowhere else."""
    bound = Counter(n.id for n in ast.walk(function) if isinstance(n, ast.Name) and _is_bound(n))
    first = (n for n in ast.walk(function) if isinstance(n, ast.Assign))
    texts = (n for n in first if isinstance(n.value, ast.Constant))
    targets = (target for n in texts for target in n.targets if isinstance(target, ast.Name))
    return {target.id for target in targets if bound[target.id] == 1}


def _is_bound(node: ast.Name) -> bool:
    return isinstance(node.ctx, ast.Store)


def _normalised(node: Function, at: Place) -> Drafts:
    """A parameter brought into the form that the rest asks for, before it is used."""
    first = first_statement(node)
    parameters = [b for b in at.scope.near() if b.place == "parameter" and b.name != "self"]
    for one in parameters:
        name, kind = one.name, one.kind
        texts: dict[str, float] = {}
        if kind in NUMBERS | {""}:
            texts[f"{name} = abs({name})"] = 0.8 if kind else 0.4
            sized = [b.name for b in parameters if b.kind in SIZED and b.name != name]
            texts |= {f"{name} %= len({other})": 0.9 for other in sized}
        if kind in {"str", ""}:
            for method, weight in (("lower", 0.8), ("strip", 0.7), ("upper", 0.4)):
                texts[f"{name} = {name}.{method}()"] = weight if kind else 0.4 * weight
        if kind in {"list", "iterable", "tuple", ""}:
            for call, weight in (("sorted", 0.8), ("list", 0.7), ("set", 0.3)):
                texts[f"{name} = {call}({name})"] = weight if kind else 0.4 * weight
        for text, weight in texts.items():
            yield from at.before(first, [text], weight)
            if isinstance(first, ast.If) and isinstance(first.body[-1], _ENDS):
                yield from at.after(first, [text], weight)  # behind the guard against nothing


def _undone(node: ast.stmt, at: Place) -> Drafts:
    """What stands before a call undone behind it: `x.append(y)` by `x.pop()`, `x[y] = True` by
    `x[y] = False`."""
    if not isinstance(node, ast.Expr | ast.Assign | ast.For | ast.If | ast.AugAssign):
        return
    block, index = at.source.block(node)
    for before in block[max(0, index - 3) : index]:
        code = at.code(before)
        owner, found, rest = code.partition(".append(")
        if found and "\n" not in code:
            yield from at.after(node, [f"{owner}.pop()"], 1.0)
        owner, found, rest = code.partition(".add(")
        if found and "\n" not in code:
            yield from at.after(node, [f"{owner}.remove({rest}"], 1.0)
        if isinstance(before, ast.Assign) and isinstance(before.targets[0], ast.Subscript):
            target = at.code(before.targets[0])
            for text in _MARKS.get(at.code(before.value), _ANY_MARK):
                yield from at.after(node, [f"{target} = {text}"], 0.9)
        if isinstance(before, ast.AugAssign) and isinstance(before.op, ast.Add | ast.Sub):
            sign = "-=" if isinstance(before.op, ast.Add) else "+="
            undo = f"{at.code(before.target)} {sign} {at.code(before.value)}"
            yield from at.after(node, [undo], 0.5)


_MARKS: Final[Mapping[str, Sequence[str]]] = {
    "True": ("False",),
    "False": ("True",),
    "1": ("0",),
    "0": ("1",),
}
_ANY_MARK: Final = ("0", "None")


TEMPLATES: Final = (
    Template("undone", "updates", "missing step back of a search", 0.4, (ast.stmt,), _undone),
    Template(
        "carried",
        "updates",
        "missing update of a loop's variable",
        0.3,
        (ast.For, ast.While),
        _carried,
    ),
    Template(
        "normalised",
        "conversions",
        "Insert Missed Statement FP4.1 (TBar), of a parameter",
        0.06,
        _FUNCTIONS,
        _normalised,
    ),
)
