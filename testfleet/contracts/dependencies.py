"""Which test files need which others to have passed, in the form that plans and tasks carry."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable

from testfleet.contracts.base import Contract


class Dependency(Contract):
    """Each of `units` needs every one of `providers` to have passed. Paths of files.

    One rule of many units and many providers stays as small as it was written, where single edges
    would be their product.
    """

    units: tuple[str, ...]
    providers: tuple[str, ...]


def blocked_by(dependencies: Iterable[Dependency], roots: Collection[str]) -> dict[str, str]:
    """What must not run because a root did not pass, directly or through others: for each file
    the root, the first by name when there are several. Roots themselves are not in it."""
    rules_of: defaultdict[str, list[Dependency]] = defaultdict(list)
    for rule in dependencies:
        for provider in rule.providers:
            rules_of[provider].append(rule)
    blocked: dict[str, str] = {}
    for root in sorted(roots):
        reached = [root]
        while reached:
            for rule in rules_of.pop(reached.pop(), ()):
                new = [unit for unit in rule.units if unit not in blocked and unit not in roots]
                blocked.update(dict.fromkeys(new, root))
                reached += new
    return blocked


class RulesWithin:
    """Finds what of many rules lies inside of a shard, without looking at all of them."""

    def __init__(self, dependencies: Iterable[Dependency]) -> None:
        self._rules = tuple(dependencies)
        self._of: defaultdict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(self._rules):
            for unit in rule.units:
                self._of[unit].append(number)

    def files(self, files: Collection[str]) -> tuple[Dependency, ...]:
        """Those rules, or parts of rules, of which both ends are among the files."""
        numbers = sorted({number for file in files for number in self._of.get(file, ())})
        parts = (self._part(self._rules[number], files) for number in numbers)
        return tuple(part for part in parts if part.providers)

    @staticmethod
    def _part(rule: Dependency, files: Collection[str]) -> Dependency:
        # Parts of what was validated: a plan has thousands of them.
        return Dependency.model_construct(
            units=tuple(unit for unit in rule.units if unit in files),
            providers=tuple(provider for provider in rule.providers if provider in files),
        )
