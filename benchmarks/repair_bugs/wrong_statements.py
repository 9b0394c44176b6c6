"""Faults of statements: forgotten, misplaced, assigned or left in the wrong way."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise

from benchmarks.repair_bugs.source import Edit, Source


def missing_guard(source: Source) -> Iterator[Edit]:
    """A guard or base case forgotten."""
    for node in source.nodes(ast.If):
        leaves = isinstance(node.body[-1], ast.Return | ast.Raise | ast.Continue | ast.Break)
        if leaves and not node.orelse and source.stands_alone(node):
            yield source.whole_lines(node), ""


def missing_check(source: Source) -> Iterator[Edit]:
    """What stood below an `if` is done always."""
    for node in source.nodes(ast.If):
        if not node.orelse and source.stands_alone(node):
            yield source.whole_lines(node), source.dedented(node.body, node)


def missing_branch(source: Source) -> Iterator[Edit]:
    """`else` or `elif` forgotten."""
    for node in source.nodes(ast.If):
        if node.orelse:
            yield (source.end(node.body[-1]), source.end(node.orelse[-1])), ""


def missing_statement(source: Source) -> Iterator[Edit]:
    """An update, call or assignment forgotten."""
    kinds = (ast.Expr, ast.AugAssign, ast.Assign, ast.Break, ast.Continue, ast.Return)
    for body in source.bodies():
        for node in body:
            if isinstance(node, kinds) and source.stands_alone(node) and not _is_docstring(node):
                yield (
                    source.whole_lines(node),
                    "" if len(body) > 1 else f"{source.indent(node)}pass\n",
                )


def wrong_assignment(source: Source) -> Iterator[Edit]:
    """`=` for `+=` and the other way, targets mixed up."""
    for node in source.nodes(ast.AugAssign):
        target, value = source.text_of(node.target), source.text_of(node.value)
        yield source.span(node), f"{target} = {value}"
        if isinstance(node.op, ast.Add | ast.Sub):
            sign = "-" if isinstance(node.op, ast.Add) else "+"
            yield source.span(node), f"{target} {sign}= {value}"
    for plain in source.nodes(ast.Assign):
        if isinstance(plain.value, ast.Name | ast.Constant | ast.BinOp | ast.List):
            targets = source.text_of(plain.targets[0])
            if isinstance(plain.targets[0], ast.Name) and source.depth(plain) > 1:
                yield source.span(plain), f"{targets} += {source.text_of(plain.value)}"


def wrong_return(source: Source) -> Iterator[Edit]:
    """Another value, or the value of a call dropped."""
    for node in source.nodes(ast.Return):
        if isinstance(node.value, ast.Call | ast.BinOp):
            yield source.span(node), source.text_of(node.value)
        if isinstance(node.value, ast.Tuple) and node.value.elts:
            yield source.span(node.value), source.text_of(node.value.elts[0])
    for yielded in source.nodes(ast.YieldFrom):
        yield source.span(yielded), f"yield {source.text_of(yielded.value)}"


def misplaced_statement(source: Source) -> Iterator[Edit]:
    """The last statement of a block behind it, or the one behind a block in it."""
    for node in source.nodes(ast.For, ast.While, ast.If):
        last = node.body[-1]
        if len(node.body) > 1 and not node.orelse and source.stands_alone(last):
            yield source.whole_lines(last), source.dedented([last], node)
    for body in source.bodies():
        for one, other in pairwise(body):
            if isinstance(one, ast.For | ast.While | ast.If) and source.stands_alone(other):
                shift = " " * (source.column(one.body[-1]) - source.column(one))
                yield source.whole_lines(other), source.shifted(other, shift)


def swapped_statements(source: Source) -> Iterator[Edit]:
    """Two neighbours in the wrong order."""
    for body in source.bodies():
        for one, other in pairwise(body):
            simple = isinstance(one, ast.Assign | ast.AugAssign | ast.Expr) and isinstance(
                other, ast.Assign | ast.AugAssign | ast.Expr
            )
            if simple and source.stands_alone(one) and source.stands_alone(other):
                first, second = source.whole_lines(one), source.whole_lines(other)
                text = source.text
                yield (first[0], second[1]), text[slice(*second)] + text[slice(*first)]


def wrong_flow(source: Source) -> Iterator[Edit]:
    """`break` for `continue`, an `elif` of its own, `while` for `if`."""
    for node in source.nodes(ast.Break):
        yield source.span(node), "continue"
    for other in source.nodes(ast.Continue):
        yield source.span(other), "break"
    for loop in source.nodes(ast.While):
        start = source.start(loop)
        yield (start, start + 5), "if"
    for branch in source.nodes(ast.If):
        start = source.start(branch)
        if source.text[start : start + 4] == "elif":
            yield (start, start + 4), "if"
        if branch.orelse and not isinstance(branch.orelse[0], ast.If):
            yield _swapped_blocks(source, branch)


def _swapped_blocks(source: Source, branch: ast.If) -> Edit:
    one = source.start(branch.body[0]), source.end(branch.body[-1])
    other = source.start(branch.orelse[0]), source.end(branch.orelse[-1])
    text = source.text
    middle = text[one[1] : other[0]]
    return (one[0], other[1]), text[slice(*other)] + middle + text[slice(*one)]


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
