"""From failing tests to a proved patch: baseline, localisation, search and vote for each fault."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from testfleet.contracts.change import FileChange
from testfleet.contracts.repair import FixReport, FixStatus, Suggestion, SuspiciousLine
from testfleet.errors import UsageError
from testfleet.repair.baseline import Baseline, find_baseline, sort_out_flaky
from testfleet.repair.consensus.behaviour import Scene
from testfleet.repair.consensus.decide import decide
from testfleet.repair.consensus.vote import THRESHOLD, Group
from testfleet.repair.engine import Engine, FailingTest, Fault
from testfleet.repair.localise.rank import Evidence, rank_lines
from testfleet.repair.project import Project
from testfleet.repair.report import SUGGESTIONS, Ledger, Outcome, diff_of
from testfleet.repair.scope import editable_sources, why_not_editable
from testfleet.repair.search import Budget, Found, Repair, Search
from testfleet.repair.sources import read_source
from testfleet.repair.validate.copy import working_copy
from testfleet.repair.validate.server import ForkServer
from testfleet.repair.validate.trials import Trials

BASELINE_SHARE = 0.5
"""Of the budget, at most, for the suite as it is."""
MOST_TESTS = 60
"""Failing tests that a repair is searched for at once; the others are part of the whole suite."""
LEAST_S = 1.0
"""A search with less time than that is not begun."""


@dataclass(frozen=True)
class FixJob:
    """What is to be repaired, and what that may cost."""

    project: Project
    engines: Sequence[Engine]
    tests: Sequence[str] = ()
    """Ids of failing tests; empty for all that fail."""
    budget_s: float = 300.0
    max_candidates: int = 100_000
    changes: Sequence[FileChange] = ()
    """Of the commit under test, where git knows them."""
    progress: Callable[[str], None] = field(default=lambda _text: None)
    """Is told what goes on."""


@dataclass(frozen=True)
class FixResult:
    """The report, and what the patch makes of the files: (old, new) content by path."""

    report: FixReport
    files: Mapping[str, tuple[bytes, bytes]]


def fix(job: FixJob) -> FixResult:
    """Search for a repair. Never touches the project's tree. Raises UsageError, FleetError."""
    began = time.monotonic()
    with working_copy(job.project) as copy, ForkServer(job.project, copy) as server:
        job.progress("running the tests as they are")
        baseline = find_baseline(server, job.project, job.budget_s * BASELINE_SHARE)
        targets = _targets(job, baseline)
        sort_out_flaky(server, baseline, targets)
        run = _Run(job, server, baseline, began + job.budget_s)
        if not targets:
            return FixResult(_nothing(baseline, time.monotonic() - began), {})
        run.repair_all([test for test in targets if test not in baseline.flaky])
    return FixResult(run.ledger.report(time.monotonic() - began), run.changed_files())


def _targets(job: FixJob, baseline: Baseline) -> list[str]:
    if baseline.stopped and not baseline.tests and not baseline.broken:
        raise UsageError(
            f"pytest ends before it runs a test: {baseline.stopped.strip()}",
            hint="mend what `python -m pytest` says, then run the command again",
        )
    if not job.tests:
        return baseline.failing
    known = {*baseline.tests, *baseline.broken}
    chosen = []
    for wanted in job.tests:
        found = [test for test in known if test == wanted or _is_below(test, wanted)]
        if not found and wanted.partition("::")[0] in baseline.broken:
            found = [wanted.partition("::")[0]]
        if not found:
            raise UsageError(
                f"no test {wanted!r} among the {len(known)} tests of {job.project.root}",
                hint="ids are as pytest prints them, e.g. tests/test_a.py::test_b[1-2]",
            )
        chosen += found
    failing = set(chosen)
    return [test for test in baseline.failing if test in failing]


def _is_below(test: str, wanted: str) -> bool:
    return test.startswith((f"{wanted}::", f"{wanted}["))


def _nothing(baseline: Baseline, time_s: float) -> FixReport:
    count = len(baseline.passing)
    if not baseline.tests:
        return FixReport(
            status=FixStatus.NOTHING_FAILED, reason="no tests were found", time_s=round(time_s, 3)
        )
    return FixReport(
        status=FixStatus.NOTHING_FAILED,
        reason=f"none of the tests fails; {count} pass",
        time_s=round(time_s, 3),
    )


class _Run:
    """One command: repairs one fault after the other, each on top of those before."""

    def __init__(
        self, job: FixJob, server: ForkServer, baseline: Baseline, deadline: float
    ) -> None:
        self.job = job
        self._server = server
        self._baseline = baseline
        self._deadline = deadline
        paths = [path for path in job.project.files if path.endswith(".py")]
        self._test_files = baseline.test_files(paths)
        self._originals = editable_sources(job.project, baseline, self._test_files)
        self._sources = dict(self._originals)
        self._base: dict[str, bytes] = {}
        self.ledger = Ledger(self._originals)
        for test in baseline.flaky:
            self.ledger.notes.append(
                f"{test} is flaky: it failed and then passed without a change, so no repair can be"
                " proved by it; see `testfleet flaky`"
            )

    def changed_files(self) -> dict[str, tuple[bytes, bytes]]:
        """Old and new content of what the chosen patches change."""
        return {
            path: (self._originals[path].encode(self._originals[path].text), content)
            for path, content in self._base.items()
        }

    def repair_all(self, tests: Sequence[str]) -> None:
        """Until all is repaired, or nothing more is found."""
        left = list(tests)
        while left:
            outcome = self._repair(left[:MOST_TESTS])
            self.ledger.outcomes.append(outcome)
            done = set(outcome.tests)
            if not outcome.fixed or outcome.group is None:
                outcome.tests = left
                return
            self._settle(outcome.group.best.repair)
            left = [test for test in left if test not in done]
            left = self._still_failing(left)

    def _settle(self, repair: Repair) -> None:
        for path, text in repair.texts.items():
            source = self._sources[path]
            self._base[path] = repair.files[path]
            self._sources[path] = type(source)(text, source.encoding)
            self.ledger.texts[path] = text

    def _still_failing(self, tests: list[str]) -> list[str]:
        if not tests:
            return []
        trials = self._trials(tests[:MOST_TESTS])
        passed = trials.run({}, patient=True).passed
        return [test for test in tests if test not in passed]

    def _repair(self, tests: Sequence[str]) -> Outcome:
        fault, lines = self._fault(tests)
        reason = why_not_editable(self.job.project, self._baseline, tests, lines)
        if reason:
            return Outcome(tests, reason=reason, lines=lines)
        budget = Budget(self._deadline, self.job.max_candidates - self.ledger.tally.tried)
        if budget.left_s() < LEAST_S or budget.candidates <= 0:
            reason = "the budget was used up before a search began; give more with --budget"
            return Outcome(tests, reason=reason, lines=lines)
        trials = self._trials(tests)
        search = Search(trials, self._sources, self._reach, self._watch)
        found = search.run(self.job.engines, fault, budget)
        self.ledger.tally.add(found)
        return self._judge(tests, found, lines)

    def _judge(
        self,
        tests: Sequence[str],
        found: Found,
        lines: Sequence[SuspiciousLine],
    ) -> Outcome:
        repairs, covered = found.repairs, tests
        if not repairs and found.partial:
            repairs, covered = _of_one_fault(found)
        if not repairs:
            return Outcome(tests, reason=self._why(found), lines=lines)
        self.job.progress(f"comparing {len(repairs)} patches")
        scene = Scene(self._server, self._baseline, self._sources, self._test_files, self._base)
        groups = decide(scene, repairs, covered, self._test_texts(covered))
        best = groups[0]
        if best.share >= THRESHOLD and not best.best.grave:
            return Outcome(covered, best, fixed=True, lines=lines)
        reason = _unsure(groups)
        return Outcome(covered, best, False, reason, self._suggest(groups), lines)  # noqa: FBT003

    def _test_texts(self, tests: Sequence[str]) -> list[str]:
        root = self.job.project.root
        contents = (root / path for path in {self._baseline.file_of(test) for test in tests})
        read = [read_source(path.read_bytes()) for path in contents if path.is_file()]
        return [source.text for source in read if source is not None]

    def _suggest(self, groups: Sequence[Group]) -> tuple[Suggestion, ...]:
        return tuple(
            Suggestion(
                patch=diff_of(self._sources, group.best.repair.texts),
                engine=group.best.repair.candidate.engine,
                template=group.best.repair.candidate.template,
                share=min(1.0, group.share),
                concerns=group.best.concerns,
            )
            for group in groups[:SUGGESTIONS]
        )

    def _why(self, found: Found) -> str:
        if found.breaking:
            repair, lost = found.breaking[0]
            return (
                f"{len(found.breaking)} patches turn the failing tests green but break others, e.g."
                f" {repair.candidate.template} at {repair.candidate.path}:{repair.candidate.line}"
                f" breaks {lost[0]}"
            )
        if not found.tried:
            return "no engine has a candidate for these lines; name others with --engine"
        over = time.monotonic() >= self._deadline - 0.5
        spent = "the time was used up" if over else "all candidates were tried"
        return (
            f"none of {found.tried} candidates turns the failing tests green, and {spent};"
            " the localisation shows where to look, or give more time with --budget"
        )

    def _watch(self, found: Found) -> None:
        self.job.progress(
            f"tried {found.tried} candidates, {len(found.repairs)} repair the failing tests"
        )

    def _trials(self, tests: Sequence[str]) -> Trials:
        return Trials(self._server, self._baseline, tests, self.job.project.memory_mb, self._base)

    def _reach(self, paths: Sequence[str]) -> list[str]:
        tests = self._baseline.tests
        return [test for test in self._baseline.passing if set(paths) & set(tests[test].lines)]

    def _fault(self, tests: Sequence[str]) -> tuple[Fault, list[SuspiciousLine]]:
        runs = [self._baseline.run_of(test) for test in tests]
        evidence = Evidence(
            failing=runs,
            passing=[self._baseline.tests[test] for test in self._baseline.passing],
            imported=self._baseline.imported,
            sources={path: source.text for path, source in self._sources.items()},
            changes=self.job.changes,
        )
        lines = rank_lines(evidence)
        failing = [
            FailingTest(
                id=run.id,
                file=self._baseline.file_of(run.id),
                exception="Timeout" if run.outcome == "timeout" else run.exception,
                message=run.message,
                longrepr=run.longrepr,
                frames=run.frames or run.chain,
            )
            for run in runs
        ]
        texts = {path: source.text for path, source in self._sources.items()}
        return Fault(failing, lines, texts, self._test_files), lines


def _of_one_fault(found: Found) -> tuple[list[Repair], Sequence[str]]:
    """Patches of one of several faults: those that turn most of the tests green."""
    most = max(len(repair.passed) for repair in found.partial)
    chosen = min((each.passed for each in found.partial if len(each.passed) == most), key=sorted)
    return [repair for repair in found.partial if repair.passed == chosen], sorted(chosen)


def _unsure(groups: Sequence[Group]) -> str:
    best = groups[0]
    if best.best.grave:
        return f"the best patch looks wrong: {'; '.join(best.best.concerns)}"
    return (
        f"{len(groups)} patches that behave differently turn the tests green, and the best of them"
        f" has {best.share:.0%} of the vote ({THRESHOLD:.0%} is asked for): add a test that tells"
        " them apart, or choose one"
    )
