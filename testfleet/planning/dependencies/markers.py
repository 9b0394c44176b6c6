"""Reads from a test file what its marks say about other files. No user code is imported.

The marks are those of pytest-dependency, pytest-order and the older pytest-ordering. What cannot be
read, e.g. a name that is computed, is said to be unknown.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_NUMBERS: Final = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
_LASTS: Final = ("last", *(f"{number}_to_last" for number in _NUMBERS[1:]))
_ALIASES: Final = frozenset((*_NUMBERS, *_LASTS))
"""Marks of pytest-ordering without arguments."""
_SOUGHT: Final = frozenset(("dependency", "order", "run", *_ALIASES))
_MARK: Final = re.compile(
    rb"mark(?:\s*\.\s*(?:" + "|".join(sorted(_SOUGHT)).encode() + rb")\b|\s+as\b)"
)
_ALIAS: Final = re.compile(rb"pytest(?:\s*\.\s*mark\s*(?:#.*)?$|_dependency\b)", re.MULTILINE)
"""Parsing is a hundred times slower than to look for these, each of which begins with a word that
`re` finds fast."""
WIDE_SCOPES: Final = ("session", "package")
_UNKNOWN: Final = object()


@dataclass
class FileMarks:
    """What the marks of one file say."""

    names: set[str] = field(default_factory=set)
    """By which its tests are called in `depends`, beside their node ids."""
    needs: set[tuple[str, str]] = field(default_factory=set)
    """Scope (session or package) and name or node id of what its tests depend on."""
    places: set[str] = field(default_factory=set)
    """Other files, as written, that its tests come before or after."""
    is_numbered: bool = False
    """Tests of it have a number in the order of all tests."""
    has_unknown_name: bool = False
    """Some name of a test cannot be read."""
    has_unknown_need: bool = False
    """Something that a test depends on, or comes before or after, cannot be read."""


def read_marks(source: bytes, prefix: str = "") -> FileMarks | None:
    """What the file says; None when it has no such marks or is no Python.

    `prefix` is the value of `--order-marker-prefix`: with `m`, `@pytest.mark.m3` means order 3.
    """
    reader = _reader(source, prefix)
    return reader.read() if reader else None


def may_pass_on_marks(source: bytes, prefix: str = "") -> bool:
    """Whether such marks, or what makes them, may be imported from the file."""
    reader = _reader(source, prefix)
    return reader is not None and (reader.makes_marks or reader.read() is not None)


def _reader(source: bytes, prefix: str) -> _Reader | None:
    seen = prefix and re.search(rf"\bmark\.{re.escape(prefix)}\d".encode(), source)
    if not (seen or _MARK.search(source) or _ALIAS.search(source)):
        return None
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return _Reader(tree, re.compile(rf"{re.escape(prefix)}\d+$") if prefix else None)


class _Reader:
    """One file. Marks are looked for wherever they may stand: as decorators, in `pytestmark`, in
    `pytest.param`, in calls of `add_marker`."""

    def __init__(self, tree: ast.Module, numbered: re.Pattern[str] | None) -> None:
        self._numbered = numbered
        self._nodes = list(ast.walk(tree))
        self._found = FileMarks()
        self._roots = {"mark"}
        """Names of `pytest.mark` in the file."""
        self._plugins = set[str]()
        """Names of the module `pytest_dependency` in the file."""
        self._kinds: dict[str, str] = {}
        """Names of single marks in the file, as after `needs = pytest.mark.dependency`."""
        self._constants: dict[str, object] = {}
        for node in self._nodes:
            self._learn(node)

    @property
    def makes_marks(self) -> bool:
        """Whether there are names in it for what makes marks, which others may import and call."""
        return len(self._roots) > 1 or bool(self._kinds or self._plugins)

    def read(self) -> FileMarks | None:
        """What the marks say, or None when there are none."""
        called = set()
        count = 0
        for node in self._nodes:
            if isinstance(node, ast.Call):
                kind = self._kind(node.func)
                called.add(id(node.func))
                count += kind is not None
                self._take(kind, node)
        for node in self._nodes:
            if isinstance(node, ast.Attribute) and id(node) not in called:
                kind = self._kind(node)
                count += kind is not None
                self._found.is_numbered |= self._is_number(kind)
        return self._found if count else None

    def _learn(self, node: ast.AST) -> None:
        if isinstance(node, ast.ImportFrom):
            for each in node.names:
                if (node.module, each.name) == ("pytest", "mark"):
                    self._roots.add(each.asname or each.name)
                if (node.module, each.name) == ("pytest_dependency", "depends"):
                    self._kinds[each.asname or each.name] = "depends"
        elif isinstance(node, ast.Import):
            names = (each for each in node.names if each.name == "pytest_dependency")
            self._plugins.update(each.asname or each.name for each in names)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    self._learn_name(target.id, node.value)

    def _learn_name(self, name: str, value: ast.expr) -> None:
        if self._is_root(value):
            self._roots.add(name)
        elif (kind := self._kind(value)) is not None:
            self._kinds[name] = kind
        else:
            # A name that is bound twice may stand for either.
            is_new = name not in self._constants
            self._constants[name] = self._literal(value) if is_new else _UNKNOWN

    def _is_root(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr == "mark"
        return isinstance(node, ast.Name) and node.id in self._roots

    def _kind(self, node: ast.expr) -> str | None:
        if isinstance(node, ast.Name):
            return self._kinds.get(node.id)
        if not isinstance(node, ast.Attribute):
            return None
        if isinstance(node.value, ast.Name) and node.value.id in self._plugins:
            return "depends" if node.attr == "depends" else None
        is_sought = node.attr in _SOUGHT or self._is_number(node.attr)
        return node.attr if is_sought and self._is_root(node.value) else None

    def _is_number(self, kind: str | None) -> bool:
        if kind is None:
            return False
        return kind in _ALIASES or bool(self._numbered and self._numbered.match(kind))

    def _take(self, kind: str | None, call: ast.Call) -> None:
        words = {word.arg: word.value for word in call.keywords if word.arg is not None}
        is_open = len(words) < len(call.keywords)
        if kind == "dependency":
            self._take_name(words.get("name"), is_open=is_open)
            self._take_needs(words.get("depends"), words.get("scope"), is_open=is_open)
        elif kind == "depends":
            placed = dict(zip(("request", "other", "scope"), call.args, strict=False))
            given: dict[str, ast.expr] = {**placed, **words}
            self._take_needs(given.get("other"), given.get("scope"), is_open=is_open)
        elif kind in ("order", "run"):
            self._take_order(call, words, is_open=is_open)
        else:
            self._found.is_numbered |= self._is_number(kind)

    def _take_name(self, name: ast.expr | None, *, is_open: bool) -> None:
        value = self._literal(name) if name is not None else None
        if isinstance(value, str):
            self._found.names.add(value)
        elif value is not None or (name is None and is_open):
            self._found.has_unknown_name = True

    def _take_needs(self, needs: ast.expr | None, scope: ast.expr | None, *, is_open: bool) -> None:
        where = self._literal(scope) if scope is not None else ("session" if is_open else "module")
        wide = (
            WIDE_SCOPES[:1]
            if where is _UNKNOWN
            else [each for each in WIDE_SCOPES if each == where]
        )
        for each in wide:
            for need in self._texts(needs) if needs is not None else [None] * is_open:
                if need is None:
                    self._found.has_unknown_need = True
                else:
                    self._found.needs.add((each, need))

    def _take_order(self, call: ast.Call, words: dict[str, ast.expr], *, is_open: bool) -> None:
        index = call.args[0] if call.args else words.get("index", words.get("order"))
        self._found.is_numbered |= is_open or (
            index is not None and self._literal(index) is not None
        )
        for word in ("before", "after"):
            for label in self._texts(words[word]) if word in words else ():
                if label is None:
                    self._found.has_unknown_need = True
                elif "::" in label and not label.partition("::")[0].isidentifier():
                    self._found.places.add(label.partition("::")[0])

    def _texts(self, node: ast.expr) -> Iterator[str | None]:
        """The texts of a literal or of a list of such; None for each that cannot be read."""
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            for each in node.elts:
                yield from self._texts(each)
            return
        value = self._literal(node)
        for text in value if isinstance(value, (list, tuple, set)) else [value]:
            yield text if isinstance(text, str) else None

    def _literal(self, node: ast.expr) -> object:
        if isinstance(node, ast.Name):
            return self._constants.get(node.id, _UNKNOWN)
        try:
            return ast.literal_eval(node)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return _UNKNOWN
