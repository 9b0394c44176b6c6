"""What a configuration file exports, as far as it is written down as literals.

Nothing is run. A value that would have to be computed is `UNKNOWN`; so is what is made of it.
Followed are names of constants in the same file, `defineConfig(...)` and the like, functions that
return an object, spreads, and paths that are joined to the folder of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from testfleet.planning.discovery.node.tokens import END, Token, tokens
from testfleet.planning.discovery.node.values import (
    LONGEST,
    UNKNOWN,
    Regex,
    joined,
    merged,
    number,
)


HERE: Final = "."
"""Stands for the folder of the file, in `__dirname` and its like."""
_DEPTH: Final = 40
_STEPS: Final = 20_000
"""Expressions that are looked at. Constants that name each other twice would double it forever."""
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}
_CLOSE: Final = frozenset(_OPEN.values())
_ENDS: Final = frozenset({",", ";", ")", "]", "}", ""})
_WRAPPERS: Final = frozenset(
    {"defineConfig", "defineProject", "defineWorkspace", "defineVitestConfig", "freeze"}
)
_MERGERS: Final = frozenset({"mergeConfig", "assign"})
_PATHS: Final = frozenset({"join", "resolve", "fileURLToPath", "URL"})
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None, "undefined": None}
_FOLDERS: Final = frozenset({"__dirname", "import.meta.dirname", "import.meta.url", "process.cwd"})


def read_export(code: str, known: Mapping[str, Any] | None = None) -> Any:
    """The default export of a module, `UNKNOWN` when there is none to be read. Never raises.

    `known` gives values to dotted names, such as `configDefaults.exclude`.
    """
    reader = _Reader(tokens(code), dict(known or {}))
    at = reader.export()
    return UNKNOWN if at is None else reader.value_at(at)


@dataclass
class _Reader:
    words: list[Token]
    known: dict[str, Any]
    _constants: dict[str, int] = field(default_factory=dict)
    _closings: dict[int, int] = field(default_factory=dict)
    _at: int = 0
    _depth: int = 0
    _steps: int = 0

    def __post_init__(self) -> None:
        opened: list[int] = []
        for at in range(len(self.words)):
            text = self._text(at)
            if text in _OPEN:
                opened.append(at)
            elif text in _CLOSE and opened:
                self._closings[opened.pop()] = at

    def export(self) -> int | None:
        """Where the exported expression begins. Notes constants of the module on the way."""
        found, at = None, 0
        while at < len(self.words):
            text, more = self._text(at), self._texts(at + 1, 3)
            if text in ("const", "let", "var"):
                self._note_constant(at + 1)
            elif text == "export" and more[0] in ("default", "="):
                found = at + 2
            elif text == "module" and more == [".", "exports", "="]:
                found = at + 4
            at = self._closings.get(at, at) + 1
        return found

    def value_at(self, at: int) -> Any:
        """The value of the expression that begins there."""
        before, self._at = self._at, at
        self._depth += 1
        self._steps += 1
        is_over = self._depth >= _DEPTH or self._steps > _STEPS
        value = UNKNOWN if is_over else self._expression()
        self._depth -= 1
        self._at = before
        return value

    def _note_constant(self, at: int) -> None:
        name = self._text(at)
        for end in range(at + 1, min(at + 60, len(self.words))):
            if self._text(end) == "=":
                self._constants[name] = end + 1
                return
            if self._text(end) in (";", ""):
                return

    def _text(self, at: int) -> str:
        """A word as it stands; of a literal only what it is, and nothing at the end."""
        word = self.words[at] if at < len(self.words) else END
        return word.text if word.kind in ("mark", "name", "end") else f"\0{word.kind}"

    def _texts(self, at: int, count: int) -> list[str]:
        return [self._text(at + step) for step in range(count)]

    def _next(self) -> Token:
        word = self.words[self._at] if self._at < len(self.words) else END
        self._at += 1
        return word

    def _peek(self) -> str:
        return self._text(self._at)

    def _expression(self) -> Any:
        """One expression; afterwards the next word is what ends it."""
        value = self._primary()
        if self._peek() in ("as", "satisfies"):
            self._skip()
        if self._peek() not in _ENDS:
            self._skip()
            return UNKNOWN
        return value

    def _skip(self) -> None:
        """Go to the end of the expression."""
        while self._at < len(self.words) - 1 and self._peek() not in _ENDS:
            self._at = self._closings.get(self._at, self._at) + 1

    def _primary(self) -> Any:
        word = self._next()
        if word.kind == "string":
            return word.text
        if word.kind == "regex":
            return Regex(word.text, word.flags)
        if word.kind == "number":
            return number(word.text)
        if word.kind == "mark":
            return self._bracketed(word.text)
        if word.kind == "name":
            return self._named(word.text)
        return UNKNOWN

    def _bracketed(self, mark: str) -> Any:
        if mark == "[":
            return self._after(self._array())
        if mark == "{":
            return self._object()
        if mark == "(":
            return self._group()
        self._at -= mark in _ENDS
        return UNKNOWN

    def _array(self) -> list[Any]:
        values: list[Any] = []
        while self._peek() not in ("]", ""):
            if self._peek() == ",":
                self._at += 1
            elif self._peek() == "...":
                self._at += 1
                value = self._nested()
                is_short = isinstance(value, list) and len(values) + len(value) <= LONGEST
                values.extend(value if is_short else [UNKNOWN])
            else:
                values.append(self._nested())
        self._at += 1
        return values

    def _object(self) -> dict[Any, Any]:
        """An object. What has an unknown key or is spread from the unknown is under `UNKNOWN`."""
        values: dict[Any, Any] = {}
        while self._peek() not in ("}", ""):
            if self._peek() == ",":
                self._at += 1
            elif self._peek() == "...":
                self._at += 1
                value = self._nested()
                values.update(value if isinstance(value, dict) else {UNKNOWN: UNKNOWN})
            else:
                self._property(values)
        self._at += 1
        return values

    def _property(self, values: dict[Any, Any]) -> None:
        word = self._next()
        key: Any = word.text if word.kind in ("name", "string", "number") else UNKNOWN
        if word.text == "[" and word.kind == "mark":
            key = self._nested()
            self._at += 1
            key = key if isinstance(key, str) else UNKNOWN
        if self._peek() == ":":
            self._at += 1
            values[key] = self._nested()
        elif self._peek() in (",", "}") and isinstance(key, str):
            values[key] = self._lookup(key)
        else:
            self._skip()
            values[key] = UNKNOWN

    def _group(self) -> Any:
        """What is in parentheses, or a function: of that, what it returns."""
        begin = self._at
        end = self._closing()
        if self._text(end + 1) == "=>" or self._text(end + 1) == ":":
            return self._function(end + 1)
        self._at = begin
        value = self._nested()
        self._at = end + 1
        return self._after(value)

    def _closing(self) -> int:
        """Where the bracket closes that was read last."""
        return self._closings.get(self._at - 1, len(self.words) - 1)

    def _function(self, at: int) -> Any:
        """The value of a function's first `return` that is not in a block of its own."""
        while at < len(self.words) - 1 and self._text(at) not in ("=>", "{"):
            at += 1
        begin = at + 1 if self._text(at) == "=>" else at
        if self._text(begin) != "{":
            value = self.value_at(begin)
            self._at = begin
            self._skip()
            return value
        self._at = begin + 1
        end = self._closing()
        value = self._returned(begin + 1, end)
        self._at = end + 1
        return value

    def _returned(self, begin: int, end: int) -> Any:
        at = begin
        while at < end:
            if self._text(at) in ("const", "let", "var"):
                self._note_constant(at + 1)
            if self._text(at) == "return":
                return self.value_at(at + 1)
            at = self._closings.get(at, at) + 1
        return UNKNOWN

    def _named(self, name: str) -> Any:
        if name in _WORDS:
            return _WORDS[name]
        if name in ("async", "await", "new"):
            return self._primary()
        if name == "function":
            return self._function(self._at)
        if self._peek() == "=>":
            return self._function(self._at)
        path = [name]
        while self._peek() in (".", "?.") and self._text(self._at + 1) not in _ENDS:
            path.append(self._text(self._at + 1))
            self._at += 2
        if self._peek() == "<":
            self._skip_type()
        if self._peek() == "(":
            self._at += 1
            return self._after(self._call(path))
        return self._after(self._dotted(path))

    def _skip_type(self) -> None:
        for at in range(self._at, min(self._at + 20, len(self.words))):
            if self._text(at) == ">" and self._text(at + 1) == "(":
                self._at = at + 1
                return

    def _call(self, path: list[str]) -> Any:
        end = self._closing()
        given: list[Any] = []
        while self._at < end:
            given.append(self._nested())
            self._at += 1
        self._at = end + 1
        name = path[-1]
        if name in _WRAPPERS and given:
            return given[0]
        if name in _MERGERS and given:
            return merged(given)
        if ".".join(path) in _FOLDERS:
            return HERE
        return joined(given, is_url=name == "URL") if name in _PATHS else UNKNOWN

    def _after(self, value: Any) -> Any:
        """Members of a value, `!`, and calls, of which nothing is known."""
        while self._peek() in (".", "?.", "[", "(", "!"):
            if self._peek() == "!":
                self._at += 1
                continue
            if self._peek() in ("[", "("):
                self._at += 1
                self._at = self._closing() + 1
                value = UNKNOWN
                continue
            name = self._text(self._at + 1)
            value = value.get(name, UNKNOWN) if isinstance(value, dict) else UNKNOWN
            self._at += 2
        return value

    def _dotted(self, path: list[str]) -> Any:
        name = ".".join(path)
        if name in self.known:
            return self.known[name]
        if name in _FOLDERS:
            return HERE
        value = self._lookup(path[0])
        for part in path[1:]:
            value = value.get(part, UNKNOWN) if isinstance(value, dict) else UNKNOWN
        return value

    def _lookup(self, name: str) -> Any:
        if name in self.known:
            return self.known[name]
        at = self._constants.get(name)
        return UNKNOWN if at is None else self.value_at(at)

    def _nested(self) -> Any:
        """The expression that stands here, inside of another one."""
        self._depth += 1
        self._steps += 1
        begin = self._at
        is_over = self._depth >= _DEPTH or self._steps > _STEPS
        value = UNKNOWN if is_over else self._expression()
        if self._at == begin:
            self._skip()
            self._at += self._at == begin
        self._depth -= 1
        return value
