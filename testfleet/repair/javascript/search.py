"""Tries candidates with the failing tests' files until enough speaks for some of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from testfleet.repair.javascript.process import NodeError
from testfleet.repair.javascript.runner import Runner, TestResult
from testfleet.repair.javascript.vote import Plausible
from testfleet.repair.javascript.writer import Draft, Writer

PATIENCE: Final = 0.2
"""After the first plausible patch, those with less than this part of its prior are not tried."""
COMPETITORS: Final = 120
"""Most candidates that are tried after the first plausible one."""
LATER_SHARE: Final = 1.5
"""Time for competitors, as a share of what it took to find the first."""
LEAST_LATER_S: Final = 12.0
MOST_CRASHES: Final = 12
_LOOP_MS: Final = 400
_LOOP_FACTOR: Final = 8
_RUN_FACTOR: Final = 6.0
_RUN_S: Final = 6.0


@dataclass
class Budget:
    """What a search may cost, and what it has cost."""

    deadline: float
    """On the monotonic clock."""
    candidates: int
    generated: int = 0
    tried: int = 0

    @property
    def left_s(self) -> float:
        """Seconds that are left."""
        return self.deadline - time.monotonic()

    @property
    def spent(self) -> bool:
        """Whether nothing more may be tried."""
        return self.tried >= self.candidates or self.left_s <= 0


@dataclass(frozen=True)
class Aim:
    """What the failing tests' files show before a change."""

    results: Mapping[str, TestResult]
    targets: frozenset[str]
    seconds: float
    """Of a run of all these files."""

    @property
    def files(self) -> list[str]:
        """Of the targets, those with the most of them first."""
        files = [one.path for test, one in self.results.items() if test in self.targets]
        return sorted(set(files), key=lambda path: (-files.count(path), path))

    @property
    def passing(self) -> frozenset[str]:
        """Tests that must not break."""
        files = set(self.files)
        return frozenset(
            test for test, one in self.results.items() if one.how == "passed" and one.path in files
        )

    @property
    def loop_ms(self) -> int:
        """Processor time after which a loop counts as endless."""
        slowest = max((one.ms for one in self.results.values()), default=0)
        return int(_LOOP_MS + _LOOP_FACTOR * min(slowest, 10_000))

    @property
    def timeout_ms(self) -> int:
        """Of one test."""
        passed = (one.ms for one in self.results.values() if one.how == "passed")
        return int(1500 + 5 * max(passed, default=0))


@dataclass
class Found:
    """What a search has come to."""

    whole: list[Plausible] = field(default_factory=list)
    """They turn all targets green."""
    part: list[Plausible] = field(default_factory=list)
    """They turn some green and break none."""
    crashes: int = 0


@dataclass
class Search:
    """One search, on top of edits that are kept already."""

    runner: Runner
    writer: Writer
    aim: Aim
    budget: Budget
    progress: Callable[[str], None]
    base: Mapping[str, bytes] = field(default_factory=dict)

    def run(self, drafts: Sequence[Draft]) -> Found:
        """Try them in their order."""
        found = Found()
        began, first_at, since, best = time.monotonic(), 0.0, 0, 0.0
        seen: set[str] = set()
        for draft in drafts:
            if self.budget.spent or found.crashes > MOST_CRASHES:
                break
            if found.whole:
                late = max(LEAST_LATER_S, LATER_SHARE * (first_at - began))
                if time.monotonic() - first_at > late or since > COMPETITORS:
                    break
                if draft.proposal.prior < best * PATIENCE:
                    break
                since += 1
            self.budget.tried += 1
            made = self._try(draft, found)
            if made is None or made.effect in seen:
                continue
            seen.add(made.effect)
            (found.whole if made.passed == self.aim.targets else found.part).append(made)
            if len(found.whole) == 1 and not first_at:
                first_at, best = time.monotonic(), draft.proposal.prior
            if self.budget.tried % 10 == 0 or found.whole:
                self.progress(
                    f"tried {self.budget.tried} candidates, {len(found.whole)} repair the tests"
                )
        self.runner.put(self.base)
        return found

    def _try(self, draft: Draft, found: Found) -> Plausible | None:
        edits = draft.proposal.edits
        files = self.writer.guarded(edits, self.aim.loop_ms)
        if files is None:
            return None
        self.runner.put({**self.base, **files})
        try:
            passed = self.passed()
        except NodeError:
            found.crashes += 1
            return None
        if not passed:
            return None
        effect, added = self.writer.check(edits)
        return None if added else Plausible(draft, passed, effect)

    def passed(self) -> frozenset[str]:
        """Targets that pass now; none when another test of their files has broken."""
        limit = _RUN_S + _RUN_FACTOR * self.aim.seconds
        passed: set[str] = set()
        for path in self.aim.files:
            results = self.runner.run([path], limit, self.aim.timeout_ms)
            mine = {test for test in self.aim.targets if self.aim.results[test].path == path}
            green = {test for test, one in results.items() if one.how == "passed"}
            if path in mine and path not in results and green == results.keys():
                green.add(path)  # The file could not be loaded before: now its tests speak for it.
            must = {test for test in self.aim.passing if self.aim.results[test].path == path}
            if not must <= green or not mine & green:
                return frozenset()
            passed |= mine & green
        return frozenset(passed)
