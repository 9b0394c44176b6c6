"""One command's repair of failing tests: localise, search, vote, prove, one fault after another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.repair import SuspiciousLine
from testfleet.repair.javascript.behaviour import behaviours
from testfleet.repair.javascript.localise import (
    Evidence,
    Lines,
    executed_lines,
    hints,
    suspicious,
)
from testfleet.repair.javascript.process import NodeError
from testfleet.repair.javascript.proof import objection
from testfleet.repair.javascript.runner import Runner, TestResult
from testfleet.repair.javascript.search import Aim, Budget, Found, Search
from testfleet.repair.javascript.vote import Group, Plausible, vote, without_first
from testfleet.repair.javascript.writer import Writer
from testfleet.repair.typescript.bench import Bench
from testfleet.repair.typescript.model import Edit
from testfleet.repair.typescript.options import Options
from testfleet.repair.typescript.texts import Texts

MOST_LINES: Final = 90
"""Suspicious lines that candidates are made for."""
LEAST_SCORE: Final = 0.1
ROUNDS: Final = 4
"""Faults that are repaired one after the other."""
COUNTED_S: Final = 20.0
"""A suite that takes longer is counted in the failing files alone."""
SLOWER: Final = 5.0
"""How much longer a run may take with counters."""
REPORT: Final = "executed.jsonl"
MOST_PROOFS: Final = 3
ENDLESS_MS: Final = 3000
"""Processor time of a loop that is taken to have no end."""


@dataclass
class Outcome:
    """What came of it, for the report."""

    tests: Sequence[str] = ()
    reason: str = ""
    groups: Sequence[Group] = ()
    """Of the fault that was looked at last."""
    chosen: list[Group] = field(default_factory=list)
    lines: Sequence[SuspiciousLine] = ()
    notes: list[str] = field(default_factory=list)
    left: Sequence[str] = ()
    """Tests that still fail."""
    plausible: int = 0

    @property
    def batches(self) -> list[tuple[Edit, ...]]:
        """Edits of what was chosen."""
        return [one.best.draft.proposal.edits for one in self.chosen]


@dataclass
class Repair:
    """Failing tests of a baseline, in a copy whose runner is loaded."""

    options: Options
    bench: Bench
    runner: Runner
    budget: Budget
    texts: Texts
    baseline: Mapping[str, TestResult]
    seconds: float
    """That the whole suite takes."""
    sources: Sequence[str]
    """Files that may be edited."""
    ends: Mapping[str, bytes] = field(default_factory=dict)
    """Their texts in which loops end, where the tests would not end otherwise."""
    outcome: Outcome = field(default_factory=Outcome)

    def run(self, failing: Sequence[str]) -> Outcome:
        """Search until nothing fails, or nothing more is found."""
        steady = self._without_flaky(failing)
        self.outcome.tests = tuple(sorted(failing))
        if not steady:
            self.outcome.reason = "; ".join(self.outcome.notes)
            return self.outcome
        if not self.sources:
            self.outcome.reason = "there is no source file that may be edited"
            return self.outcome
        root = self.bench.home.root
        with Writer(self.bench.home.node, root, self.bench.scratch) as writer:
            executed = self._count(writer, steady)
            self._repair_all(writer, steady, executed)
        return self.outcome

    def _without_flaky(self, tests: Sequence[str]) -> list[str]:
        files = sorted({self.baseline[test].path for test in tests})
        self.runner.put(self.ends)
        try:
            again = self.runner.run(files, 10 + 4 * self.seconds)
        except NodeError:
            return list(tests)
        finally:
            self.runner.put({})
        flaky = [test for test in tests if test in again and again[test].how == "passed"]
        self.outcome.notes += [
            f"{test} is flaky: it failed and then passed without a change, so it proves nothing"
            for test in flaky
        ]
        return [test for test in tests if test not in flaky]

    def _count(self, writer: Writer, failing: Sequence[str]) -> dict[str, Lines]:
        """Lines that each test executes; none where the tests cannot be asked."""
        self.options.progress("finding out who executes what")
        every = self.seconds < min(COUNTED_S, 1 + 0.1 * self.options.budget_s)
        tests = list(self.baseline) if every else failing
        files = sorted({self.baseline[test].path for test in tests})
        report = self.bench.scratch / REPORT
        counted = writer.counted(self.sources, ENDLESS_MS)
        hooked = writer.hooks(files, self.bench.home.runner, report)
        texts = {path: text for path, (text, _) in counted.items()}
        self.runner.put({path: text.encode() for path, text in {**texts, **hooked}.items()})
        try:
            results = self.runner.run(files, 20 + SLOWER * self.seconds)
        except NodeError:
            results = {}
        self.runner.put({})
        lines = {path: numbers for path, (_, numbers) in counted.items()}
        told = executed_lines(list(results.values()), report, lines)
        before = {test: one.how for test, one in self.baseline.items()}
        return {
            test: own
            for test, own in told.items()
            if test in results and before.get(test) == results[test].how
        }

    def _repair_all(
        self, writer: Writer, failing: Sequence[str], executed: Mapping[str, Lines]
    ) -> None:
        left = list(failing)
        while left and len(self.outcome.chosen) < ROUNDS:
            groups = self._one(writer, left, executed)
            self.outcome.groups = groups
            if not groups:
                break
            best = groups[0].best
            self.outcome.chosen.append(groups[0])
            left = [test for test in left if test not in best.passed]
            writer.keep(best.draft.proposal.edits)
        self.outcome.left = left

    def _one(
        self, writer: Writer, failing: Sequence[str], executed: Mapping[str, Lines]
    ) -> list[Group]:
        """Groups of patches for one fault, best first; none with the reason noted."""
        evidence = Evidence(
            [self.baseline[test] for test in failing],
            executed,
            self.bench.copy,
            frozenset(self.sources),
            self.options.changes,
        )
        lines = [one for one in suspicious(evidence) if one.score >= LEAST_SCORE][:MOST_LINES]
        self.outcome.lines = self.outcome.lines or lines
        if not lines:
            self.outcome.reason = (
                "none of the project's own code that may be edited runs in the failing tests"
            )
            return []
        by_file: dict[str, list[tuple[int, float]]] = {}
        for one in lines:
            by_file.setdefault(one.path, []).append((one.line, one.score))
        self.options.progress("making candidates")
        writer.load(sorted(by_file))
        for group in self.outcome.chosen:
            writer.keep(group.best.draft.proposal.edits)
        drafts = writer.drafts(by_file, hints(evidence))
        self.budget.generated += len(drafts)
        search = Search(
            self.runner,
            writer,
            self._aim(failing),
            self.budget,
            self.options.progress,
            self.texts.preview(self.outcome.batches),
        )
        found = search.run(drafts)
        plausible = found.whole or largest(found)
        self.outcome.plausible += len(plausible)
        if not plausible:
            self.outcome.reason = self._why_nothing(found, len(drafts))
            return []
        behaviour = behaviours(search, plausible, self.bench)
        return self._proved(vote(plausible, behaviour))

    def _aim(self, failing: Sequence[str]) -> Aim:
        files = {self.baseline[test].path for test in failing}
        share = sum(one.ms for one in self.baseline.values() if one.path in files)
        return Aim(self.baseline, frozenset(failing), min(self.seconds, 1 + share / 1000))

    def _proved(self, groups: list[Group]) -> list[Group]:
        """The groups from the first on that the whole suite has no objection to."""
        for _ in range(MOST_PROOFS):
            if not groups:
                break
            best = groups[0].best
            self.options.progress("running the whole suite with the best patch")
            files = self.texts.preview([*self.outcome.batches, best.draft.proposal.edits])
            must = [
                *best.passed,
                *(test for one in self.outcome.chosen for test in one.best.passed),
            ]
            against = objection(self.bench.home, self.options, files, self.baseline, must)
            if not against:
                return groups
            self.outcome.reason = f"the best patch was dropped: {against}"
            groups = without_first(groups)
        return []

    def _why_nothing(self, found: Found, generated: int) -> str:
        if found.crashes and not self.budget.tried:
            return "the test runner ends with every candidate"
        spent = (
            "the time was used up: give more with --budget"
            if self.budget.left_s <= 0
            else (
                "no more were to be tried" if self.budget.tried < generated else "there are no more"
            )
        )
        return (
            f"none of {self.budget.tried} candidates turns the failing tests green, and {spent};"
            " the localisation shows where to look"
        )


def largest(found: Found) -> list[Plausible]:
    """Patches of one of several faults: those that turn the most tests green."""
    if not found.part:
        return []
    most = max(len(one.passed) for one in found.part)
    chosen = min((one.passed for one in found.part if len(one.passed) == most), key=sorted)
    return [one for one in found.part if one.passed == chosen]
