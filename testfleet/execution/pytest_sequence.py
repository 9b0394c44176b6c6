"""Runs the files of a shard in the order in which they need each other.

Runs in the project's interpreter: standard library only, Python 3.8 or newer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


class Sequence:
    """Which files come before which, and which of them must not run any more.

    `ordered`: whether the order of `units` is wanted even where another would do.
    `units`: the files in an order that respects `dependencies`. `mixed`: groups of files of which
    other plugins may mix the tests: among these their order stays. `dependencies`: pairs of the
    files that need others, and those others. `failed`: files of which a test has failed in an
    earlier process of this shard.
    """

    def __init__(self, values: dict[str, Any]) -> None:
        self._ordered: bool = values["ordered"]
        self._rank = {unit: at for at, unit in enumerate(values["units"])}
        self._mixed = dict(self._rank)
        for group in values["mixed"]:
            own = [unit for unit in group if unit in self._rank]
            self._mixed.update(dict.fromkeys(own, min(map(self._rank.__getitem__, own), default=0)))
        self._rules = [(set(units), set(needed)) for units, needed in values["dependencies"]]
        self._blocked: dict[str, str] = {}
        for unit in values["failed"]:
            self.fail(unit)

    def arrange(self, items: list[Any], unit_of: Callable[[Any], str]) -> None:
        """Sort the tests by their files, unless the order that they have will do: it is that of
        home."""
        units = [unit_of(item) for item in items]
        if not self._ordered and self._is_sound(units):
            return
        mixed = _sorted(units, self._mixed)
        is_sound = self._is_sound([units[at] for at in mixed])
        order = mixed if is_sound else _sorted(units, self._rank)
        items[:] = [items[at] for at in order]

    def fail(self, unit: str) -> None:
        """Note that a test of the file, or the file itself, has failed."""
        reached = [unit]
        while reached:
            at = reached.pop()
            for units, needed in self._rules:
                if at in needed:
                    new = [one for one in sorted(units) if one not in self._blocked]
                    self._blocked.update(dict.fromkeys(new, unit))
                    reached += new

    def reason(self, unit: str) -> str:
        """Why the file must not run; empty when it may."""
        return "blocked by %s (failed)" % self._blocked[unit] if unit in self._blocked else ""  # noqa: UP031

    def _is_sound(self, units: list[str]) -> bool:
        first: dict[str, int] = {}
        last: dict[str, int] = {}
        for at, unit in enumerate(units):
            first.setdefault(unit, at)
            last[unit] = at
        return all(
            max((last[unit] for unit in needed if unit in last), default=-1)
            < min((first[unit] for unit in dependents if unit in first), default=len(units))
            for dependents, needed in self._rules
        )


def _sorted(units: list[str], rank: dict[str, int]) -> list[int]:
    """The positions by rank. What is not ours to sort stays behind what it follows."""
    ranks, last = [], -1
    for unit in units:
        last = rank.get(unit, last)
        ranks.append(last)
    return sorted(range(len(units)), key=ranks.__getitem__)
