"""Which unit asks for which abilities: the suite's own requirements, and those of some files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from testfleet.contracts.plan import file_of
from testfleet.errors import UsageError
from testfleet.planning.discovery.globs import PathPatterns
from testfleet.planning.placement.requirements import parse_all


@dataclass(frozen=True)
class Needs:
    """Requirements in their normal form."""

    suite: frozenset[str] = frozenset()
    """Of every unit."""
    files: tuple[tuple[str, frozenset[str]], ...] = ()
    """Of units that match a glob; see `PathPatterns`. All that match count."""

    @classmethod
    def read(cls, suite: Sequence[str], files: Mapping[str, Sequence[str]]) -> Self:
        """From the texts of testfleet.toml. Raises UsageError."""
        return cls(
            _normal("requires", suite),
            tuple(
                (glob, _normal(f"requires_for.{glob!r}", texts)) for glob, texts in files.items()
            ),
        )

    def of(self, unit: str) -> frozenset[str]:
        """What the unit asks for. A node group asks for what its file does."""
        if not self.files:
            return self.suite
        file = file_of(unit)
        return self.suite.union(*(texts for globs, texts in self._patterns if globs.match(file)))

    @cached_property
    def _patterns(self) -> list[tuple[PathPatterns, frozenset[str]]]:
        return [(PathPatterns([glob]), texts) for glob, texts in self.files]


def _normal(key: str, texts: Sequence[str]) -> frozenset[str]:
    try:
        return frozenset(str(each) for each in parse_all(texts))
    except UsageError as exc:
        raise UsageError(f"{key}: {exc}", hint=exc.hint) from None
