"""What is looked at again once all rounds are over: each failed test, alone and as at home."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.plan import HOME_SHARD, PlannedUnit, Shard
from testfleet.contracts.report import TestReport
from testfleet.contracts.result import Outcome
from testfleet.planning.partition.balance import partition
from testfleet.planning.placement.place import Place
from testfleet.planning.prediction.predict import MIN_UNIT_S

PROCESS_START_S: Final = 0.5
"""Until a framework that is started for one test has begun it."""

_CERTAIN: Final = frozenset({"tsc", "eslint"})

_FAILED: Final = (Outcome.FAILED, Outcome.ERROR)

HOME_LIMIT: Final = 500
HOME_LIMIT_S: Final = 60.0
"""Seconds of tests. Beyond either limit some failures of each file stand for the others."""


@dataclass(frozen=True)
class Failures:
    """The tests of a run so far, and what was done about those that failed."""

    tests: Sequence[TestReport]
    earlier: Sequence[Shard]
    """Shards that have run failed tests again before."""
    place: Place
    cut_files: Collection[str]
    """Files that were cut into node groups."""
    has_parts: bool
    """Several shards ran; a single one has imported the whole suite already."""
    framework: str = "pytest"

    def shards(self) -> tuple[Shard, ...]:
        """Those that run again what has failed and was not run again yet. Their ids are `c-0000`
        and so on; the second time `c2-0000`. None for what always says the same of the same files.
        """
        if self.framework in _CERTAIN:
            return ()
        tried = {test for shard in self.earlier for test in shard.tests}
        tests = [each for each in self.tests if each.id not in tried or each.outcome not in _FAILED]
        shards = [*confirm_shards(tests, self.place)]
        # Only pytest imports all files before it runs any of them.
        has_home = self.has_parts and self.framework == "pytest"
        home = home_shard(tests, self.place, self.cut_files) if has_home else None
        if home is not None:
            shards.append(home)
        times = 1 + len({shard.id.partition("-")[0] for shard in self.earlier})
        prefix = "c" if times == 1 else f"c{times}"
        return tuple(
            shard.model_copy(update={"id": f"{prefix}-{shard.id.partition('-')[2]}"})
            for shard in shards
        )


def confirm_shards(tests: Sequence[TestReport], place: Place) -> tuple[Shard, ...]:
    """Shards that run each failed test alone, `confirm_attempts` times.

    None when more than `confirm_limit` tests failed: that has one reason, and it is not chance.
    """
    failed = [test for test in tests if test.outcome in _FAILED]
    if not failed or len(failed) > place.fleet.confirm_limit:
        return ()
    attempts = place.fleet.confirm_attempts
    count = min(len(failed), max(1, place.fleet.workers // attempts))
    # Each test starts a process of its own, which mostly costs more than the test.
    parts = partition([test.duration_s + PROCESS_START_S for test in failed], (1.0,) * count)
    groups = [[failed[at] for at in part] for part in parts] * attempts
    return tuple(_confirm_shard(at, group, place) for at, group in enumerate(groups))


def home_shard(
    tests: Sequence[TestReport], place: Place, cut_files: Collection[str] = ()
) -> Shard | None:
    """A shard that runs the failed tests once more, after all files of the suite were imported.

    At home pytest imports every test file before it runs any test, and a test may rest on what
    another file has imported; a file that could not be imported alone brings all of its tests. In a
    file that was cut into node groups a test may also rest on the tests before it, so these run,
    too. None when nothing failed.
    """
    failed = _sample([test for test in tests if test.outcome in _FAILED])
    if not failed:
        return None
    shard = _confirm_shard(0, _with_those_before(failed, tests, cut_files), place)
    return shard.model_copy(update={"id": f"c-{HOME_SHARD}", "units": (), "together": True})


def _sample(failed: Sequence[TestReport]) -> list[TestReport]:
    """All failures if they fit, else as many as do: files that could not be collected, then one
    test of each file after the other."""
    if len(failed) <= HOME_LIMIT and sum(test.duration_s for test in failed) <= HOME_LIMIT_S:
        return list(failed)
    turns: Counter[str] = Counter()
    ranked: list[tuple[int, int, TestReport]] = []
    for at, test in enumerate(failed):
        turns[test.file] += "::" in test.id
        ranked.append((turns[test.file], at, test))
    taken: list[int] = []
    seconds = 0.0
    for _, at, test in sorted(ranked, key=lambda each: each[:2]):
        fits = len(taken) < HOME_LIMIT and seconds + test.duration_s <= HOME_LIMIT_S
        if fits or not taken:
            taken.append(at)
            seconds += test.duration_s
    return [failed[at] for at in sorted(taken)]


def _with_those_before(
    failed: Sequence[TestReport], tests: Sequence[TestReport], cut_files: Collection[str]
) -> list[TestReport]:
    last = {test.file: test.id for test in failed if test.file in cut_files}
    chosen = {test.id: test for test in failed}
    for test in tests:
        if test.file in last:
            chosen.setdefault(test.id, test)
            if test.id == last[test.file]:
                del last[test.file]
    return list(chosen.values())


def _confirm_shard(number: int, tests: Sequence[TestReport], place: Place) -> Shard:
    seconds: dict[str, float] = {}
    for test in tests:
        seconds[test.file] = seconds.get(test.file, 0.0) + max(test.duration_s, MIN_UNIT_S)
    units = tuple(
        PlannedUnit(id=file, predicted_s=spent, known=True) for file, spent in seconds.items()
    )
    profile = place.able(seconds, place.usual)
    return Shard(
        id=f"c-{number:04}",
        profile=profile,
        compute=place.profiles[profile].compute,
        units=units,
        tests=tuple(test.id for test in tests),
    )
