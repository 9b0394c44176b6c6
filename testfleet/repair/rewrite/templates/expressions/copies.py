"""Copies and aliases, identity and equality, shared inner lists, comprehensions."""

from __future__ import annotations

import ast
from itertools import pairwise
from typing import Final

from testfleet.repair.rewrite.imports import imported, with_import
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS
from testfleet.repair.rewrite.reading.source import Edit

_COPYABLE: Final = frozenset({"list", "dict", "set", "tuple", "", "iterable", "deque"})


def _copied(node: ast.Name | ast.Attribute | ast.Subscript, at: Place) -> Drafts:
    """`x` to `x[:]`, `list(x)`, `x.copy()`, a deep copy: an alias that should not be one."""
    parent = at.parent(node)
    kind = at.scope.kind(node)
    is_alias = isinstance(parent, ast.Assign | ast.Return | ast.Yield | ast.For | ast.keyword)
    is_alias = is_alias or (isinstance(parent, ast.Call) and parent.func is not node)
    is_alias = is_alias or isinstance(parent, ast.List | ast.Tuple)
    if not is_alias or not isinstance(node.ctx, ast.Load) or kind not in _COPYABLE:
        return
    code = at.code(node)
    likely = 1.0 if kind in {"list", "dict", "set"} else 0.5
    texts = [f"list({code})", f"{code}[:]", f"{code}.copy()", f"dict({code})"]
    if kind in {"dict", "set"}:
        texts = [f"{code}.copy()", f"{kind}({code})", f"list({code})"]
    for index, text in enumerate(texts):
        yield at.replace(node, text, likely * (0.9 - 0.15 * index))
    call, edits = imported("copy", "deepcopy", at)
    yield with_import(at.replace(node, f"{call}({code})", likely * 0.4), edits)


def _shared_rows(node: ast.BinOp, at: Place) -> Drafts:
    """`[[0] * n] * m` to one row for each."""
    if not isinstance(node.op, ast.Mult) or not isinstance(node.left, ast.List):
        return
    if len(node.left.elts) == 1 and not isinstance(node.left.elts[0], ast.Constant):
        row, times = at.code(node.left.elts[0]), at.code(node.right)
        yield at.replace(node, f"[{row} for _ in range({times})]", 1.0)


def _comprehension(node: ast.ListComp | ast.GeneratorExp | ast.SetComp, at: Place) -> Drafts:
    """The condition of a comprehension: negated, taken away, put in; another kind of brackets."""
    start, end = at.source.start(node), at.source.end(node)
    body = at.source.text[start + 1 : end - 1]
    if isinstance(node, ast.ListComp):
        yield Draft((Edit(start, end, f"{{{body}}}"),), 0.3)
    elif isinstance(node, ast.SetComp):
        yield Draft((Edit(start, end, f"[{body}]"),), 0.6)
    last = node.generators[-1]
    for test in last.ifs:
        yield at.replace(test, f"not {at.operand(test)}", 0.6)
    if last.ifs:
        yield Draft((Edit(at.source.end(last.iter), at.source.end(last.ifs[-1]), ""),), 0.6)
    elif isinstance(last.target, ast.Tuple) and at.source.text[end - 1] in ")]}":
        at_end = at.source.end(last.iter)
        names = [n.id for n in last.target.elts if isinstance(n, ast.Name)]
        tests = [f"{a} {test} {b}" for test in ("<", "!=", "==", ">") for a, b in pairwise(names)]
        for text in (*tests, *names, *(f"not {name}" for name in names)):
            yield Draft((Edit(at_end, at_end, f" if {text}"),), 0.4)
    elif isinstance(last.target, ast.Name) and at.source.text[end - 1] in ")]}":
        name, at_end = last.target.id, at.source.end(last.iter)
        kind = at.scope.kind(last.target)
        tests = [name, f"not {name}", f"{name} is not None"]
        tests += [f"{name} != {b.name}" for b in at.scope.near()[:5] if b.name != name]
        tests += [f"{name} not in {b.name}" for b in at.scope.near()[:5] if b.kind in _COPYABLE]
        if kind in NUMBERS | {""}:
            tests += [f"{name} > 0", f"{name} % 2 == 0", f"{name} != 0"]
        for index, text in enumerate(tests):
            yield Draft((Edit(at_end, at_end, f" if {text}"),), max(0.15, 0.6 - 0.04 * index))


def _element(node: ast.ListComp | ast.GeneratorExp | ast.SetComp, at: Place) -> Drafts:
    """Generators in another order."""
    for left, right in zip(node.generators, node.generators[1:], strict=False):
        if not left.ifs and not right.ifs:
            first = (left.target, right.target)
            yield Draft(
                (*at.swap(*first).edits, *at.swap(left.iter, right.iter).edits),
                0.6,
            )


_ALIASES: Final = (ast.Name, ast.Attribute, ast.Subscript)
_COMPREHENSIONS: Final = (ast.ListComp, ast.GeneratorExp, ast.SetComp)
TEMPLATES: Final = (
    Template("copied", "copies", "copy for an alias", 0.042, _ALIASES, _copied),
    Template("shared-rows", "copies", "shared mutable rows", 1, (ast.BinOp,), _shared_rows),
    Template(
        "comprehension",
        "conditions",
        "condition of a comprehension",
        0.268,
        _COMPREHENSIONS,
        _comprehension,
    ),
    Template("generators", "order", "order of generators", 0.5, _COMPREHENSIONS, _element),
)
