"""The repair of one fault: where it may be, what mends its tests, and which patch wins the vote."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.contracts.repair import Suggestion, SuspiciousLine
from testfleet.repair.baseline import Baseline
from testfleet.repair.consensus.behaviour import Scene
from testfleet.repair.consensus.decide import decide
from testfleet.repair.consensus.vote import THRESHOLD, Group
from testfleet.repair.engine import FailingTest, Fault
from testfleet.repair.job import FixJob
from testfleet.repair.localise.rank import Evidence, rank_lines
from testfleet.repair.reach import Reach
from testfleet.repair.report import SUGGESTIONS, Outcome, Tally, diff_of
from testfleet.repair.scope import why_not_editable
from testfleet.repair.search import Budget, Found, Repair, Search
from testfleet.repair.sources import Source, read_source
from testfleet.repair.validate.crew import Crew
from testfleet.repair.validate.trials import Trials

MOST_TESTS: Final = 60
"""Failing tests that a repair is searched for at once; the others are part of the whole suite."""
MOST_PROOFS: Final = 6
"""Runs of a long suite, each for the best patch that is left."""
VOTE_S: Final = 8.0
VOTE_SHARE: Final = 0.12
"""So much is kept of the budget for the vote, but no more seconds than that."""
LEAST_S: Final = 1.0
"""A search with less time than that is not begun."""


@dataclass
class Workshop:
    """All that repairs of one command share."""

    job: FixJob
    crew: Crew
    baseline: Baseline
    deadline: float
    test_files: frozenset[str]
    sources: dict[str, Source]
    """As they are with the repairs in place that were found so far."""
    base: dict[str, bytes] = field(default_factory=dict)
    """Content of the files that these have changed."""

    def trials(self, tests: Sequence[str]) -> Trials:
        """For some failing tests."""
        memory_mb = self.job.project.memory_mb
        return Trials(self.crew, self.baseline, tests, memory_mb, self.base)


class OneFault:
    """Failing tests that are taken to have one cause, until the search shows otherwise."""

    def __init__(self, shop: Workshop, tests: Sequence[str], tally: Tally) -> None:
        self._shop = shop
        self._tests = tests
        self._tally = tally
        self._trials = shop.trials(tests)
        self._reach = Reach(shop.baseline, shop.sources)
        self._lines = self._localise()
        kept_s = min(VOTE_S, shop.job.budget_s * VOTE_SHARE)
        self._search_until = shop.deadline - kept_s

    def repair(self) -> Outcome:
        """How it went, with the patch or the reason."""
        reason = why_not_editable(
            self._shop.job.project, self._shop.baseline, self._tests, self._lines
        )
        left = self._shop.job.max_candidates - self._tally.tried
        budget = Budget(self._search_until, left)
        if not reason and (budget.left_s() < LEAST_S or left <= 0):
            reason = "the budget was used up before a search began; give more with --budget"
        if reason:
            return Outcome(self._tests, reason=reason, lines=self._lines)
        search = Search(self._trials, self._shop.sources, self._reach, self._watch)
        found = search.run(self._shop.job.engines, self._fault(), budget)
        self._tally.add(found)
        if self._shop.job.hand_over is not None:
            self._shop.job.hand_over(found)
            reason = why_nothing(found, self._spent(found))
            return Outcome(self._tests, reason=reason, lines=self._lines)
        return self._judge(found)

    def _judge(self, found: Found) -> Outcome:
        repairs, covered = found.repairs, self._tests
        if not repairs and found.partial:
            repairs, covered = _of_one_fault(found)
        groups = self._proved(self._vote(repairs, covered), found) if repairs else []
        if not groups:
            reason = "; ".join([why_nothing(found, self._spent(found)), *found.notes])
            return Outcome(self._tests, reason=reason, lines=self._lines)
        best = groups[0]
        if best.share >= THRESHOLD and not best.best.grave:
            return Outcome(covered, best, fixed=True, lines=self._lines)
        return Outcome(
            covered,
            best,
            reason=why_unsure(groups),
            suggestions=self._suggest(groups),
            lines=self._lines,
        )

    def _spent(self, found: Found) -> str:
        if time.monotonic() >= self._search_until - 1:
            return "the time was used up: give more with --budget"
        if found.tried + self._tally.tried >= self._shop.job.max_candidates:
            return "no more were to be tried: allow more with --max-candidates"
        return "there are no more"

    def _vote(self, repairs: Sequence[Repair], tests: Sequence[str]) -> list[Group]:
        shop = self._shop
        shop.job.progress(f"comparing {len(repairs)} patches")
        scene = Scene(
            server=shop.crew.first,
            baseline=shop.baseline,
            sources=shop.sources,
            test_files=shop.test_files,
            base=shop.base,
            reach=self._reach,
        )
        return decide(scene, repairs, tests, self._test_texts(tests))

    def _proved(self, groups: list[Group], found: Found) -> list[Group]:
        """The groups, without those whose best patch breaks a test somewhere in a long suite."""
        groups = self._lasting(groups)
        if not self._trials.is_long:
            return groups
        for _ in range(MOST_PROOFS):
            if not groups:
                break
            self._shop.job.progress("running the whole suite with the best patch")
            repair = groups[0].best.repair
            lost = self._trials.lost_of_all(repair.files)
            if not lost:
                return groups
            found.breaking.append((repair, lost))
            groups = _without_first(groups)
        return []

    def _lasting(self, groups: list[Group]) -> list[Group]:
        """The groups from the first on whose best patch holds in a copy that is as it was at first:
        what candidates before it had written into files may have helped it."""
        while groups:
            repair = groups[0].best.repair
            again = self._trials.run(repair.files, patient=True, thorough=True)
            if repair.passed <= again.passed:
                return groups
            groups = _without_first(groups)
        return []

    def _suggest(self, groups: Sequence[Group]) -> tuple[Suggestion, ...]:
        return tuple(
            Suggestion(
                patch=diff_of(self._shop.sources, group.best.repair.texts),
                engine=group.best.repair.candidate.engine,
                template=group.best.repair.candidate.template,
                share=min(1.0, group.share),
                concerns=group.best.concerns,
            )
            for group in groups[:SUGGESTIONS]
        )

    def _test_texts(self, tests: Sequence[str]) -> list[str]:
        root = self._shop.job.project.root
        files = {root / self._shop.baseline.file_of(test) for test in tests}
        read = [read_source(file.read_bytes()) for file in sorted(files) if file.is_file()]
        return [source.text for source in read if source is not None]

    def _watch(self, found: Found) -> None:
        self._shop.job.progress(
            f"tried {found.tried} candidates, {len(found.repairs)} repair the failing tests"
        )

    def _localise(self) -> list[SuspiciousLine]:
        baseline = self._shop.baseline
        return rank_lines(
            Evidence(
                failing=[baseline.run_of(test) for test in self._tests],
                passing=[baseline.tests[test] for test in baseline.passing],
                imported=baseline.imported,
                sources=self._texts(),
                changes=self._shop.job.changes,
            )
        )

    def _texts(self) -> dict[str, str]:
        return {path: source.text for path, source in self._shop.sources.items()}

    def _fault(self) -> Fault:
        baseline = self._shop.baseline
        failing = [
            FailingTest(
                id=run.id,
                file=baseline.file_of(run.id),
                exception="Timeout" if run.outcome == "timeout" else run.exception,
                message=run.message,
                longrepr=run.longrepr,
                frames=run.frames or run.chain,
            )
            for run in map(baseline.run_of, self._tests)
        ]
        return Fault(failing, self._lines, self._texts(), self._shop.test_files)


def _of_one_fault(found: Found) -> tuple[list[Repair], Sequence[str]]:
    """Patches of one of several faults: those that turn most of the tests green."""
    most = max(len(repair.passed) for repair in found.partial)
    chosen = min((each.passed for each in found.partial if len(each.passed) == most), key=sorted)
    return [repair for repair in found.partial if repair.passed == chosen], sorted(chosen)


def _without_first(groups: list[Group]) -> list[Group]:
    """The groups without the best patch of the first, which was refuted, and so its behaviour."""
    rest = groups[1:]
    total = sum(group.share for group in rest) or 1.0
    return [Group(group.members, group.share / total) for group in rest]


def why_nothing(found: Found, spent: str) -> str:
    """Why a search came to nothing, and what to do next."""
    if found.breaking:
        repair, lost = found.breaking[0]
        return (
            f"{len(found.breaking)} patches turn the failing tests green but break others, e.g."
            f" {repair.candidate.template} at {repair.candidate.path}:{repair.candidate.line}"
            f" breaks {lost[0]}"
        )
    if not found.tried:
        return "no engine has a candidate for these lines; name others with --engine"
    return (
        f"none of {found.tried} candidates turns the failing tests green, and {spent}; the"
        " localisation shows where to look"
    )


def why_unsure(groups: Sequence[Group]) -> str:
    """Why a patch is only suggested, and what to do next."""
    best = groups[0]
    if best.best.grave:
        return f"the best patch looks wrong: {'; '.join(best.best.concerns)}"
    return (
        f"{len(groups)} patches that behave differently turn the tests green, and the best of them"
        f" has {best.share:.0%} of the vote ({THRESHOLD:.0%} is asked for): add a test that tells"
        " them apart, or choose one"
    )
