"""What past changes teach about the next: churn, failures after touching a file, weights.

Commits are taken oldest first, and each is judged by what was known before it: no number of a
change looks into its future.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.risk import RiskModel, RiskRules
from testfleet.planning.risk.features import ChangedFile, Features, PathPast, Sorter
from testfleet.planning.risk.logistic import observe
from testfleet.planning.risk.score import rule_model

LATELY_S: Final = 90 * 24 * 3600
"""How long a change counts as churn."""


@dataclass(frozen=True)
class PastChange:
    """One commit."""

    commit: str
    at_s: float
    """Seconds since the epoch."""
    files: Sequence[ChangedFile]


@dataclass(frozen=True)
class Lessons:
    """What the commits taught."""

    past: dict[str, PathPast]
    """By path, as it is after the last commit."""
    model: RiskModel


def study(
    commits: Iterable[PastChange],
    outcomes: Mapping[str, bool],
    rules: RiskRules,
    now_s: float | None = None,
) -> Lessons:
    """Learn from commits, oldest first, and from which of them a test failed.

    `outcomes` says by commit whether a test failed; commits that it does not name count as churn
    only. `now_s` is the time of the change that is to be judged; default: the last commit's.
    """
    sorter, model, diary = Sorter(rules), rule_model(rules), _Diary()
    last_s = 0.0
    for commit in commits:
        last_s = max(last_s, commit.at_s)
        if commit.commit in outcomes and commit.files:
            known = {path: diary.past(path, last_s) for path in _paths(commit.files)}
            features = Features(tuple(sorter.sort(commit.files)), known)
            model = observe(model, features.vector(), failed=outcomes[commit.commit])
        diary.enter(commit, last_s, outcomes.get(commit.commit))
    return Lessons(diary.all_past(last_s if now_s is None else max(now_s, last_s)), model)


class _Diary:
    """When each path was changed, and what came of it."""

    def __init__(self) -> None:
        self._times: defaultdict[str, deque[float]] = defaultdict(deque)
        self._judged: defaultdict[str, int] = defaultdict(int)
        self._failed: defaultdict[str, int] = defaultdict(int)

    def past(self, path: str, now_s: float) -> PathPast:
        times = self._times.get(path, deque())
        while times and times[0] < now_s - LATELY_S:
            times.popleft()
        return PathPast(len(times), self._judged.get(path, 0), self._failed.get(path, 0))

    def enter(self, commit: PastChange, at_s: float, failed: bool | None) -> None:  # noqa: FBT001
        for path in _paths(commit.files):
            self._times[path].append(at_s)
            if failed is not None:
                self._judged[path] += 1
                self._failed[path] += failed

    def all_past(self, now_s: float) -> dict[str, PathPast]:
        return {path: self.past(path, now_s) for path in sorted(self._times)}


def _paths(files: Iterable[ChangedFile]) -> list[str]:
    """Each path once, those of before a renaming included."""
    both = (path for file in files for path in (file.path, file.old_path) if path is not None)
    return list(dict.fromkeys(both))
