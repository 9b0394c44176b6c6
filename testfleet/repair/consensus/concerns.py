"""What speaks against a patch by its looks: signs that it fits the tests and nothing else.

The kinds are those that studies of plausible but wrong patches name: Qi et al., "An analysis of
patch plausibility and correctness for generate-and-validate patch generation systems", ISSTA 2015
(deleted functionality); Smith et al., "Is the cure worse than the disease?", ESEC/FSE 2015
(overfitting to the tests at hand).
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

_USUAL: Final = frozenset({0, 1, -1, 2, 10, 0.5, "", " ", "\n", None})
"""Literals of any program, True and False among them: they are equal to 1 and 0."""


@dataclass(frozen=True)
class Concern:
    """One of them."""

    text: str
    factor: float
    """What is left of the patch's weight."""
    grave: bool = False
    """It forbids to call the patch a fix."""


def concerns_of(
    old: Mapping[str, str], new: Mapping[str, str], tests: Iterable[str]
) -> list[Concern]:
    """By the texts before and after, of the same files, and the texts of the tests."""
    found: list[Concern] = []
    for path, text in new.items():
        before, after = _parsed(old[path]), _parsed(text)
        if before is None or after is None:
            continue
        found += _special_case(before, after, tests)
        found += _deletion(before, after)
        found += _forgotten(before, after)
        found += _constant_return(before, after)
        found += _unrelated_condition(before, after)
    return found


def _special_case(before: ast.Module, after: ast.Module, tests: Iterable[str]) -> Iterator[Concern]:
    added = _compared(after) - _compared(before)
    if not added:
        return
    known = set(_compared_keys(before)) | {repr(value) for value in _constants(before)}
    in_tests = {
        repr(value) for text in tests if (tree := _parsed(text)) for value in _constants(tree)
    }
    for value in added:
        if value in in_tests and value not in known:
            yield Concern(f"it compares with {value}, a literal of the tests", 0.1, grave=True)


def _compared(tree: ast.Module) -> Counter[str]:
    return Counter(_compared_keys(tree))


def _compared_keys(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            for side in (node.left, *node.comparators):
                value = _constant(side)
                if value is not None and value.value not in _USUAL:
                    yield repr(value.value)


def _constant(node: ast.expr) -> ast.Constant | None:
    return node if isinstance(node, ast.Constant) else None


def _constants(tree: ast.Module) -> Iterator[object]:
    return (node.value for node in ast.walk(tree) if isinstance(node, ast.Constant))


def _deletion(before: ast.Module, after: ast.Module) -> Iterator[Concern]:
    lost = _count(before) - _count(after)
    gained = _count(after) - _count(before)
    lost.pop("Pass", None)
    if lost["Raise"] + lost["Assert"]:
        yield Concern("it removes a check that raises", 0.3)
    elif sum(lost.values()) and not sum(gained.values()) - gained["Pass"]:
        yield Concern("it only removes code", 0.6)


def raised_by(texts: Mapping[str, str]) -> frozenset[str]:
    """Names of the exceptions that the files raise themselves, so that they are meant."""
    trees = (tree for text in texts.values() if (tree := _parsed(text)))
    raised = (n.exc for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Raise) and n.exc)
    called = (each.func if isinstance(each, ast.Call) else each for each in raised)
    return frozenset(getattr(each, "id", getattr(each, "attr", "")) for each in called)


def _forgotten(before: ast.Module, after: ast.Module) -> Iterator[Concern]:
    """An expression that speaks of less: `x[i - w]` made `x[i]`, `a and b` made `a`."""
    old, new = _reads(before), _reads(after)
    lost, brought = old - new, new - old
    if lost.total() > brought.total() and _count(before) == _count(after):
        yield Concern(f"it leaves out {min(lost)}", 0.5 if brought else 0.3)


def _reads(tree: ast.Module) -> Counter[str]:
    return Counter(
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    )


def _count(tree: ast.Module) -> Counter[str]:
    return Counter(type(node).__name__ for node in ast.walk(tree) if isinstance(node, ast.stmt))


def _constant_return(before: ast.Module, after: ast.Module) -> Iterator[Concern]:
    for name, returns in _returns(after).items():
        old = _returns(before).get(name)
        if old is None or not returns or all(map(_is_fixed, old)):
            continue
        if all(map(_is_fixed, returns)) and len({ast.dump(each) for each in returns}) == 1:
            yield Concern(f"{name} always returns the same value now", 0.1, grave=True)


def _returns(tree: ast.Module) -> dict[str, list[ast.expr]]:
    return {
        node.name: [
            each.value for each in ast.walk(node) if isinstance(each, ast.Return) and each.value
        ]
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _unrelated_condition(before: ast.Module, after: ast.Module) -> Iterator[Concern]:
    old, new = _conditions(before), _conditions(after)
    if len(old) != len(new):
        return
    changed = [(a, b) for a, b in zip(old, new, strict=True) if ast.dump(a) != ast.dump(b)]
    if len(changed) == 1 and not _names(changed[0][0]) & _names(changed[0][1]):
        yield Concern("it replaces a condition by one about other things", 0.2)


def _conditions(tree: ast.Module) -> list[ast.expr]:
    return [
        node.test for node in ast.walk(tree) if isinstance(node, ast.If | ast.While | ast.IfExp)
    ]


def _names(tree: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def _is_fixed(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant)


def _parsed(text: str) -> ast.Module | None:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
