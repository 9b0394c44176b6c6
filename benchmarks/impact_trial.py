"""One suite of the impact benchmark: what selects, and what then fails."""

from __future__ import annotations

import random
import shutil
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.impact_copy import TIMED_OUT, Copy
from benchmarks.mutants import Target, raising, returning_none, targets
from benchmarks.outcomes import Recorded
from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.coverage import SuiteCoverage, UnitTrace
from testfleet.contracts.plan import Unit
from testfleet.local.readers import local_readers
from testfleet.planning.discovery.discover import discover
from testfleet.planning.impact.recorded import coverage_of
from testfleet.planning.impact.selection import SelectionOptions, select_units

BAD = ("failed", "error")


@dataclass
class Score:
    """What one way of selecting did for one suite."""

    misses: list[str] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    unit_shares: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    broken: str = ""

    def cells(self) -> str:
        """Misses, share of units, share of seconds."""
        if self.broken or not self.shares:
            return f"{self.broken or 'no mutant':>27}"
        units, seconds = statistics.fmean(self.unit_shares), statistics.fmean(self.shares)
        return f"{len(self.misses):>9} {units:>8.0%} {seconds:>8.0%}"


class Experiment:
    """All mutants of one suite."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        tree = copy.tree()
        self.units: tuple[Unit, ...] = discover(tree, copy.chosen(), (), {}).units
        begin = time.perf_counter()
        self.before = copy.record() or Recorded({}, {}, TIMED_OUT)
        self.limit_s = 30 + 5 * (time.perf_counter() - begin)
        self.traces = {unit.id: copy.trace(unit.id) for unit in self.units}
        self.coverage = coverage_of(tree, self._believed())
        self.scores = {name: Score() for name in ("static", "coverage", "testmon")}
        self.failing = 0
        self.pairs = 0
        python = str(copy.suite.pytest.with_name("python"))
        self.readers = local_readers(copy.root, copy.root.parent / "home", python)
        self._start_testmon()

    def unfollowed(self) -> list[str]:
        """Files that a unit had loaded, a change of which would not select it."""
        loaded: defaultdict[str, list[str]] = defaultdict(list)
        for unit, trace in self.traces.items():
            for path in trace.get("entered", ()):
                loaded[path].append(unit)
        self.pairs = sum(len(units) for units in loaded.values())
        return [
            f"{unit} loads {path}"
            for path in sorted(loaded)
            for unit in sorted(set(loaded[path]) - self._select(path, None))
        ]

    def mutants(self, seed: int) -> list[Target]:
        """Functions of the project that some unit enters, in a random order."""
        entered: dict[str, set[int]] = {}
        for trace in self.traces.values():
            for path, lines in trace.get("entered", {}).items():
                entered.setdefault(path, set()).update(lines)
        choice = [
            target
            for path in filter(_is_library, sorted(entered))
            for target in targets(path, (self.copy.root / path).read_bytes())
            if not entered[path].isdisjoint(range(target.first, target.last + 1))
        ]
        random.Random(seed).shuffle(choice)
        return choice

    def try_out(self, number: int, target: Target) -> bool:
        """Mutate, run everything, select in three ways, compare, mend. False: it hangs."""
        file = self.copy.root / target.path
        source = file.read_bytes()
        file.write_bytes((returning_none if number % 2 else raising)(source, target))
        try:
            after = self.copy.record(self.limit_s)
            if after is None:
                return False
            picked = dict(self._selections(target.path))
        finally:
            file.write_bytes(source)
        failed = sorted(self._newly_failed(after))
        self.failing += bool(failed)
        for name, units in picked.items():
            score = self.scores[name]
            missed = [test for test in failed if test.split("::")[0] not in units]
            score.misses += [f"{target.path}:{target.first} {target.name}: {one}" for one in missed]
            score.unit_shares.append(len(units) / len(self.units))
            score.shares.append(self._seconds(units) / self._seconds(self.before.seconds))
        return True

    def _newly_failed(self, after: Recorded) -> Iterator[str]:
        """Tests that fail, or are not reported at all, and were fine before."""
        for test, outcome in self.before.outcomes.items():
            if outcome not in BAD and after.outcomes.get(test, "error") in BAD:
                yield test
        yield from (
            test
            for test, outcome in after.outcomes.items()
            if outcome in BAD and test not in self.before.outcomes
        )

    def _selections(self, path: str) -> Iterator[tuple[str, set[str]]]:
        for name, coverage in (("static", None), ("coverage", self.coverage)):
            begin = time.perf_counter()
            found = self._select(path, coverage)
            self.scores[name].seconds.append(time.perf_counter() - begin)
            yield name, found
        if not self.scores["testmon"].broken:
            yield "testmon", self._ask_testmon()

    def _select(self, path: str, coverage: SuiteCoverage | None) -> set[str]:
        change = FileChange(path=path, status=FileStatus.MODIFIED)
        options = SelectionOptions(coverage=coverage, readers=self.readers)
        tree, chosen = self.copy.tree(), self.copy.chosen()
        return set(select_units(tree, chosen, self.units, [change], options).selected)

    def _start_testmon(self) -> None:
        code, log = self.copy.pytest("--testmon", testmon=self._testmon_data)
        if code not in (0, 1) or "INTERNALERROR" in log.read_text("utf-8", "replace"):
            self.scores["testmon"].broken = "internal error"

    @property
    def _testmon_data(self) -> Path:
        return self.copy.root.parent / "testmondata"

    def _ask_testmon(self) -> set[str]:
        """The files with a test that it would run."""
        data = self.copy.root.parent / "testmondata-now"
        shutil.copy(self._testmon_data, data)
        options = ("--testmon", "--testmon-nocollect", "--collect-only", "-q")
        code, log = self.copy.pytest(*options, testmon=data)
        if code not in (0, 5):
            return {unit.id for unit in self.units}  # It cannot collect, so all would run.
        lines = log.read_text("utf-8", "replace").splitlines()
        return {line.split("::")[0] for line in lines if "::" in line}

    def _believed(self) -> Iterator[UnitTrace]:
        """The traces that a run would keep: of units that passed, without a doubt."""
        for unit, trace in self.traces.items():
            if trace and not trace["doubt"] and trace["status"] == 0:
                yield UnitTrace(unit=unit, entered=trace["entered"], read=trace["read"])

    def _seconds(self, files: set[str] | Mapping[str, float]) -> float:
        return sum(self.before.seconds.get(file, 0.0) for file in files)


def _is_library(path: str) -> bool:
    *folders, name = path.split("/")
    apart = {"test", "tests", "testing", "doc", "docs", "examples"}
    return apart.isdisjoint(folders) and not name.startswith(("test_", "conftest"))
