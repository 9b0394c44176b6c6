"""Programs that Python code starts: harmless, the project's own, or unknown."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from itertools import pairwise

from testfleet.planning.impact.imports.facts import Reach, Unknown
from testfleet.planning.impact.imports.python_words import COMMAND, module_runs_code, runs_code


@dataclass
class Judgement:
    """What the calls of a file amount to."""

    imports: set[str] = field(default_factory=set)
    strings: set[str] = field(default_factory=set)
    """Put together from constants of the file, to be read like literals."""
    programs: set[str] = field(default_factory=set)
    unknown: set[Unknown] = field(default_factory=set)
    places: bool = False
    """It knows where it, or the project, lies."""
    edits_path: bool = False
    scripts: list[str] = field(default_factory=list)
    """Source that it gives to a Python of its own."""
    understood: set[int] = field(default_factory=set)
    """`sys.executable` where what it starts is plain, by `id` of the node."""


def literal(node: ast.AST | None) -> str | None:
    """The string that a node is, if it is one."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return None


def judge_process(call: ast.Call, found: Judgement) -> None:
    """Add what a call that starts a program comes to."""
    keywords = [key.value for key in call.keywords if key.arg in ("args", "cmd", "command")]
    command = next(iter([*call.args, *keywords]), None)
    if _is_plain_python(command, found):
        return
    words = _command_words(command)
    if words is None:
        what = "a program whose name is computed at run time"
        found.unknown.add(Unknown(call.lineno, what, Reach.IF_TEST))
    elif running := next(filter(runs_code, words), None):
        found.unknown.add(Unknown(call.lineno, f"{running!r} in a process of its own"))
    else:
        found.programs |= set(words)


def command_in_list(node: ast.List | ast.Tuple) -> set[Unknown]:
    """A command line that is built here, to be run who knows where."""
    program = literal(node.elts[0]) if node.elts else None
    return set() if program is None else _command(program, node.lineno)


def command_in_text(node: ast.Constant) -> set[Unknown]:
    """The same as one string, which has more than one word."""
    program, _, rest = str(node.value).partition(" ")
    return _command(program, node.lineno) if rest else set()


def _command(program: str, line: int) -> set[Unknown]:
    if not COMMAND.fullmatch(program):
        return set()
    return {Unknown(line, f"{program!r} in a process of its own")}


def _is_plain_python(command: ast.expr | None, found: Judgement) -> bool:
    """`[sys.executable, "-c", "..."]` or `[sys.executable, "-m", "module"]`, all of it literal."""
    if not isinstance(command, ast.List | ast.Tuple) or not command.elts:
        return False
    python, *rest = command.elts
    if not (isinstance(python, ast.Attribute) and ast.unparse(python) == "sys.executable"):
        return False
    for option, value in pairwise(literal(part) for part in rest):
        if option is None or not option.startswith("-"):
            return False
        if option == "-c" and value is not None:
            found.scripts.append(value)
        elif option == "-m" and value is not None and not module_runs_code(value):
            found.imports |= {value, f"{value}.__main__"}
        else:
            continue
        found.understood.add(id(python))
        return True
    return False


def _command_words(command: ast.expr | None) -> list[str] | None:
    """The program of a list, or every word of a shell's line; None when it is computed."""
    if isinstance(command, ast.BinOp) and isinstance(command.op, ast.Add):
        return _command_words(command.left)
    if isinstance(command, ast.List | ast.Tuple):
        program = literal(command.elts[0]) if command.elts else None
        return None if program is None else [program]
    line = literal(command)
    return None if line is None else line.split()
