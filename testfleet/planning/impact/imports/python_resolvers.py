"""Calls that turn a string into a module, or into one of the project's files."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.planning.impact.imports.facts import Reach, Unknown
from testfleet.planning.impact.imports.python_processes import Judgement
from testfleet.planning.impact.imports.python_texts import Texts
from testfleet.planning.impact.imports.python_words import (
    DOTTED,
    DOTTED_TAILS,
    MACHINERY,
    NAMED,
    PACKAGE_FILES,
    READ_SOURCE,
    TAKE_ALL_SOURCE,
    WALKS,
)

RESOLVERS: Final = DOTTED_TAILS.union(
    (name.rpartition(".")[2] for name in (*DOTTED, *PACKAGE_FILES, *READ_SOURCE, *TAKE_ALL_SOURCE)),
    ("files", "eval", "getattr", "dictConfig", "writepy"),
)
"""The last parts of all names that are judged here."""

_FILES: Final = frozenset({"importlib.resources.files", "importlib_resources.files"})
_MOCKS: Final = frozenset(
    "mock mocker class_mocker module_mocker package_mocker session_mocker".split()  # noqa: SIM905
)
_OF_LOGGING: Final = frozenset({"()", "class"})
_STRING_AND_VALUE: Final = {"setattr": 2, "delattr": 1}
"""How many arguments there are when the first is a dotted name, and not an object."""


@dataclass
class Resolvers:
    """Judges such calls of one file."""

    texts: Texts
    found: Judgement

    def judge(self, call: ast.Call, name: str) -> None:
        """Add what a call comes to. `name` is the qualified name of what is called."""
        tail = name.rpartition(".")[2]
        first = _first(call)
        if _takes_dotted(call, name):
            self._dotted(call, first, tail)
        elif name in DOTTED or (
            tail in ("dict", "multiple") and _is_patch(name.rpartition(".")[0])
        ):
            if isinstance(first, ast.expr) and not self.texts.is_object(first):
                self._dotted(call, first, tail)
        elif tail == "patch" and self._looks_dotted(first):
            self._dotted(call, first, tail)
        elif name in ("eval", "builtins.eval"):
            self._dotted(call, first, tail)
            self.found.scripts.append((self.texts.value(first) or "").strip())
        elif tail == "dictConfig":
            self._logging(call, first)
        else:
            self._files(call, name, first)

    def judge_getattr(self, call: ast.Call, owner: str) -> None:
        """`getattr(importlib, ...)`: import machinery that is got by its name."""
        name = self.texts.value(call.args[1]) if len(call.args) > 1 else None
        if owner in MACHINERY and (name is None or f"{owner}.{name}" in NAMED or name in _GOT):
            self._unknown(call, f"getattr of {owner}, which imports code by itself")

    def _dotted(self, call: ast.Call, first: ast.expr | None, tail: str) -> None:
        text = self.texts.value(first)
        if own := self.texts.relative(first):
            self.found.imports.add(own)  # A package may name its own modules so.
        elif text is None:
            self._unknown(call, f"{tail}() of a name computed at run time")
        else:
            self.found.strings.add(text)

    def _looks_dotted(self, first: ast.expr | None) -> bool:
        """A text that is put together as a dotted name is. Clients of HTTP patch what has `/`."""
        if isinstance(first, ast.BinOp) and isinstance(first.op, ast.Div):
            return False
        if not isinstance(first, ast.JoinedStr | ast.BinOp):
            return False
        parts = [
            node.value
            for node in ast.walk(first)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ]
        return any("." in part for part in parts) and not any(
            sign in part for part in parts for sign in "/:?& "
        )

    def _logging(self, call: ast.Call, first: ast.expr | None) -> None:
        is_here = False
        for table in self.texts.dicts():
            is_here |= any(self.texts.value(key) == "version" for key in table.keys)
            for key, value in zip(table.keys, table.values, strict=True):
                if self.texts.value(key) not in _OF_LOGGING or self.texts.is_object(value):
                    continue
                self._dotted(call, value, "dictConfig")
        if not (is_here and isinstance(first, ast.Dict | ast.Name | ast.Attribute)):
            what = "logging set up by what is computed at run time"
            self.found.unknown.add(Unknown(call.lineno, what, Reach.IF_TEST))

    def _files(self, call: ast.Call, name: str, first: ast.expr | None) -> None:
        if name in _FILES:
            self._paths(call, self._steps(call), "files of a package by computed names")
        elif name in PACKAGE_FILES:
            steps = [*call.args[1:], *(key.value for key in call.keywords if key.arg != "package")]
            self._paths(call, steps, "a package's file by a computed name")
        elif name in READ_SOURCE:
            text = self.texts.value(first)
            self.found.strings.add(text or "")
            if text is None:
                self._unknown(call, "source by a name computed at run time", Reach.IF_TEST)
        elif name in TAKE_ALL_SOURCE or name.endswith(".writepy"):
            self._unknown(call, "all source files of a folder", Reach.FILES)

    def _paths(self, call: ast.Call, steps: Sequence[ast.expr], what: str) -> None:
        """The parts of a path below a package: known when they are, and end in a file's name."""
        texts = [self.texts.value(step) for step in steps]
        self.found.strings |= set(filter(None, texts))
        if None in texts or not any("." in text for text in texts if text):
            self._unknown(call, what, Reach.FILES)

    def _steps(self, call: ast.Call) -> list[ast.expr]:
        """What is appended to a folder where a call returns it."""
        node: ast.AST = call
        steps: list[ast.expr] = []
        while True:
            above = self.texts.parents.get(id(node))
            match above:
                case ast.BinOp(left=left, op=ast.Div(), right=step) if left is node:
                    steps.append(step)
                case ast.Attribute(attr="joinpath"):
                    above = self.texts.parents[id(above)]
                    steps += above.args if isinstance(above, ast.Call) else []
                case ast.Attribute(attr=attr) if attr in WALKS:
                    return [*steps, above]
                case _:
                    return steps
            node = above

    def _unknown(self, call: ast.Call, what: str, reach: Reach = Reach.LOADED) -> None:
        self.found.unknown.add(Unknown(call.lineno, what, reach))


_GOT: Final = frozenset(name.rpartition(".")[2] for name in NAMED) | {
    *("exec", "eval", "compile", "reload", "run_path", "walk_packages", "iter_modules")
}


def matters_as_value(name: str) -> bool:
    """Whether a qualified name is a function here that no object of another kind is called by."""
    owner, _, tail = name.rpartition(".")
    is_monkeypatch = tail in _STRING_AND_VALUE and "monkeypatch" in owner.lower()
    return is_monkeypatch or _is_patch(name)


def _is_patch(name: str) -> bool:
    """Whether it is `mock.patch`, or its twin of pytest-mock."""
    owner, _, tail = name.rpartition(".")
    return tail == "patch" and owner.rpartition(".")[2] in _MOCKS


def _takes_dotted(call: ast.Call, name: str) -> bool:
    """Whether the first argument of a call is a dotted name, whatever it looks like."""
    tail = name.rpartition(".")[2]
    if tail in _STRING_AND_VALUE:
        given = [key for key in call.keywords if key.arg != "raising"]
        is_open = any(isinstance(arg, ast.Starred) for arg in call.args)
        return is_open or len(call.args) + len(given) == _STRING_AND_VALUE[tail]
    return _is_patch(name)


def _first(call: ast.Call) -> ast.expr | None:
    keywords = ("target", "in_dict", "filename", "config", "file", "dir")
    given = (key.value for key in call.keywords if key.arg in keywords)
    return next(iter([*call.args, *given]), None)
