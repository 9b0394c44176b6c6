"""Missing exits of a branch or loop, and what is left over behind a loop."""

from __future__ import annotations

import ast
from itertools import islice, permutations
from typing import Final

from testfleet.repair.rewrite.atoms import guards_of
from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.scope import Binding, own_nodes
from testfleet.repair.rewrite.reading.source import Edit

_ENDS: Final = (ast.Return, ast.Continue, ast.Break, ast.Raise)


def _end_of_branch(node: ast.If, at: Place) -> Drafts:
    """`continue`, `break`, `return x` at the end of a branch."""
    last = node.body[-1]
    if isinstance(last, _ENDS) or at.function is None:
        return
    in_loop = bool(at.loops())
    if in_loop:
        yield from at.after(last, ["continue"], 1.0)
        yield from at.after(last, ["break"], 0.9)
    yields = any(isinstance(n, ast.Yield | ast.YieldFrom) for n in own_nodes(at.function))
    yield from at.after(last, ["return"], 1.0 if yields else 0.5)
    returned = dict.fromkeys(e.text for e in at.pool.returned if e.function is at.function)
    for text in (*returned, "True", "False", "None"):
        yield from at.after(last, [f"return {text}"], 0.6)
    for binding in at.scope.near():
        yield from at.after(last, [f"return {binding.name}"], 0.4)


def _other_branch(node: ast.If, at: Place) -> Drafts:
    """A missing `else`."""
    if node.orelse or isinstance(node.body[-1], _ENDS):
        return
    unit = at.source.unit
    for line in _first_entries(node.test, at):
        yield from at.after(node, ["else:", f"{unit}{line}"], 4.0)
    lines = ["continue", "break"] if at.loops() else []
    lines += ["return False", "return True", "return None"]
    names = at.scope.near()
    for one in (b for b in names if b.kind == "int" and b.place != "parameter"):
        lines += [f"{one.name} += 1", f"{one.name} = 0", f"{one.name} = 1", f"{one.name} -= 1"]
    for one, other in permutations(names, 2):
        lines += _of_two(one, other)
    for line in dict.fromkeys(lines):
        yield from at.after(node, ["else:", f"{unit}{line}"], 0.5)


def _of_two(one: Binding, other: Binding) -> list[str]:
    """What a branch does to one name with another."""
    if one.kind in {"list", "deque"}:
        return [f"{one.name}.append({other.name})"]
    if one.kind == "str" == other.kind:
        return [f"{one.name} += {other.name}"]
    if one.kind == other.kind == "int" and one.place != "parameter":
        return [f"{one.name} = {other.name}"]
    if one.kind == "set" and other.kind != "set":
        return [f"{one.name}.add({other.name})"]
    return []


def _first_entries(test: ast.expr, at: Place) -> list[str]:
    """What is done with a key that a mapping does not hold yet: `if k in d` has no `else`."""
    if not isinstance(test, ast.Compare) or not isinstance(test.ops[0], ast.In):
        return []
    owner, key = at.code(test.comparators[0]), at.code(test.left)
    if at.scope.kind(test.comparators[0]) in {"list", "str"}:
        return [f"{owner}.append({key})"]
    if at.scope.kind(test.comparators[0]) == "set":
        return [f"{owner}.add({key})"]
    values = ["1", "0", "[]", *(f"[{b.name}]" for b in at.scope.near() if b.name != owner)]
    return [f"{owner}[{key}] = {value}" for value in values]


def _left_over(node: ast.For | ast.While, at: Place) -> Drafts:
    """What the loop does with a full part, done behind it with the last one."""
    for inner in own_nodes(ast.Module(body=node.body, type_ignores=[])):
        if not isinstance(inner, ast.Expr | ast.AugAssign | ast.Assign) or not _is_short(inner):
            continue
        if isinstance(inner, ast.Assign) and not isinstance(inner.targets[0], ast.Subscript):
            continue
        code = at.code(inner)
        yield from at.after(node, [code], 0.7)
        for binding in at.scope.near():
            if binding.name in code and binding.place == "local":
                yield from at.after(node, at.block(f"if {binding.name}:", code), 0.8)
        yield from _last_ones(node, inner, at)


def _last_ones(node: ast.stmt, inner: ast.stmt, at: Place) -> Drafts:
    """The same for another name: what is left of it, when there is something."""
    call = inner.value if isinstance(inner, ast.Expr) else None
    if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.args):
        return
    owner = at.code(call.func)
    for binding in at.scope.near():
        text = f"{owner}({binding.name})"
        if binding.kind in {"list", "iterable"} or owner.endswith("extend"):
            yield from at.after(node, [text], 0.4)
        tests = {"int": ("{} > 1", "{} > 0", "{}"), "list": ("{}",), "str": ("{}",), "": ("{}",)}
        for test in tests.get(binding.kind, ()):
            guarded = at.block(f"if {test.format(binding.name)}:", text)
            yield from at.after(node, guarded, 0.4)


def _nested_guard(node: ast.stmt, at: Place) -> Drafts:
    """A condition around this statement and all that follow it in its block."""
    block, index = at.source.block(node)
    if at.function is None or not 0 <= index < len(block) - 1 or isinstance(node, _ENDS):
        return
    last = block[-1]
    start = at.source.starts[node.lineno - 1]
    end = at.source.line_end(last.end_lineno or last.lineno)
    lines = at.source.text[start:end].splitlines()
    if len(lines) > 12 or at.source.text[start : at.source.start(node)].strip():
        return
    indent, unit, newline = at.source.indent(node), at.source.unit, at.source.newline
    body = "".join(f"{unit}{line}{newline}" if line.strip() else newline for line in lines)
    for test, weight in islice(guards_of(node, at), 40):
        yield Draft((Edit(start, end, f"{indent}if {test}:{newline}{body}"),), weight)


def _is_short(node: ast.stmt) -> bool:
    return node.lineno == node.end_lineno and not (
        isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    )


TEMPLATES: Final = (
    Template(
        "end-of-branch",
        "conditions",
        "Insert Missed Statement FP4.2 to FP4.4 (TBar)",
        0.12,
        (ast.If,),
        _end_of_branch,
    ),
    Template("other-branch", "conditions", "missing else", 0.082, (ast.If,), _other_branch, 4.0),
    Template(
        "left-over",
        "updates",
        "missing last step behind a loop",
        0.12,
        (ast.For, ast.While),
        _left_over,
    ),
    Template(
        "nested-guard",
        "guards",
        "Insert Range Checker FP3 (TBar), around what follows",
        0.03,
        (ast.stmt,),
        _nested_guard,
    ),
)
