"""Puts runs that other tools have kept into a suite's history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from testfleet.contracts.history import RECENT, HistoryDetails, UnitHistory, Verdict
from testfleet.planning.prediction.pace import pace_of
from testfleet.planning.prediction.past.files import FileIndex
from testfleet.planning.prediction.past.reading import whole_runs
from testfleet.planning.prediction.past.records import PastRun, Record
from testfleet.planning.prediction.remember import Ring, UnitRun, expect, remember, ring_of, usable
from testfleet.planning.prediction.single_tests import TestRun, by_scope, remember_tests

PROFILE: Final = "imported"
"""Profile of runs that were not ours: how fast their machine was shows when ours have run."""
MOST_DIGESTS: Final = 20_000
"""Imported runs that are known again. Of more, the oldest would count twice."""
_EXAMPLES: Final = 5
_WORST_FIRST: Final = (Verdict.FAILED, Verdict.FLAKY, Verdict.PASSED, Verdict.UNKNOWN)


@dataclass(frozen=True)
class Memory:
    """All that is kept of a suite."""

    units: Mapping[str, UnitHistory]
    details: HistoryDetails


@dataclass(frozen=True)
class Imported:
    """What became of an import."""

    memory: Memory
    runs: int
    """Put in now."""
    known: int
    """Left out, because they were imported before."""
    units: int
    """Files that the runs told of."""
    tests: int
    """Entries that belong to one of them."""
    unmapped: int
    """Entries that belong to no file of the tree."""
    examples: tuple[str, ...]
    """Names of a few of those."""
    without_duration: int
    """Entries whose duration was missing, negative or no number."""


def import_runs(memory: Memory, runs: Iterable[PastRun], files: FileIndex) -> Imported:
    """The history with these runs in it, each once however often it is imported.

    They count as older than what the fleet has measured itself. A file's seconds are the sum of
    its tests'; a test without a duration counts as the mean of the file's others, and a file
    without any keeps the seconds that it has. Zero is a duration.
    """
    given = {run.digest: run for run in runs}
    before = set(memory.details.imported)
    new = [run for digest, run in given.items() if digest not in before]
    has_own = any(PROFILE not in past.recent_profiles[-1:] for past in memory.units.values())
    found = _Mapper(files)
    whole = whole_runs(new)
    learned = _learn(Memory({}, HistoryDetails()) if has_own else memory, whole, found)
    units, tests = learned.units, learned.details.tests
    if has_own:
        units, tests = _older(units, memory.units), {**tests, **memory.details.tests}
    digests = (*memory.details.imported, *(run.digest for run in new))[-MOST_DIGESTS:]
    return Imported(
        memory=Memory(units, HistoryDetails(tests=tests, imported=digests)),
        runs=len(whole),
        known=len(given) - len(new),
        units=len(found.files),
        tests=found.mapped,
        unmapped=found.unmapped,
        examples=tuple(found.examples),
        without_duration=found.without_duration,
    )


def _learn(memory: Memory, runs: Iterable[PastRun], mapper: _Mapper) -> Memory:
    units, tests = memory.units, memory.details.tests
    for run in runs:
        by_file = mapper.map(run.records)
        told = [_unit_run(file, there) for file, there in by_file.items()]
        units = remember(units, told, run.at)
        single = [_test_run(one) for there in by_file.values() for one in there]
        tests = remember_tests(tests, single, run.at, complete=False)
    return Memory(units, HistoryDetails(tests=tests))


@dataclass(frozen=True, slots=True)
class _Test:
    id: str
    record: Record


class _Mapper:
    """Gives tests to files, and counts."""

    def __init__(self, files: FileIndex) -> None:
        self._index = files
        self.files: set[str] = set()
        self.mapped = self.unmapped = self.without_duration = 0
        self.examples: list[str] = []

    def map(self, records: Iterable[Record]) -> dict[str, list[_Test]]:
        """The tests of each file."""
        by_file: defaultdict[str, list[_Test]] = defaultdict(list)
        for record in records:
            place = self._index.place(record)
            if place is None:
                self.unmapped += 1
                if len(self.examples) < _EXAMPLES:
                    self.examples.append(f"{record.name} {record.case}".strip()[:200])
                continue
            self.mapped += 1
            self.without_duration += record.duration_s is None
            by_file[place.file].append(_Test(place.id, record))
        self.files.update(by_file)
        return by_file


def _unit_run(file: str, tests: Sequence[_Test]) -> UnitRun:
    known = [one.record.duration_s for one in tests if one.record.duration_s is not None]
    mean_s = fmean(known) if known else 0.0
    seconds = [(one.id, mean_s if (s := one.record.duration_s) is None else s) for one in tests]
    return UnitRun(
        id=file,
        duration_s=sum(s for _, s in seconds) if known else None,
        tests=len(tests),
        verdict=min((one.record.verdict for one in tests), key=_WORST_FIRST.index),
        profile=PROFILE,
        scopes=tuple(by_scope(seconds).items()),
    )


def _test_run(test: _Test) -> TestRun:
    return TestRun(test.id, test.record.duration_s, test.record.verdict)


def _older(
    imported: Mapping[str, UnitHistory], own: Mapping[str, UnitHistory]
) -> dict[str, UnitHistory]:
    """The fleet's own history with imported runs before it, at the pace that both show together."""
    pace = pace_of(
        [
            (past.duration_s / past.pace, own[unit].duration_s / own[unit].pace)
            for unit, past in imported.items()
            if unit in own and usable(own[unit])
        ],
        None,
    )
    after = dict(own)
    for unit, past in imported.items():
        paced = past.model_copy(
            update={"recent_paces": tuple(each * pace for each in past.recent_paces)}
        )
        mine = own.get(unit)
        after[unit] = (
            _joined(paced, mine) if mine and usable(mine) else expect(past, ring_of(paced))
        )
    return after


def _joined(older: UnitHistory, newer: UnitHistory) -> UnitHistory:
    first, then = ring_of(older), ring_of(newer)
    counted = newer.model_copy(
        update={
            "runs": older.runs + newer.runs,
            "failed": older.failed + newer.failed,
            "flaky": older.flaky + newer.flaky,
            "recent": (older.recent + newer.recent)[-RECENT:],
            "last_failed": newer.last_failed or older.last_failed,
        }
    )
    ring = Ring(
        (*first.seconds, *then.seconds)[-RECENT:],
        (*first.paces, *then.paces)[-RECENT:],
        (*first.profiles, *then.profiles)[-RECENT:],
    )
    return expect(counted, ring)
