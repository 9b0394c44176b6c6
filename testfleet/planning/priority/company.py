"""What the failures of other tests tell of a test: its neighbours by name, and its companions."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Sequence
from posixpath import dirname

import numpy as np

from testfleet.planning.priority.memory import Memory, Ran
from testfleet.planning.priority.napfd import Floats, Ints

_KERNEL = np.array([0.25, 0.5, 1.0, 0.0, 1.0, 0.5, 0.25])
"""Weight of the three neighbours on each side; a test is no neighbour of its own."""
_GROUP = 0.25
_REMEMBERED = 60
_MOST_FAILURES = 200
"""What is kept of a cycle: the pairs of two cycles stay few, whatever fails."""
_PARTS = re.compile(r"(\d+)")


def natural_key(name: str) -> list[tuple[int, str]]:
    """Sorts `t2` before `t10`."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in _PARTS.split(name)]


class Neighbours:
    """Names that stand side by side, and in one folder, were mostly written for one thing."""

    def __init__(self, names: Sequence[str]) -> None:
        order = sorted(range(len(names)), key=lambda test: natural_key(names[test]))
        self._order = np.array(order, dtype=np.int64)
        folders: dict[str, int] = {}
        self._folder = np.array(
            [folders.setdefault(dirname(name), len(folders)) for name in names], dtype=np.int64
        )
        self._rate = np.zeros(len(folders))
        self._weight = np.zeros(len(folders))

    def folder_rate(self, tests: Ints, base: float) -> Floats:
        """Recent rate of failure of the folder of each."""
        folder = self._folder[tests]
        rate: Floats = (self._rate[folder] + 0.3 * base) / (self._weight[folder] + 0.3)
        return rate

    def rate(self, tests: Ints, memory: Memory) -> Floats:
        """Recent rate of failure of those whose names stand next to each."""
        met = memory.runs > 0
        met[tests] = True
        order = self._order[met[self._order]]
        recent = (memory.fast[order] + 0.2 * memory.base) / (memory.fast_weight[order] + 0.2)
        rates = np.full(memory.runs.size, memory.base)
        if order.size >= _KERNEL.size:
            around = np.convolve(np.ones(order.size), _KERNEL, "same")
            rates[order] = np.convolve(recent, _KERNEL, "same") / around
        return rates[tests]

    def observe(self, ran: Ran) -> None:
        """Take in a cycle."""
        folders, tests = np.unique(self._folder[ran.tests], return_inverse=True)
        failed = np.bincount(tests, ran.failed) / np.bincount(tests)
        self._rate[folders] += _GROUP * (failed - self._rate[folders])
        self._weight[folders] += _GROUP * (1 - self._weight[folders])


class Companions:
    """Tests that failed together with, or right after, those that failed last.

    Nearest neighbours among the newest failing cycles, by Jaccard similarity of what failed.
    """

    def __init__(self, tests: int) -> None:
        self._past: deque[tuple[Ints, frozenset[int]]] = deque(maxlen=_REMEMBERED)
        self.likeness = np.zeros(tests)
        """How much the last failing cycle speaks for each test, 0 to about 2."""

    def observe(self, ran: Ran) -> None:
        """Take in a cycle; one without failures changes nothing."""
        failed = np.flatnonzero(ran.failed > 0)
        if not failed.size:
            return
        worst = failed[np.argsort(-ran.failed[failed], kind="stable")[:_MOST_FAILURES]]
        now = ran.tests[worst]
        members = frozenset(now.tolist())
        votes, total = np.zeros(self.likeness.size), 0.0
        similar = [len(members & then) / len(members | then) for _, then in self._past]
        for at, ((tests, _), weight) in enumerate(zip(self._past, similar, strict=True)):
            if weight:
                votes[tests] += weight
                total += weight
                if at + 1 < len(self._past):
                    votes[self._past[at + 1][0]] += weight
        votes[now] += 1
        self.likeness = votes / (1 + total)
        self._past.append((now, members))
