"""A place in a list of tokens, and where the brackets close."""

from __future__ import annotations

from typing import Final

from testfleet.planning.discovery.node.tokens import END, Token

OPEN: Final = frozenset("([{")
CLOSE: Final = frozenset(")]}")
ENDS: Final = frozenset({",", ";", ")", "]", "}", ""})
"""What an expression ends before."""
_TYPE_LENGTH: Final = 20
_ANNOTATION_LENGTH: Final = 60


class Cursor:
    """Reads tokens one by one."""

    def __init__(self, words: list[Token]) -> None:
        self.words = words
        self.at = 0
        self.closings: dict[int, int] = {}
        """Where the bracket closes that opens there."""
        opened: list[int] = []
        for at in range(len(words)):
            text = self.text(at)
            if text in OPEN:
                opened.append(at)
            elif text in CLOSE and opened:
                self.closings[opened.pop()] = at

    def text(self, at: int) -> str:
        """A word as it stands; of a literal only what it is, and nothing at the end."""
        word = self.words[at] if at < len(self.words) else END
        return word.text if word.kind in ("mark", "name", "end") else f"\0{word.kind}"

    def texts(self, at: int, count: int) -> list[str]:
        """That many words."""
        return [self.text(at + step) for step in range(count)]

    def take(self) -> Token:
        """The next token."""
        word = self.words[self.at] if self.at < len(self.words) else END
        self.at += 1
        return word

    def peek(self) -> str:
        """The next word, which stays the next."""
        return self.text(self.at)

    def skip(self) -> None:
        """Go to the end of the expression."""
        while self.at < len(self.words) - 1 and self.peek() not in ENDS:
            self.at = self.closings.get(self.at, self.at) + 1

    def closing(self) -> int:
        """Where the bracket closes that was read last."""
        return self.closings.get(self.at - 1, len(self.words) - 1)

    def skip_type(self) -> None:
        """Go over the `<...>` of a call."""
        for at in range(self.at, min(self.at + _TYPE_LENGTH, len(self.words))):
            if self.text(at) == ">" and self.text(at + 1) == "(":
                self.at = at + 1
                return


class Module(Cursor):
    """The constants of a module and its export, as places."""

    def __init__(self, words: list[Token]) -> None:
        super().__init__(words)
        self.constants: dict[str, int] = {}

    def export(self) -> int | None:
        """Where the exported expression begins. Notes constants of the module on the way."""
        found, at = None, 0
        while at < len(self.words):
            text, more = self.text(at), self.texts(at + 1, 3)
            if text in ("const", "let", "var"):
                self.note_constant(at + 1)
            elif text == "export" and more[0] in ("default", "="):
                found = at + 2
            elif text == "module" and more == [".", "exports", "="]:
                found = at + 4
            at = self.closings.get(at, at) + 1
        return found

    def note_constant(self, at: int) -> None:
        """Remember where the value of a constant begins that is declared there."""
        name = self.text(at)
        for end in range(at + 1, min(at + _ANNOTATION_LENGTH, len(self.words))):
            if self.text(end) == "=":
                self.constants[name] = end + 1
                return
            if self.text(end) in (";", ""):
                return
