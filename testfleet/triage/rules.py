"""The catalogue of messages, and which of them a line carries.

A pattern is a glob within one line (`config/triage-rules.toml` explains it). Each has a key word; a
line is only compared with the patterns whose key it contains, so thousands of them stay fast.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from testfleet.config import ROOT
from testfleet.contracts.base import Contract
from testfleet.contracts.failure import Cause, Domain
from testfleet.errors import UsageError

FILE: Final = ROOT / "config" / "triage-rules.toml"
MAX_GAP: Final = 200
"""Characters that one `*` may stand for."""
TELLING: Final = 5.0
"""Weight from which on a message is trouble wherever it stands."""
_WORD = re.compile(r"\w+")
_LEVEL = r"(?:\[(?:ERROR|INFO|WARN(?:ING)?)\] ?|Error: |ERROR: )?"


class Group(Contract):
    """Patterns that mean the same."""

    tool: str
    domain: Domain | None = None
    cause: Cause | None = None
    weight: float
    harmless: bool = False
    """These lines stand in the logs of jobs that went well."""
    patterns: tuple[str, ...]


class Catalogue(Contract):
    """The file."""

    group: tuple[Group, ...]


@dataclass(frozen=True)
class Signature:
    """One message of one tool. Use `match`."""

    tool: str
    domain: Domain | None
    cause: Cause | None
    weight: float
    pattern: str
    harmless: bool = False

    @property
    def name(self) -> str:
        """How an explanation calls it."""
        return f"{self.tool}: {self.pattern}"

    @cached_property
    def any_case(self) -> bool:
        """Whether capitals do not matter."""
        return self.pattern == self.pattern.lower()

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """What stands between the wildcards."""
        return tuple(part for part in _bare(self.pattern).split("*") if part)

    @cached_property
    def _regex(self) -> re.Pattern[str]:
        return _compiled(self.pattern, any_case=self.any_case)

    def match(self, line: str, lowered: str) -> bool:
        """Whether the line carries the message; `lowered` is the line in lower case."""
        # Finding text is a hundred times as fast as a pattern, and nearly always says no.
        text, at = lowered if self.any_case else line, 0
        for part in self.parts:
            at = text.find(part, at)
            if at < 0:
                return False
        return self._regex.search(line) is not None


@dataclass(frozen=True)
class Rules:
    """All signatures, found by a word of theirs."""

    by_word: Mapping[str, Sequence[Signature]]
    by_text: Sequence[tuple[str, Signature]] = field(default=())
    """Those without a whole word, with text that must stand in the line, in lower case."""

    @cached_property
    def telling(self) -> Mapping[str, Sequence[str]]:
        """Text, in lower case, of the signatures that need no other sign of trouble; by a word."""
        found: dict[str, list[str]] = {}
        for word, signatures in self.by_word.items():
            texts = {
                max(signature.parts, key=len).lower()
                for signature in signatures
                if signature.weight >= TELLING and not signature.harmless
            }
            if texts:
                found[word] = sorted(texts)
        return found

    def matches(self, line: str) -> Iterator[Signature]:
        """Every signature of the line."""
        lowered = line.lower()
        for word in dict.fromkeys(_WORD.findall(lowered)):
            for signature in self.by_word.get(word, ()):
                if signature.match(line, lowered):
                    yield signature
        for text, signature in self.by_text:
            if text in lowered and signature.match(line, lowered):
                yield signature


@cache
def load_rules(path: Path = FILE) -> Rules:
    """Read and check the catalogue. Raises UsageError."""
    try:
        catalogue = Catalogue.model_validate(tomllib.loads(path.read_text("utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as exc:
        raise UsageError(
            f"{path} cannot be read: {exc}", hint="see config/triage-rules.toml for the form"
        ) from exc
    return index(
        Signature(
            group.tool, group.domain, group.cause, group.weight, pattern, harmless=group.harmless
        )
        for group in catalogue.group
        for pattern in group.patterns
    )


def index(signatures: Iterator[Signature]) -> Rules:
    """Rules of these signatures."""
    by_word: dict[str, list[Signature]] = {}
    by_text: list[tuple[str, Signature]] = []
    for signature in signatures:
        words = _whole_words(signature.pattern)
        if words:
            by_word.setdefault(max(words, key=len), []).append(signature)
        else:
            text = max(signature.parts, key=len)
            by_text.append((text.lower(), signature))
    return Rules(by_word, by_text)


def _whole_words(pattern: str) -> list[str]:
    """Words that a matching line has as whole words: those that touch no `*`."""
    bare = pattern.removeprefix("^").removesuffix("$")
    return [
        found[0].lower()
        for found in _WORD.finditer(bare)
        if bare[found.start() - 1 : found.start()] != "*"
        and bare[found.end() : found.end() + 1] != "*"
    ]


def _bare(pattern: str) -> str:
    return pattern.removeprefix("^").removesuffix("$")


def _compiled(pattern: str, *, any_case: bool) -> re.Pattern[str]:
    parts = _bare(pattern).split("*")
    glob = f".{{0,{MAX_GAP}}}?".join(re.escape(part) for part in parts if part)
    before = rf"^\s*{_LEVEL}" if pattern.startswith("^") else _edge(parts[0][:1], "(?<!\\w)")
    after = r"\s*$" if pattern.endswith("$") else _edge(parts[-1][-1:], "(?!\\w)")
    return re.compile(before + glob + after, re.IGNORECASE if any_case else re.NOFLAG)


def _edge(letter: str, boundary: str) -> str:
    return boundary if letter and _WORD.match(letter) else ""
