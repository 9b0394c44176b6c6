"""Returns: missing, too early, of something else."""

from __future__ import annotations

import ast
from itertools import islice
from typing import Final

from testfleet.repair.rewrite.atoms import atoms
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.layout import after, lines_of, moved
from testfleet.repair.rewrite.reading.scope import own_nodes
from testfleet.repair.rewrite.reading.source import Edit, Function


def _returned(node: ast.Return, at: Place) -> Drafts:
    """Returns something else: a variable, what the function returns elsewhere, both of two."""
    own = at.code(node.value) if node.value is not None else ""
    others = [e.text for e in at.pool.returned if e.function is at.function]
    for text in dict.fromkeys(others):
        if text != own:
            yield _return(node, text, at, 0.6)
    for binding in at.scope.near():
        if binding.name != own:
            yield _return(node, binding.name, at, 0.6)
            if own and not isinstance(node.value, ast.Constant):
                yield _return(node, f"{own}, {binding.name}", at, 0.3)
                yield _return(node, f"{binding.name}, {own}", at, 0.2)
                yield _return(node, f"{own} == {binding.name}", at, 0.2)
                yield _return(node, f"{own}[{binding.name}]", at, 0.15)
    for binding in at.scope.values():
        if binding.kind in {"list", "str", "tuple", "dict", "set", "deque"}:
            yield _return(node, f"len({binding.name})", at, 0.4)
            yield _return(node, f"{binding.name}[-1]", at, 0.35)
            yield _return(node, f"sorted({binding.name})", at, 0.2)
            yield _return(node, f"''.join({binding.name})", at, 0.3)


def _returned_condition(node: ast.Return, at: Place) -> Drafts:
    """Returns a condition instead of a fixed truth value, or together with another."""
    value = node.value
    is_fixed = isinstance(value, ast.Constant) and isinstance(value.value, bool)
    if value is None or not (is_fixed or at.scope.kind(value) == "bool"):
        return
    for test, weight in islice(atoms(at, node), 30):
        if is_fixed:
            yield at.replace(node, f"return {bare(test)}", weight)
        else:
            own = at.code(value) if isinstance(value, ast.Compare) else at.operand(value)
            for word in ("and", "or"):
                yield at.replace(node, f"return {own} {word} {test}", 0.7 * weight)


def bare(text: str) -> str:
    """The condition without parentheses around the whole of it."""
    inner = text[1:-1]
    try:
        return inner if text.startswith("(") and ast.parse(inner, mode="eval") else text
    except SyntaxError:
        return text


def _no_return(node: ast.Return, at: Place) -> Drafts:
    """A return that comes too early: the last statement of a loop or branch."""
    for loop in at.loops():
        block, index = at.source.block(node)
        if block and index == len(block) - 1 and node.value is not None:
            cut = Edit(at.source.start(node), at.source.end(node), "continue")
            yield Draft((cut,), 0.5)
            yield Draft((cut._replace(text="break"),), 0.5)
            yield from _moved_behind(node, loop, at)


def _moved_behind(node: ast.Return, loop: ast.stmt, at: Place) -> Drafts:
    lines = lines_of(at.source, node)
    if lines is not None:
        edits = moved(at.source, node, after(at.source, loop, lines))
        if edits:
            yield Draft(edits, 1.0)


def _missing_return(node: Function, at: Place) -> Drafts:
    """A function whose end gives nothing back."""
    last = node.body[-1]
    returns = [n for n in own_nodes(node) if isinstance(n, ast.Return) and n.value is not None]
    if isinstance(last, ast.Return | ast.Raise):
        return
    found = {at.code(r.value): 0.6 for r in returns if r.value is not None}
    constants = ("None", "[]", "0", "False", "True", "-1", "''")
    likely = 0.7 if returns else 1.0
    found |= {b.name: likely for b in at.scope.near()}
    for binding in at.scope.near():
        if binding.place == "local" and binding.kind in {"list", ""}:
            found |= {f"{binding.name}[-1]": 0.5, f"{binding.name}[-1][-1]": 0.4}
    for index, text in enumerate(constants):
        found.setdefault(text, (0.6 if returns else 0.3) - 0.05 * index)
    for text, weight in found.items():
        yield from at.after(last, [f"return {text}"], weight)


def _return(node: ast.Return, text: str, at: Place, weight: float) -> Draft:
    return at.replace(node, f"return {text}", weight)


TEMPLATES: Final = (
    Template(
        "returned",
        "returns",
        "Mutate Return Statement FP12 (TBar)",
        0.14,
        (ast.Return,),
        _returned,
    ),
    Template(
        "returned-condition",
        "conditions",
        "Mutate Return Statement FP12 (TBar); ACS",
        0.1,
        (ast.Return,),
        _returned_condition,
    ),
    Template(
        "early-return",
        "returns",
        "Move Statement FP14 (TBar), of a return",
        0.978,
        (ast.Return,),
        _no_return,
    ),
    Template(
        "missing-return",
        "returns",
        "missing return",
        0.6,
        (ast.FunctionDef, ast.AsyncFunctionDef),
        _missing_return,
    ),
)
