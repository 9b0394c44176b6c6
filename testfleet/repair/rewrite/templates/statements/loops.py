"""Loops: what they run over, how long, how they are left."""

from __future__ import annotations

import ast
from typing import Final

from testfleet.repair.rewrite.place import Draft, Drafts, Place, Template
from testfleet.repair.rewrite.reading.kinds import NUMBERS, SIZED
from testfleet.repair.rewrite.reading.scope import own_nodes
from testfleet.repair.rewrite.reading.source import Edit


def _run_over(node: ast.For | ast.comprehension, at: Place) -> Drafts:
    """What a loop runs over: all but the first, a copy, sorted, reversed, with its index."""
    code = at.code(node.iter)
    operand = at.operand(node.iter)
    kind = at.scope.kind(node.iter)
    is_range = isinstance(node.iter, ast.Call) and getattr(node.iter.func, "id", "") == "range"
    if is_range:
        yield at.replace(node.iter, f"reversed({code})", 0.6)
        return
    for text, weight in (
        (f"{operand}[1:]", 0.7),
        (f"{operand}[:-1]", 0.6),
        (f"reversed({code})", 0.3),
        (f"sorted({code})", 0.6),
        (f"list({code})", 0.4),
        (f"set({code})", 0.4),
        (f"{operand}[:]", 0.4),
    ):
        yield at.replace(node.iter, text, weight)
    if isinstance(node.target, ast.Tuple):
        yield at.replace(node.iter, f"enumerate({code})", 0.6)
        yield at.replace(node.iter, f"{operand}.items()", 0.6)
    elif kind in SIZED | {""}:
        yield at.replace(node.iter, f"range(len({code}))", 0.6)
    if kind in NUMBERS:
        yield at.replace(node.iter, f"range({code})", 1.0)
        yield at.replace(node.iter, f"range({code} + 1)", 0.6)
        yield at.replace(node.iter, f"range(1, {code} + 1)", 0.6)


def _start_of_inner(node: ast.For, at: Place) -> Drafts:
    """`range(n)` of an inner loop to `range(i, n)`, `range(i + 1, n)`."""
    call = node.iter
    if not (isinstance(call, ast.Call) and getattr(call.func, "id", "") == "range" and call.args):
        return
    stop = call.args[0] if len(call.args) == 1 else call.args[1]
    names = [
        b.name for b in at.scope.near() if b.kind in {"int", ""} and b.name not in at.code(call)
    ]
    own = node.target.id if isinstance(node.target, ast.Name) else ""
    for name in names[:6]:
        if name != own:
            for start in (name, f"{name} + 1"):
                yield at.replace(call, f"range({start}, {at.code(stop)})", 0.5)
            yield at.replace(stop, f"{at.operand(stop)} - {name}", 0.4)


def _way_out(node: ast.Break | ast.Continue | ast.Pass, at: Place) -> Drafts:
    words = {"break": 0.8, "continue": 0.8, "return": 0.4, "pass": 0.6}
    own = type(node).__name__.lower()
    words.pop(own, None)
    for word, weight in words.items():
        yield at.replace(node, word, weight)
    for binding in at.scope.near():
        yield at.replace(node, f"return {binding.name}", 0.25)
    returned = dict.fromkeys(e.text for e in at.pool.returned if e.function is at.function)
    for text in (*returned, "True", "False", "None", "0", "[]", "''"):
        yield at.replace(node, f"return {text}", 0.3)


def _if_or_while(node: ast.If | ast.While, at: Place) -> Drafts:
    """`if` for `while` and back."""
    start = at.source.start(node)
    if isinstance(node, ast.While):
        if not node.orelse:
            yield Draft((Edit(start, start + len("while"), "if"),), 0.6)
    elif not node.orelse and at.source.text.startswith("if", start):
        yield Draft((Edit(start, start + len("if"), "while"),), 0.8)


def _loop_left(node: ast.For | ast.While, at: Place) -> Drafts:
    """`break` at the end of the loop or of its last branch; no `else`."""
    last = node.body[-1]
    yield from at.after(last, ["break"], 0.3)
    for inner in own_nodes_of(node):
        if isinstance(inner, ast.If) and isinstance(inner.body[-1], ast.Assign | ast.Expr):
            yield from at.after(inner.body[-1], ["break"], 0.5)


def _loop_until(node: ast.While, at: Place) -> Drafts:
    """`while` conditions on what the body changes."""
    changed = [
        inner.target.id
        for inner in own_nodes_of(node)
        if isinstance(inner, ast.AugAssign) and isinstance(inner.target, ast.Name)
    ]
    for name in dict.fromkeys(changed):
        for binding in at.scope.near():
            if binding.name != name and binding.kind in NUMBERS | {""}:
                for sign in ("<", "<=", ">", ">="):
                    yield at.replace(node.test, f"{name} {sign} {binding.name}", 0.4)
            elif binding.kind in SIZED:
                yield at.replace(node.test, f"{name} < len({binding.name})", 0.6)


def _else_of_loop(node: ast.For | ast.While, at: Place) -> Drafts:
    """The statement behind a loop as the loop's `else`, and back."""
    block, index = at.source.block(node)
    if not node.orelse and 0 <= index < len(block) - 1:
        follower = block[index + 1]
        indent, unit = at.source.indent(follower), at.source.unit
        start = at.source.starts[follower.lineno - 1]
        code = at.source.text[start : at.source.line_end(follower.end_lineno or follower.lineno)]
        if "\n" not in code.rstrip("\r\n"):
            text = f"{indent}else:{at.source.newline}{unit}{code}"
            yield Draft((Edit(start, start + len(code), text),), 0.3)


def own_nodes_of(node: ast.For | ast.While) -> list[ast.AST]:
    """Nodes of a loop's body, nested functions left out."""
    holder = ast.Module(body=node.body, type_ignores=[])
    return list(own_nodes(holder))


TEMPLATES: Final = (
    Template(
        "run-over", "loops", "what a loop runs over", 0.319, (ast.For, ast.comprehension), _run_over
    ),
    Template(
        "start-of-inner", "bounds", "start of an inner loop", 0.12, (ast.For,), _start_of_inner
    ),
    Template(
        "way-out",
        "loops",
        "break for continue and back",
        0.728,
        (ast.Break, ast.Continue, ast.Pass),
        _way_out,
    ),
    Template(
        "if-or-while",
        "loops",
        "loop for a branch and back",
        0.332,
        (ast.If, ast.While),
        _if_or_while,
    ),
    Template("loop-left", "loops", "missing break", 0.181, (ast.For, ast.While), _loop_left),
    Template("loop-until", "loops", "loop condition", 0.1, (ast.While,), _loop_until),
    Template("loop-else", "loops", "else of a loop", 0.193, (ast.For, ast.While), _else_of_loop),
)
