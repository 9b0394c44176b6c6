"""How code models have done so far, kept in one file: the router learns from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from testfleet.contracts.base import SCHEMA_VERSION, Contract
from testfleet.repair.model.router import Record

_MOST: int = 10_000
"""Questions that a record remembers; older ones fade when there are more."""
_Count = Annotated[int, Field(ge=0)]


class Line(Contract):
    """One model and one class of failures."""

    domain: str
    model: str
    asked: _Count
    fixed: _Count


class Records(Contract):
    """The file."""

    schema_version: Literal["1"] = SCHEMA_VERSION
    lines: tuple[Line, ...] = ()

    def by_domain(self) -> dict[str, dict[str, Record]]:
        """As the router wants them."""
        found: dict[str, dict[str, Record]] = {}
        for line in self.lines:
            record = Record(line.asked, min(line.fixed, line.asked))
            found.setdefault(line.domain, {})[line.model] = record
        return found

    def with_search(self, asked: Iterable[tuple[str, str]], winner: str) -> Records:
        """After a search in which these (class, model) were asked, and the model `winner` wrote the
        patch that was chosen; empty when none did."""
        counts: dict[tuple[str, str], Counter[str]] = {
            (line.domain, line.model): Counter(asked=line.asked, fixed=line.fixed)
            for line in self.lines
        }
        for pair in sorted(set(asked)):
            count = counts.setdefault(pair, Counter())
            count.update(asked=1, fixed=int(pair[1] == winner))
            if count["asked"] > _MOST:
                count["asked"], count["fixed"] = count["asked"] // 2, count["fixed"] // 2
        lines = [
            Line(domain=domain, model=model, asked=count["asked"], fixed=count["fixed"])
            for (domain, model), count in sorted(counts.items())
        ]
        return Records(lines=tuple(lines))


def load_records(path: Path) -> Records:
    """What the file says; nothing when there is none or it is not one of this version: it is only
    experience."""
    try:
        return Records.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return Records()


def save_records(path: Path, records: Records) -> None:
    """Write the file whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".half")
    half.write_text(records.model_dump_json(indent=2) + "\n", "utf-8")
    half.replace(path)
