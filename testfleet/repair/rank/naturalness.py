"""How expected code is: token pairs by the file itself and by the standard library.

Naturalness ranks faulty lines and their repairs (Ray et al., ICSE 2016: On the "Naturalness" of
Buggy Code); a file's own pairs as a cache beside a general model: Tu, Su and Devanbu (FSE 2014).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import exp, log
from typing import Final

from testfleet.repair.rank.profile import Profile

_OWN: Final = 0.5
_ALONE: Final = 0.2
_GENERAL: Final = 0.29
_NEVER: Final = 1e-4
UNSEEN: Final = -9.0
"""Log-probability of a pair that the general model does not have."""


def abstract(token: str, known: Mapping[str, float] | frozenset[str]) -> str:
    """A token as the general model knows it: rare names, numbers and texts lose their value."""
    if token in known:
        return token
    first = token[0]
    if first.isalpha() or first == "_":
        return "$name"
    if first.isdigit():
        return "$number"
    return "$text" if first in "\"'" else "$sign"


class Naturalness:
    """Expectations for one file."""

    def __init__(self, profile: Profile, pairs: Mapping[str, float], known: frozenset[str]) -> None:
        self._words, self._pairs = profile.words, profile.pairs
        self._total = sum(self._words.values()) + 1
        self._general, self._known = pairs, known

    def surprise(self, old: Sequence[str], new: Sequence[str]) -> tuple[float, float]:
        """Mean surprise of the pairs that a change removes, and of those it brings, in nats.

        The file's own counts include the line that is changed, so one of each is taken off for
        what is removed.
        """
        before = Counter(pairwise(old))
        after = Counter(pairwise(new))
        removed = [self._of(pair, 1) for pair in (before - after)]
        brought = [self._of(pair, 0) for pair in (after - before)]
        return _mean(removed), _mean(brought)

    def _of(self, pair: tuple[str, str], own: int) -> float:
        one, other = pair
        count = max(self._pairs.get(pair, 0) - own, 0)
        follows = count / max(self._words.get(one, 0) - own, 1)
        alone = max(self._words.get(other, 0) - own, 0) / self._total
        key = f"{abstract(one, self._known)} {abstract(other, self._known)}"
        general = exp(self._general.get(key, UNSEEN))
        return -log(_OWN * min(follows, 1.0) + _ALONE * alone + _GENERAL * general + _NEVER)


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
