"""What the Node.js side tells: complaints of the compiler, proposals, and what a trial showed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

MILD: Final = ("a type assertion", "the test itself")
"""Concerns that begin so are told, but a patch may be called fixed all the same."""


@dataclass(frozen=True)
class Edit:
    """One stretch of a file, replaced. Positions count UTF-16 code units, as TypeScript does."""

    file: str
    start: int
    end: int
    text: str

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Edit:
        """From JSON."""
        return cls(str(raw["file"]), int(raw["start"]), int(raw["end"]), str(raw["text"]))

    def plain(self) -> dict[str, str | int]:
        """As JSON."""
        return {"file": self.file, "start": self.start, "end": self.end, "text": self.text}


@dataclass(frozen=True)
class Complaint:
    """A diagnostic of the compiler, or an error of ESLint."""

    file: str
    """Relative to the root; empty when it is about the configuration."""
    line: int
    column: int
    code: int
    """Of the compiler's table; 0 for a linter's."""
    message: str
    rule: str = ""
    """Of a linter."""

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Complaint:
        """From JSON."""
        place = int(raw["line"]), int(raw["column"])
        words = str(raw["message"]), str(raw.get("rule", ""))
        return cls(str(raw["file"]), *place, int(raw["code"]), *words)

    @property
    def id(self) -> str:
        """As tsc prints it, without the message."""
        return f"{self.file}({self.line},{self.column}): {self.rule or f'TS{self.code}'}"


@dataclass(frozen=True)
class Proposal:
    """A change that may be the repair."""

    engine: str
    template: str
    prior: float
    concern: str
    edits: tuple[Edit, ...]

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Proposal:
        """From JSON."""
        edits = tuple(sorted(map(Edit.read, raw["edits"]), key=lambda one: (one.file, one.start)))
        words = str(raw["engine"]), str(raw["template"])
        return cls(*words, float(raw["prior"]), str(raw["concern"]), edits)

    @property
    def is_grave(self) -> bool:
        """Whether it makes the compiler quiet rather than the program right."""
        return bool(self.concern) and not self.concern.startswith(MILD)

    @property
    def size(self) -> int:
        """Characters that it takes away and puts in."""
        return sum(edit.end - edit.start + len(edit.text) for edit in self.edits)


@dataclass(frozen=True)
class Check:
    """What a proposal does to the program."""

    gone: frozenset[int]
    """Indices of the complaints that it removes."""
    added: int
    """Complaints that are new."""
    effect: str
    """The same for proposals that behave alike: `types` when nothing differs at run time."""

    @classmethod
    def read(cls, raw: Mapping[str, Any]) -> Check:
        """From JSON."""
        return cls(frozenset(map(int, raw["gone"])), int(raw["added"]), str(raw["effect"]))


@dataclass(frozen=True)
class Tried:
    """A proposal with its check."""

    proposal: Proposal
    check: Check


def plain_edits(edits: Sequence[Edit]) -> list[dict[str, str | int]]:
    """As JSON."""
    return [edit.plain() for edit in edits]


def edited(text: str, edits: Sequence[Edit]) -> str:
    """The text after edits of one file, which do not overlap."""
    raw = text.encode("utf-16-le", "surrogatepass")
    for edit in sorted(edits, key=lambda one: (one.start, one.end), reverse=True):
        middle = edit.text.encode("utf-16-le", "surrogatepass")
        raw = raw[: 2 * edit.start] + middle + raw[2 * edit.end :]
    return raw.decode("utf-16-le", "surrogatepass")
