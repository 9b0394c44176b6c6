"""Python source cut into the blocks that run together: the outline, and each function's body.

The idea is that of pytest-testmon (T. Fojtik and others, testmon.org): a test can only notice a
change in a block that it ran. The outline is what importing a module runs, with the signatures,
decorators and docstrings of its functions, which can be seen without calling them.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256

from testfleet.contracts.coverage import FileCoverage

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Block:
    """The body of a function without the bodies of functions inside it."""

    lines: frozenset[int]
    digest: str


@dataclass(frozen=True)
class Blocks:
    """The blocks of one file."""

    outline: str
    functions: tuple[Block, ...]

    def covered(self, lines: Collection[int]) -> FileCoverage:
        """What remains of the file when only these lines were run."""
        entered = {block.digest for block in self.functions if not block.lines.isdisjoint(lines)}
        return FileCoverage(outline=self.outline, blocks=tuple(sorted(entered)))

    def still_has(self, seen: FileCoverage) -> bool:
        """Whether all that was run is as it was."""
        return seen.outline == self.outline and {one.digest for one in self.functions}.issuperset(
            seen.blocks
        )


def cut_blocks(source: bytes) -> Blocks | None:
    """The blocks of a file; None when it cannot be parsed."""
    try:
        module = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    text = source.splitlines()
    owner: dict[int, int] = {}
    for number, (first, last) in enumerate(_bodies(module)):
        # Functions come before those inside them, so that the innermost keeps the line.
        owner |= dict.fromkeys(range(first, last + 1), number)
    members: dict[int, list[int]] = {}
    for line in range(1, len(text) + 1):
        members.setdefault(owner.get(line, -1), []).append(line)
    outline = _digest(text, members.pop(-1, []))
    # With its number, or two functions could swap their bodies unseen.
    blocks = [
        Block(frozenset(lines), f"{number}-{_digest(text, lines)}")
        for number, lines in members.items()
    ]
    return Blocks(outline, tuple(blocks))


def _bodies(module: ast.Module) -> Iterator[tuple[int, int]]:
    """First and last line of the code in each function, outer functions first."""
    for node in ast.walk(module):
        if isinstance(node, _Function):
            code = node.body[1:] if ast.get_docstring(node, clean=False) else node.body
            above = node.body[0].end_lineno if len(code) < len(node.body) else _head_end(node)
            if code and above is not None and node.end_lineno and _start(code[0]) > above:
                yield _start(code[0]), node.end_lineno


def _head_end(function: _Function) -> int:
    """The last line that surely belongs to the signature."""
    pending: list[ast.AST] = [function.args, *filter(None, [function.returns])]
    last = function.lineno
    while pending:
        node = pending.pop()
        last = max(last, getattr(node, "end_lineno", None) or 0)
        pending += ast.iter_child_nodes(node)
    return last


def _start(statement: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(one.lineno for one in decorators)])


def _digest(text: Sequence[bytes], lines: Sequence[int]) -> str:
    return sha256(b"\n".join(text[line - 1] for line in lines)).hexdigest()[:24]
