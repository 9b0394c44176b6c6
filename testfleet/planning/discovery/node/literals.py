"""What a configuration file exports, as far as it is written down as literals.

Nothing is run. A value that would have to be computed is `UNKNOWN`; so is what is made of it.
Followed are names of constants in the same file, `defineConfig(...)` and the like, functions that
return an object, spreads, and paths that are joined to the folder of the file.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from testfleet.planning.discovery.node.cursor import ENDS, Module
from testfleet.planning.discovery.node.tokens import Token, tokens
from testfleet.planning.discovery.node.values import (
    FOLDERS,
    HERE,
    LONGEST,
    UNKNOWN,
    Regex,
    called,
    number,
)

_DEPTH: Final = 40
_STEPS: Final = 10_000
"""Expressions that are looked at. Constants that name each other twice would double it forever."""
_WORDS: Final[dict[str, Any]] = {"true": True, "false": False, "null": None, "undefined": None}


def read_export(code: str, known: Mapping[str, Any] | None = None) -> Any:
    """The default export of a module, `UNKNOWN` when there is none to be read. Never raises.

    `known` gives values to dotted names, such as `configDefaults.exclude`.
    """
    reader = _Reader(tokens(code), known or {})
    at = reader.export()
    return UNKNOWN if at is None else reader.value_at(at)


class _Reader(Module):
    """Values of expressions."""

    def __init__(self, words: list[Token], known: Mapping[str, Any]) -> None:
        super().__init__(words)
        self._known = known
        self._depth = 0
        self._steps = 0

    def value_at(self, at: int) -> Any:
        """The value of the expression that begins there."""
        before, self.at = self.at, at
        self._depth += 1
        self._steps += 1
        is_over = self._depth >= _DEPTH or self._steps > _STEPS
        value = UNKNOWN if is_over else self._expression()
        self._depth -= 1
        self.at = before
        return value

    def _expression(self) -> Any:
        """One expression; afterwards the next word is what ends it."""
        value = self._primary()
        if self.peek() in ("as", "satisfies"):
            self.skip()
        if self.peek() not in ENDS:
            self.skip()
            return UNKNOWN
        return value

    def _primary(self) -> Any:
        word = self.take()
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
        self.at -= mark in ENDS
        return UNKNOWN

    def _array(self) -> list[Any]:
        values: list[Any] = []
        while self.peek() not in ("]", ""):
            if self.peek() == ",":
                self.at += 1
            elif self.peek() == "...":
                self.at += 1
                value = self._nested()
                is_short = isinstance(value, list) and len(values) + len(value) <= LONGEST
                values.extend(value if is_short else [UNKNOWN])
            else:
                values.append(self._nested())
        self.at += 1
        return values

    def _object(self) -> dict[Any, Any]:
        """An object. What has an unknown key or is spread from the unknown is under `UNKNOWN`."""
        values: dict[Any, Any] = {}
        while self.peek() not in ("}", ""):
            if self.peek() == ",":
                self.at += 1
            elif self.peek() == "...":
                self.at += 1
                value = self._nested()
                values.update(value if isinstance(value, dict) else {UNKNOWN: UNKNOWN})
            else:
                self._property(values)
        self.at += 1
        return values

    def _property(self, values: dict[Any, Any]) -> None:
        word = self.take()
        key: Any = word.text if word.kind in ("name", "string", "number") else UNKNOWN
        if word.text == "[" and word.kind == "mark":
            key = self._nested()
            self.at += 1
            key = key if isinstance(key, str) else UNKNOWN
        if self.peek() == ":":
            self.at += 1
            values[key] = self._nested()
        elif self.peek() in (",", "}") and isinstance(key, str):
            values[key] = self._lookup(key)
        else:
            self.skip()
            values[key] = UNKNOWN

    def _group(self) -> Any:
        """What is in parentheses, or a function: of that, what it returns."""
        begin = self.at
        end = self.closing()
        if self.text(end + 1) == "=>" or self.text(end + 1) == ":":
            return self._function(end + 1)
        self.at = begin
        value = self._nested()
        self.at = end + 1
        return self._after(value)

    def _function(self, at: int) -> Any:
        """The value of a function's first `return` that is not in a block of its own."""
        while at < len(self.words) - 1 and self.text(at) not in ("=>", "{"):
            at += 1
        begin = at + 1 if self.text(at) == "=>" else at
        if self.text(begin) != "{":
            value = self.value_at(begin)
            self.at = begin
            self.skip()
            return value
        self.at = begin + 1
        end = self.closing()
        value = self._returned(begin + 1, end)
        self.at = end + 1
        return value

    def _returned(self, begin: int, end: int) -> Any:
        at = begin
        while at < end:
            if self.text(at) in ("const", "let", "var"):
                self.note_constant(at + 1)
            if self.text(at) == "return":
                return self.value_at(at + 1)
            at = self.closings.get(at, at) + 1
        return UNKNOWN

    def _named(self, name: str) -> Any:
        if name in _WORDS:
            return _WORDS[name]
        if name in ("async", "await", "new"):
            return self._primary()
        if name == "function":
            return self._function(self.at)
        if self.peek() == "=>":
            return self._function(self.at)
        path = [name]
        while self.peek() in (".", "?.") and self.text(self.at + 1) not in ENDS:
            path.append(self.text(self.at + 1))
            self.at += 2
        if self.peek() == "<":
            self.skip_type()
        if self.peek() == "(":
            self.at += 1
            return self._after(self._call(path))
        return self._after(self._dotted(path))

    def _call(self, path: list[str]) -> Any:
        end = self.closing()
        given: list[Any] = []
        while self.at < end:
            given.append(self._nested())
            self.at += 1
        self.at = end + 1
        return called(".".join(path), given)

    def _after(self, value: Any) -> Any:
        """Members of a value, `!`, and calls, of which nothing is known."""
        while self.peek() in (".", "?.", "[", "(", "!"):
            if self.peek() == "!":
                self.at += 1
                continue
            if self.peek() in ("[", "("):
                self.at += 1
                self.at = self.closing() + 1
                value = UNKNOWN
                continue
            name = self.text(self.at + 1)
            value = value.get(name, UNKNOWN) if isinstance(value, dict) else UNKNOWN
            self.at += 2
        return value

    def _dotted(self, path: list[str]) -> Any:
        name = ".".join(path)
        if name in self._known:
            return self._known[name]
        if name in FOLDERS:
            return HERE
        value = self._lookup(path[0])
        for part in path[1:]:
            value = value.get(part, UNKNOWN) if isinstance(value, dict) else UNKNOWN
        return value

    def _lookup(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        at = self.constants.get(name)
        return UNKNOWN if at is None else self.value_at(at)

    def _nested(self) -> Any:
        """The expression that stands here, inside of another one."""
        self._depth += 1
        self._steps += 1
        begin = self.at
        is_over = self._depth >= _DEPTH or self._steps > _STEPS
        value = UNKNOWN if is_over else self._expression()
        if self.at == begin:
            self.skip()
            self.at += self.at == begin
        self._depth -= 1
        return value
