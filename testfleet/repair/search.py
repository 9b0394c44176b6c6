"""The search: candidates of all engines, the best first, until time or candidates are used up.

After the first candidate that turns the failing tests green and breaks nothing, the search goes on
for a while: others that do so as well tell how much the tests prove. Where no single change does,
changes that bring the tests further are built upon: a second edit, guided by partial improvement.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final

from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import Engine, Fault
from testfleet.repair.engines import best_first
from testfleet.repair.rank.model import load as load_ranker
from testfleet.repair.rank.order import order
from testfleet.repair.reach import Reach
from testfleet.repair.sources import Source, apply_edits, paths_of
from testfleet.repair.validate.trials import Trial, Trials

AFTERMATH: Final = (140, 400)
"""Candidates tried after the first repair, to find others: at least and at most so many..."""
AFTERMATH_TIMES: Final = 4
"""...as many times as many as before it: what comes late is likelier to fit by chance..."""
AFTERMATH_S: Final = 8.0
"""...and no longer than that."""
MOST_VALIDATED: Final = 40
SINGLES_SHARE: Final = 0.7
"""Of the budget; what is left belongs to changes in two places."""
PARTIAL_SHARE: Final = 0.35
"""Of the budget, after which the repair of one of several faults is taken, if there is one."""
MOST_PARTIALS: Final = 12
SECONDS_EACH: Final = 150
"""Second edits that are tried on top of one first edit."""
_POLL_S: Final = 0.05
"""Between two looks whether an engine that is waited for has something."""
DEFERRED_SHARE: Final = 0.2
"""Of the budget, for candidates that ran out of time, with more of it."""


@dataclass(frozen=True)
class Budget:
    """What a search may use up."""

    deadline: float
    """By `time.monotonic`."""
    candidates: int

    def left_s(self) -> float:
        """Seconds, at least 0."""
        return max(0.0, self.deadline - time.monotonic())

    def is_used_up(self, tried: int) -> bool:
        """After so many candidates, now."""
        return tried >= self.candidates or time.monotonic() >= self.deadline


@dataclass(frozen=True)
class Repair:
    """A candidate that turns the targets green, and what it makes of the files."""

    candidate: Candidate
    files: Mapping[str, bytes]
    texts: Mapping[str, str]
    order: int
    """How many were tried before it."""
    passed: frozenset[str] = frozenset()


@dataclass
class Found:
    """What a search has come to."""

    repairs: list[Repair] = field(default_factory=list)
    """They break no test that passed."""
    breaking: list[tuple[Repair, list[str]]] = field(default_factory=list)
    """They turn the targets green, and break these tests."""
    partial: list[Repair] = field(default_factory=list)
    """They turn all tests of some of the failing functions green, and break nothing."""
    generated: int = 0
    tried: int = 0
    plausible: int = 0
    notes: list[str] = field(default_factory=list)
    """For the report's reason."""


Watcher = Callable[["Found"], None]


class Search:
    """One search for the repair of one fault."""

    def __init__(
        self,
        trials: Trials,
        sources: Mapping[str, Source],
        reach: Reach,
        watcher: Watcher,
    ) -> None:
        self._trials = trials
        self._sources = sources
        self._reach = reach
        self._watcher = watcher
        self._seen: set[tuple[tuple[str, str], ...]] = set()
        self._deferred: list[Repair] = []
        self._partials: list[tuple[float, int, Candidate]] = []
        self._enough: Budget | None = None
        self._settle_at = 0.0
        self._clusters = trials.clusters()
        self.found = Found()

    def run(self, engines: Sequence[Engine], fault: Fault, budget: Budget) -> Found:
        """Everything that was found within the budget."""
        began = time.monotonic()
        singles_end = began + budget.left_s() * SINGLES_SHARE
        self._settle_at = began + budget.left_s() * PARTIAL_SHARE
        stream = best_first([self._guarded(engine, fault) for engine in engines])
        if load_ranker() is not None:
            stream = order(stream, fault)
        self._consume(stream, Budget(singles_end, budget.candidates))
        if not self._has_result():
            self._consume(self._second_edits(engines, fault), budget)
        if not self._has_result():
            self._consume(stream, budget, wait=True)
        if not self._has_result():
            share = Budget(time.monotonic() + budget.left_s() * DEFERRED_SHARE, budget.candidates)
            self._retry_deferred(share)
        return self.found

    def _guarded(self, engine: Engine, fault: Fault) -> Iterator[Candidate | None]:
        """An engine's candidates until it fails: the others go on."""
        try:
            yield from engine.candidates(fault)
        except Exception as exc:  # noqa: BLE001  a plugin's fault is no reason to lose a repair
            self.found.notes.append(f"engine {engine.name} failed: {type(exc).__name__}: {exc}")

    def _consume(
        self, stream: Iterator[Candidate | None], budget: Budget, *, wait: bool = False
    ) -> None:
        """Try what there is; `wait` for what is still to come."""
        while not self._is_over(budget):
            batch = self._next_batch(stream)
            if batch:
                self._try(batch)
            elif batch is None or not wait:
                return
            else:
                time.sleep(_POLL_S)

    def _next_batch(self, stream: Iterator[Candidate | None]) -> list[Repair] | None:
        """As many new programs as are tried at once; fewer when there are no more candidates for
        now, None when there are none any more."""
        batch: list[Repair] = []
        while len(batch) < self._trials.at_once:
            try:
                candidate = next(stream)
            except StopIteration:
                return batch or None
            if candidate is None:
                break
            self.found.generated += 1
            repair = self._build(candidate)
            if repair is not None:
                batch.append(repair)
        return batch

    def _has_result(self) -> bool:
        return bool(self.found.repairs or self.found.partial)

    def _is_over(self, budget: Budget) -> bool:
        found = self.found
        if budget.is_used_up(found.tried) or len(found.repairs) >= MOST_VALIDATED:
            return True
        if found.partial and not found.repairs and time.monotonic() >= self._settle_at:
            return True
        return self._enough is not None and self._enough.is_used_up(found.tried)

    def _build(self, candidate: Candidate) -> Repair | None:
        texts, files = {}, {}
        for path in paths_of(candidate.edits):
            source = self._sources.get(path)
            if source is None:
                return None
            edits = [edit for edit in candidate.edits if edit.path == path]
            text = apply_edits(source.text, edits)
            try:
                texts[path], files[path] = text, source.encode(text)
            except UnicodeEncodeError:
                return None
        key = tuple(sorted(texts.items()))
        if key in self._seen or all(text == self._sources[path].text for path, text in key):
            return None
        self._seen.add(key)
        return Repair(candidate, files, texts, self.found.tried)

    def _try(self, batch: Sequence[Repair], *, patient: bool = False) -> None:
        trials = self._trials.run_all([repair.files for repair in batch], patient=patient)
        for repair, trial in zip(batch, trials, strict=True):
            self.found.tried += not patient
            if trial.all_passed:
                self._validate(repair, trial)
            elif trial.timed_out and not patient:
                self._deferred.append(repair)
            elif trial.progress > 0:
                self._keep_partial(repair, trial)
        self._watcher(self.found)

    def _validate(self, repair: Repair, trial: Trial) -> None:
        self.found.plausible += 1
        lost = self._trials.regressions(repair.files, self._reach_of(repair))
        if lost:
            self.found.breaking.append((repair, lost))
            return
        self.found.repairs.append(replace(repair, passed=trial.passed))
        if self._enough is None:
            least, most = AFTERMATH
            more = min(most, max(least, AFTERMATH_TIMES * self.found.tried))
            self._enough = Budget(time.monotonic() + AFTERMATH_S, self.found.tried + more)

    def _reach_of(self, repair: Repair) -> Sequence[str]:
        return self._reach.tests(repair.candidate.edits)

    def _keep_partial(self, repair: Repair, trial: Trial) -> None:
        entry = (-trial.progress, self.found.tried, repair.candidate)
        heapq.heappush(self._partials, entry)
        if trial.passed and len(self._clusters) > 1 and len(self.found.partial) < MOST_PARTIALS:
            whole = self._trials.repaired_clusters(repair.files)
            if whole and not self._trials.regressions(repair.files, self._reach_of(repair)):
                self.found.partial.append(replace(repair, passed=whole))

    def _second_edits(self, engines: Sequence[Engine], fault: Fault) -> Iterator[Candidate]:
        for _, _, first in heapq.nsmallest(MOST_PARTIALS, self._partials):
            for engine in engines:
                two_edits = getattr(engine, "two_edits", None)
                if two_edits is not None and engine.name == first.engine:
                    yield from islice(two_edits(first, fault), SECONDS_EACH)

    def _retry_deferred(self, budget: Budget) -> None:
        waiting = iter(self._deferred)
        while not self._is_over(budget):
            batch = list(islice(waiting, self._trials.at_once))
            if not batch:
                return
            self._try(batch, patient=True)
