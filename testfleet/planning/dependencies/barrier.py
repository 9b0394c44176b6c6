"""The barrier between stages: what may start now, since all that it needs has passed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from testfleet.contracts.plan import PlannedUnit, Shard, file_of
from testfleet.planning.rounds.standing import Rounds


class Barrier:
    """Decides about the shards of later stages after each round."""

    def __init__(self, rounds: Rounds) -> None:
        self._rounds = rounds

    def released(self) -> Iterator[Shard]:
        """The later shards, each with those of its units that may start now and have not yet."""
        if self._rounds.stopped:
            return
        started = {unit.id for shard in self._rounds.shards for unit in shard.units}
        for shard in self._rounds.plans[0].later:
            waiting = [unit for unit in shard.units if unit.id not in started]
            ready = self._ready({file_of(unit.id) for unit in waiting})
            units = tuple(unit for unit in waiting if file_of(unit.id) in ready)
            if units:
                yield shard.model_copy(update={"units": units})

    def held_back(self) -> list[PlannedUnit]:
        """Units that were skipped for a failure which turned out to be chance."""
        if self._rounds.stopped:
            return []
        held = self._rounds.standing.held
        ready = self._ready({file_of(name) for name in held})
        return [unit for name, unit in held.items() if file_of(name) in ready]

    def is_open_for(self, units: Iterable[PlannedUnit]) -> bool:
        """Whether the units need nothing but each other and what has passed."""
        files = {file_of(unit.id) for unit in units}
        return all(self._missing[rule] <= files for file in files for rule in self._of(file))

    def _ready(self, files: Collection[str]) -> set[str]:
        """Of files that would share shards, those that need nothing but each other and what has
        passed."""
        ready = {file for file in files if file not in self._rounds.blocked}
        left = ready
        while left:
            left = {file for file in ready if not self._may_run(file, ready)}
            ready -= left
        return ready

    def _may_run(self, file: str, ready: set[str]) -> bool:
        if not all(self._missing[rule] <= ready for rule in self._of(file)):
            return False
        rounds = self._rounds
        return all(
            other in ready or other in rounds.blocked or other in rounds.passed
            for other in self._companions.get(file, ())
        )

    def _of(self, file: str) -> Sequence[int]:
        return self._rules_of.get(file, ())

    @cached_property
    def _rules_of(self) -> Mapping[str, list[int]]:
        """By file the rules that hold it back."""
        found: defaultdict[str, list[int]] = defaultdict(list)
        for number, rule in enumerate(self._rounds.dependencies):
            for unit in rule.units:
                found[unit].append(number)
        return found

    @cached_property
    def _missing(self) -> list[set[str]]:
        """By rule the providers that have not passed yet."""
        passed = self._rounds.passed
        return [set(rule.providers) - passed for rule in self._rounds.dependencies]

    @cached_property
    def _companions(self) -> Mapping[str, tuple[str, ...]]:
        groups = self._rounds.plans[0].together
        return {unit: group for group in groups for unit in group}
