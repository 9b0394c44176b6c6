"""One suite of the impact benchmark: a copy to break, what selects, and what then fails."""

from __future__ import annotations

import os
import random
import shutil
import statistics
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from coverage import CoverageData

from benchmarks.measure import run_timed
from benchmarks.mutants import Target, raising, returning_none, targets
from benchmarks.outcomes import Recorded, read_reportlog
from benchmarks.suites import Suite
from testfleet.contracts.change import FileChange, FileStatus
from testfleet.contracts.coverage import FileCoverage, UnitCoverage
from testfleet.contracts.plan import Unit
from testfleet.contracts.run import Mode
from testfleet.planning.blocks import cut_blocks
from testfleet.planning.discovery import discover
from testfleet.planning.project import ResolvedSuite, load_project, resolve_suite
from testfleet.planning.selection import SelectionOptions, select_units
from testfleet.planning.source_tree import DirectoryTree
from testfleet.scm.working_tree import list_files

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


@dataclass
class Copy:
    """A suite in a folder of its own, free to be broken."""

    suite: Suite
    root: Path
    tools: Path

    @cached_property
    def source(self) -> str:
        """Where the project's packages are, as the editable install has it."""
        return "src" if (self.root / "src").is_dir() else "."

    def pytest(self, *args: str | Path, testmon: Path | None = None) -> tuple[int, Path]:
        """Run pytest; its exit code and what it printed."""
        return self._run([self.suite.pytest, *args], testmon)

    def record(self) -> Recorded:
        """Outcomes and seconds of the whole suite. All errors when pytest does not start."""
        log = self.root.parent / "report.jsonl"
        log.unlink(missing_ok=True)
        self.pytest(f"--report-log={log}")
        return read_reportlog(log) if log.exists() else Recorded({}, {}, -1)

    def tree(self) -> DirectoryTree:
        """The copy as planning sees it."""
        return DirectoryTree(self.root, list_files(self.root))

    def chosen(self) -> ResolvedSuite:
        """Its usual suite."""
        return resolve_suite(load_project(self.tree()), None, Mode.FULL)

    def lines(self, unit: str) -> Mapping[str, set[int]]:
        """Lines that a unit runs, alone in its process, by path."""
        data = self.root.parent / "coverage"
        data.unlink(missing_ok=True)
        self._run(
            [
                *(self.suite.pytest.with_name("python"), "-m", "coverage", "run"),
                *(f"--data-file={data}", f"--include={self.root}/*", self.suite.pytest, unit),
            ],
            None,
        )
        if not data.exists():
            return {}
        read = CoverageData(str(data))
        read.read()
        return {
            Path(file).relative_to(self.root).as_posix(): set(read.lines(file) or ())
            for file in read.measured_files()
            if Path(file).is_file()
        }

    def _run(self, command: list[str | Path], testmon: Path | None) -> tuple[int, Path]:
        log = self.root.parent / "output.txt"
        cache = self.root.parent / "xdg"
        shutil.rmtree(cache, ignore_errors=True)
        env = {
            "PYTHONPATH": os.pathsep.join([str(self.root / self.source), str(self.tools)]),
            "PYTHONDONTWRITEBYTECODE": "1",
            # parso keeps parsed grammars there, of a mutant too.
            "XDG_CACHE_HOME": str(cache),
        }
        if testmon is not None:
            env["TESTMON_DATAFILE"] = str(testmon)
        return run_timed(command, self.root, log, env).code, log


class Experiment:
    """All mutants of one suite."""

    def __init__(self, copy: Copy) -> None:
        self.copy = copy
        tree = copy.tree()
        self.units: tuple[Unit, ...] = discover(tree, copy.chosen(), (), {}).units
        self.before = copy.record()
        self.lines = {unit.id: copy.lines(unit.id) for unit in self.units}
        self.coverage = {unit: UnitCoverage(files=dict(self._files(unit))) for unit in self.lines}
        self.scores = {name: Score() for name in ("static", "coverage", "testmon")}
        self.failing = 0
        self._start_testmon()

    def mutants(self, count: int, seed: int) -> list[Target]:
        """Functions of the project that some unit enters."""
        entered: dict[str, set[int]] = {}
        for files in self.lines.values():
            for path, lines in files.items():
                entered.setdefault(path, set()).update(lines)
        choice = [
            target
            for path in filter(_is_library, sorted(entered))
            for target in targets(path, (self.copy.root / path).read_bytes())
            if not entered[path].isdisjoint(range(target.first, target.last + 1))
        ]
        return random.Random(seed).sample(choice, min(count, len(choice)))

    def try_out(self, number: int, target: Target) -> None:
        """Mutate, select in three ways, run everything, compare, mend."""
        file = self.copy.root / target.path
        source = file.read_bytes()
        file.write_bytes((returning_none if number % 2 else raising)(source, target))
        try:
            picked = dict(self._selections(target.path))
            after = self.copy.record()
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
        change = FileChange(path=path, status=FileStatus.MODIFIED)
        for name, coverage in (("static", {}), ("coverage", self.coverage)):
            begin = time.perf_counter()
            options = SelectionOptions(coverage=coverage)
            tree, chosen = self.copy.tree(), self.copy.chosen()
            found = select_units(tree, chosen, self.units, [change], options)
            self.scores[name].seconds.append(time.perf_counter() - begin)
            yield name, set(found.selected)
        if not self.scores["testmon"].broken:
            yield "testmon", self._ask_testmon()

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

    def _files(self, unit: str) -> Iterator[tuple[str, FileCoverage]]:
        for path, lines in self.lines[unit].items():
            blocks = cut_blocks((self.copy.root / path).read_bytes())
            if blocks is not None:
                yield path, blocks.covered(lines)

    def _seconds(self, files: set[str] | Mapping[str, float]) -> float:
        return sum(self.before.seconds.get(file, 0.0) for file in files)


def _is_library(path: str) -> bool:
    *folders, name = path.split("/")
    apart = {"test", "tests", "testing", "doc", "docs", "examples"}
    return apart.isdisjoint(folders) and not name.startswith(("test_", "conftest"))
