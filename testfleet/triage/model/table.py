"""The trained numbers: rows of words, the weights of facts, and how sure the model is.

A row of small numbers is kept as one whole number of Python with a lane of 32 bits for each
column, so that adding up a text's rows is one addition a word and needs no library.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, ValidationError

from testfleet.contracts.base import Contract

_MAGIC: Final = b"testfleet-words-1\n"
_LANE: Final = 4
_ONE_LANE: Final = (1 << 8 * _LANE) - 1
_OFFSET: Final = 128
"""Added to each number of a row, so that none is negative."""
_MOST_BYTES: Final = 64 * 1024 * 1024


LABELS: Final = 20
"""Columns of domains and causes. Those of reading follow: line, seed, next, before."""
LINE, SEED, NEXT, BEFORE = range(LABELS, LABELS + 4)
COLUMNS: Final = LABELS + 4
BLOCK_FACTS: Final = 36
LINE_FACTS: Final = 13
LABEL_FACTS: Final = 2 * LABELS


def _of(length: int) -> object:
    return Field(min_length=length, max_length=length)


class Facts(Contract):
    """What training found beside the words."""

    name: str
    corpus: str
    """SHA-256 of what it was trained on."""
    scales: Annotated[tuple[float, ...], _of(COLUMNS)]
    """What a 1 in a column is worth."""
    line: Annotated[tuple[float, ...], _of(1 + LINE_FACTS)]
    """A constant, and the weights of a line's facts."""
    block: Annotated[tuple[float, ...], _of(BLOCK_FACTS)]
    labels: Annotated[tuple[Annotated[tuple[float, ...], _of(1 + LABEL_FACTS)], ...], _of(LABELS)]
    """For each domain, then each cause: a constant, and the weights of what the rules say."""
    pairs: Annotated[tuple[tuple[float, ...], ...], _of(4)]
    """How far domains and causes go together."""
    sure: Annotated[tuple[float, ...], _of(2)]
    """Slope and constant that make a share a confidence (Platt, 1999)."""


class TableError(ValueError):
    """The file of the model is missing or damaged, or of another version."""


@dataclass(frozen=True)
class Table:
    """Rows by word. Use `load_table`."""

    rows: Mapping[str, int]
    facts: Facts

    def facts_with(self, *, sure: tuple[float, float]) -> Table:
        """The same table with another idea of how sure it may be."""
        return replace(self, facts=self.facts.model_copy(update={"sure": sure}))

    def sum_of(self, grams: Iterable[str], column: int) -> tuple[int, int]:
        """One column's sum over the known words, and how many words are known."""
        total = known = 0
        get = self.rows.get
        for gram in grams:
            row = get(gram)
            if row is not None:
                total += row
                known += 1
        lane = total >> (8 * _LANE * column) & _ONE_LANE
        return lane - _OFFSET * known, known

    def total(self, grams: Iterable[str]) -> tuple[Sequence[int], int]:
        """Sums of the columns over the known words, and how many words are known."""
        total = known = 0
        rows = self.rows
        for gram in grams:
            row = rows.get(gram)
            if row is not None:
                total += row
                known += 1
        lanes = array("I")
        lanes.frombytes(total.to_bytes(_LANE * COLUMNS, "little"))
        less = _OFFSET * known
        return [lane - less for lane in lanes], known


def load_table(path: Path) -> Table:
    """Read the file. Raises TableError."""
    try:
        data = path.read_bytes()
        if not data.startswith(_MAGIC):
            raise TableError(f"{path} is no table of words of this version")
        reader = zlib.decompressobj()
        body = reader.decompress(data[len(_MAGIC) :], _MOST_BYTES)
        head, words, numbers = body.split(b"\0", 2)
        facts = Facts.model_validate_json(head)
        names = words.decode("utf-8").split("\n")
    except (OSError, zlib.error, ValidationError, ValueError) as exc:
        raise TableError(f"{path} cannot be read as a table of words: {exc}") from exc
    if len(numbers) != len(names) * COLUMNS:
        raise TableError(f"{path} is cut off: {len(numbers)} numbers for {len(names)} words")
    return Table(rows_of(names, numbers), facts)


def rows_of(names: Sequence[str], numbers: bytes) -> dict[str, int]:
    """Rows as whole numbers with lanes, from bytes with the offset added."""
    width = _LANE * COLUMNS
    lanes = bytearray(_LANE * len(numbers))
    lanes[::_LANE] = numbers
    starts = range(0, len(lanes), width)
    return {
        name: int.from_bytes(lanes[start : start + width], "little")
        for name, start in zip(names, starts, strict=True)
    }


def table_bytes(rows: Mapping[str, Sequence[int]], facts: Facts) -> bytes:
    """The file's content; the rows' numbers are from -127 to 127."""
    names = sorted(rows)
    numbers = b"".join(bytes(number + _OFFSET for number in rows[name]) for name in names)
    head = facts.model_dump_json().encode("utf-8")
    body = b"\0".join((head, "\n".join(names).encode("utf-8"), numbers))
    return _MAGIC + zlib.compress(body, 9)
