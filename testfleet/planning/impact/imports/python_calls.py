"""Imports, processes and walks through folders that happen by calls, judged by their names."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from testfleet.planning.impact.imports.facts import Reach, Unknown
from testfleet.planning.impact.imports.python_processes import Judgement, judge_process, literal
from testfleet.planning.impact.imports.python_resolvers import (
    RESOLVERS,
    Resolvers,
    matters_as_value,
)
from testfleet.planning.impact.imports.python_texts import Texts
from testfleet.planning.impact.imports.python_words import (
    COMPUTED,
    NAMED,
    PLACES,
    PROCESSES,
    WALKS,
)

_TAILS: Final = frozenset(
    name.rpartition(".")[2] for name in (*NAMED, *COMPUTED, *PROCESSES, *WALKS, *PLACES)
) | {"executable", "path", "addsitedir", "syspath_prepend", "Path", *RESOLVERS}
_RUN_PYTEST: Final = frozenset({"main", "runpytest_subprocess"})
_RELATIVE_TO_HERE: Final = frozenset({"__package__", "__name__"})
_TAKE_FOLDERS: Final = ("glob.", "os.", "shutil.", "Path", "pathlib.Path")
_BUILTINS: Final = frozenset({"exec", "compile"})
_MODE_OF_COMPILE: Final = 3


@dataclass
class References:
    """Names that a file uses. They can be judged only when all of its imports are known."""

    calls: list[ast.Call] = field(default_factory=list)
    places: bool = False
    programs: set[int] = field(default_factory=set)
    """What stands first in a list, as programs do in command lines, by `id`."""
    texts: Texts = field(default_factory=Texts)
    _inner: set[int] = field(default_factory=set)
    """What has a name after a dot behind it, by `id`."""
    _nodes: list[ast.Name | ast.Attribute] = field(default_factory=list)
    _bound: dict[str, str] = field(default_factory=dict)

    def bind(self, name: str, alias: ast.alias, *, module: str = "") -> None:
        """Remember what an import calls something here."""
        origin = alias.name if alias.asname else name
        self._bound[name] = f"{module}.{alias.name}" if module else origin

    def add(self, node: ast.Name | ast.Attribute) -> None:
        """Keep a name if it may matter; a plain one may turn out to be bound to what does."""
        if isinstance(node, ast.Attribute):
            self._inner.add(id(node.value))
        if isinstance(node, ast.Name) or node.attr in _TAILS:
            self._nodes.append(node)

    def judge(self) -> Judgement:
        """What the names come to."""
        found = Judgement(places=self.places)
        telling = list(self._telling())
        names = {id(node): name for node, name in telling}
        called: set[int] = set()
        walks: list[int] = []
        resolvers = Resolvers(self.texts, found)
        for call in self.calls:
            name = names.get(id(call.func), "")
            called.add(id(call.func))
            self._judge_call(call, name, found)
            self._judge_resolver(call, name, resolvers)
            if name.rpartition(".")[2] in WALKS and name != "ast.walk":
                walks.append(call.lineno)
                found.places |= _starts_here(call, name)
        for node, name in telling:
            self._judge_name(node, name, found, is_called=id(node) in called)
        if walks and found.places:
            what = "a walk through folders that it finds by itself"
            found.unknown.add(Unknown(min(walks), what, Reach.FILES))
        return found

    def _telling(self) -> Iterator[tuple[ast.Name | ast.Attribute, str]]:
        for node in self._nodes:
            name = self._qualified(node)
            if name.rpartition(".")[2] in _TAILS:
                yield node, name

    def _qualified(self, node: ast.expr) -> str:
        if isinstance(node, ast.Name):
            return self._bound.get(node.id, node.id)
        if isinstance(node, ast.Attribute):
            return f"{self._qualified(node.value)}.{node.attr}"
        return "?"

    def _judge_call(self, call: ast.Call, name: str, found: Judgement) -> None:
        if _is_in(name, NAMED):
            imported = _named_module(call)
            if imported is None:
                what = f"{name.rpartition('.')[2]}() of a name computed at run time"
                found.unknown.add(Unknown(call.lineno, what, Reach.LOADED))
            else:
                found.imports.add(imported)
        elif _is_in(name, PROCESSES):
            judge_process(call, found)
        elif name.rpartition(".")[2] == "Path":
            found.places |= _starts_here(call, name)

    def _judge_resolver(self, call: ast.Call, name: str, resolvers: Resolvers) -> None:
        if name == "getattr" and call.args:
            resolvers.judge_getattr(call, self._qualified(call.args[0]))
        elif name.rpartition(".")[2] in RESOLVERS:
            is_mocks = name == "patch" and "*" in self._bound
            resolvers.judge(call, "unittest.mock.patch" if is_mocks else name)

    def _judge_name(
        self, node: ast.Name | ast.Attribute, name: str, found: Judgement, *, is_called: bool
    ) -> None:
        tail = name.rpartition(".")[2]
        if _is_in(name, COMPUTED) and not (tail == "compile" and self._is_harmless(node)):
            reach = Reach.CODE if tail in _RUN_PYTEST else Reach.LOADED
            what = f"{tail}, which runs or imports code by itself"
            found.unknown.add(Unknown(node.lineno, what, reach))
        elif not is_called and self._matters_as_value(node, name):
            found.unknown.add(Unknown(node.lineno, f"{tail}, handed on as a value"))
        elif name == "sys.executable" and id(node) not in found.understood:
            # A library may look at the interpreter without starting it.
            reach = Reach.CODE if id(node) in self.programs else Reach.IF_TEST
            found.unknown.add(Unknown(node.lineno, "sys.executable, to start Python anew", reach))
        elif name == "sys.path" or tail in ("addsitedir", "syspath_prepend"):
            found.edits_path = True
        found.places |= tail in PLACES

    def _matters_as_value(self, node: ast.expr, name: str) -> bool:
        """Whether who gets a function can import by it, or start a program."""
        if _is_in(name, NAMED) or _is_in(name, PROCESSES):
            return True
        if isinstance(node, ast.Name) and name in ("eval", "builtins.eval"):
            return isinstance(node.ctx, ast.Load)
        return matters_as_value(name) and id(node) not in self._inner

    def _is_harmless(self, node: ast.expr) -> bool:
        """`compile` of an expression: it holds no import statement."""
        for call in self.calls:
            if call.func is node:
                mode = call.args[2:_MODE_OF_COMPILE] or [
                    keyword.value for keyword in call.keywords if keyword.arg == "mode"
                ]
                return [literal(part) for part in mode] == ["eval"]
        return False


def _is_in(name: str, names: frozenset[str]) -> bool:
    """Whether a qualified name is listed, whole or by its last part."""
    tail = name.rpartition(".")[2]
    return name in names or (tail in names and tail not in _BUILTINS)


def _named_module(call: ast.Call) -> str | None:
    """The dotted name that a call imports; None when it is computed."""
    given = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "name")]
    name = literal(given[0]) if given else None
    if name is None or not name.startswith("."):
        return name
    package = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "package")]
    if package and isinstance(package[0], ast.Name) and package[0].id in _RELATIVE_TO_HERE:
        return name
    base = literal(package[0]) if package else None
    if base is None:
        return None
    above = len(name) - len(name.lstrip(".")) - 1
    parts = base.split(".")
    return ".".join([*parts[: len(parts) - above], name.lstrip(".")])


def _starts_here(call: ast.Call, name: str) -> bool:
    """Whether a call that takes a folder is given one relative to where the process runs."""
    if not name.startswith(_TAKE_FOLDERS):
        return False
    if not call.args:
        return True
    folder = literal(call.args[0])
    return folder is not None and not folder.startswith("/")
