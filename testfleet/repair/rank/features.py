"""Features of a candidate: numbers by name, cheap enough for thousands a second."""

from __future__ import annotations

from collections.abc import Mapping
from math import log

from testfleet.contracts.repair import Candidate
from testfleet.repair.engine import Fault
from testfleet.repair.rank.naturalness import Naturalness
from testfleet.repair.rank.profile import Change, Profile

Features = dict[str, float]


class Features4Fault:
    """Features of the candidates for one fault."""

    def __init__(self, fault: Fault, pairs: Mapping[str, float], known: frozenset[str]) -> None:
        self._fault, self._pairs, self._known = fault, pairs, known
        self._files: dict[str, tuple[Profile, Naturalness]] = {}
        self._places = {(line.path, line.line): place for place, line in enumerate(fault.lines)}
        self._exception = next((test.exception for test in fault.tests if test.exception), "")

    def of(self, candidate: Candidate) -> Features:
        """Empty for edits of several files or of one that is not known."""
        path = candidate.path
        if path not in self._fault.sources or any(e.path != path for e in candidate.edits):
            return {}
        profile, naturalness = self._file(path)
        change = profile.change(candidate.edits)
        removed, brought = naturalness.surprise(change.old, change.new)
        head = profile.head(candidate.line)
        features = self._origin(candidate, head)
        features |= self._size(change, profile)
        features["surprise-removed"] = removed
        features["surprise-brought"] = brought
        features["relief"] = removed - brought if change.new and change.old else 0.0
        features["depth"] = profile.indent(change.line) / 4
        return features

    def _file(self, path: str) -> tuple[Profile, Naturalness]:
        if path not in self._files:
            profile = Profile(self._fault.sources[path])
            self._files[path] = profile, Naturalness(profile, self._pairs, self._known)
        return self._files[path]

    def _origin(self, candidate: Candidate, head: str) -> Features:
        template = f"{candidate.engine}:{candidate.template}"
        place = self._places.get((candidate.path, candidate.line), len(self._places))
        return {
            "bias": 1.0,
            "log-prior": log(max(candidate.prior, 1e-3)),
            "log-suspicion": log(max(candidate.suspiciousness, 1e-3)),
            "log-place": log(1 + place),
            template: 1.0,
            f"{template} in {head}": 1.0,
            f"{template} for {self._exception}": 1.0,
        }

    def _size(self, change: Change, profile: Profile) -> Features:
        old, new = set(change.old), set(change.new)
        names = [token for token in new - old if token[0].isalpha() or token[0] == "_"]
        strange = sum(name not in profile.words for name in names)
        return {
            "log-tokens": log(1 + len(change.new)),
            "growth": min(max(len(change.new) - len(change.old), -20), 20) / 10,
            "grows": float(len(change.new) > len(change.old)),
            "shrinks": float(len(change.new) < len(change.old)),
            "lost": len(old - new) / 5,
            "brought": len(new - old) / 5,
            "names": min(len(names), 5) / 5,
            "strange-names": min(strange, 3) / 3,
            "lines-more": float(change.added_lines > 0),
            "lines-fewer": float(change.added_lines < 0),
        }
