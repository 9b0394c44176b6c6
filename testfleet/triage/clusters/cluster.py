"""Failures with one cause become one cluster: 400 red tests read as 3 problems.

First by fingerprint. Then fingerprints are joined whose texts are nearly the same and whose places
agree: candidates come from MinHash with locality-sensitive hashing (Broder 1997, "On the
resemblance and containment of documents"; Indyk and Motwani 1998), each is checked by the Jaccard
index of their words. So n failures cost n log n, and the order in which they come does not matter.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from testfleet.contracts.failure import FailureCluster
from testfleet.triage.clusters.minhash import bands, jaccard
from testfleet.triage.fingerprints.fingerprint import FailureText, Scope, Trace, digest, read_trace

ALIKE: Final = 0.75
"""Jaccard index of words and pairs of words from which on two messages say the same."""
NEARLY_EQUAL: Final = 0.9
"""The same where no place in the code says that they belong together."""
_COMPARED: Final = 12
"""Neighbours in a bucket that each fingerprint is compared with: what bounds the cost."""
_MIN_ASSERTED_WORDS: Final = 3
"""An assertion that says less than this is alike by chance."""


@dataclass(frozen=True)
class Read:
    """A failure beside its trace."""

    text: FailureText
    trace: Trace


@dataclass(frozen=True)
class Cluster:
    """Failures with one cause, in the order of their test ids."""

    members: tuple[Read, ...]

    @cached_property
    def fingerprints(self) -> tuple[str, ...]:
        """Most frequent first."""
        counts = Counter(member.trace.fingerprint for member in self.members)
        return tuple(sorted(counts, key=lambda name: (-counts[name], name)))

    @property
    def id(self) -> str:
        """The fingerprint that most of its failures have."""
        return self.fingerprints[0]

    @cached_property
    def representative(self) -> Read:
        """Of those with the most frequent fingerprint, the one that is quickest to read and run."""
        usual = [each for each in self.members if each.trace.fingerprint == self.id]
        return min(
            usual, key=lambda each: (len(each.trace.frames), each.text.seconds, each.text.test)
        )

    @property
    def trace(self) -> Trace:
        """The representative's."""
        return self.representative.trace

    @property
    def where(self) -> str:
        """The place to look at. Empty where the cause shows in many places and lies in none."""
        place = self.trace.where
        places = {each.trace.where.place for each in self.members if each.trace.where}
        if place is None or (self.trace.scope is Scope.OUTSIDE and len(places) > 1):
            return ""
        return str(place)

    def as_contract(self) -> FailureCluster:
        """What is reported of it, before anybody asks for its past."""
        return FailureCluster(
            id=self.id,
            title=self.trace.title,
            representative=self.representative.text.test,
            count=len(self.members),
            files=len({member.text.file for member in self.members}),
            fingerprints=self.fingerprints,
            where=self.where,
        )


def cluster(failures: Iterable[FailureText]) -> tuple[Cluster, ...]:
    """Every failure in exactly one cluster, the largest cluster first.

    A test that failed several times may be given several times.
    """
    traces: dict[FailureText, Trace] = {}
    groups: defaultdict[str, list[Read]] = defaultdict(list)
    for failure in failures:
        key = FailureText(_home(failure.test), failure.file, failure.message, failure.stack)
        trace = traces.get(key)
        if trace is None:
            trace = traces[key] = read_trace(key)
        groups[trace.fingerprint].append(Read(failure, trace))
    # Whichever failure of a fingerprint came first must not matter.
    first = {name: min(reads, key=_order).trace for name, reads in groups.items()}
    roots = _joined(first)
    found: defaultdict[str, list[Read]] = defaultdict(list)
    for name, reads in groups.items():
        found[roots[name]].extend(reads)
    clusters = [Cluster(tuple(sorted(reads, key=_order))) for reads in found.values()]
    return tuple(sorted(clusters, key=lambda each: (-len(each.members), each.id)))


def _home(test: str) -> str:
    return test.partition("[")[0]


def _order(read: Read) -> tuple[str, str, str, str]:
    return (read.text.test, read.text.file, read.text.message, read.text.stack)


def _joined(traces: Mapping[str, Trace]) -> dict[str, str]:
    """By fingerprint, the smallest fingerprint of those that are joined with it."""
    parents = {name: name for name in traces}
    for left, right in _candidates(traces):
        one, other = _root(parents, left), _root(parents, right)
        if one != other and same_cause(traces[left], traces[right]):
            parents[max(one, other)] = min(one, other)
    return {name: _root(parents, name) for name in traces}


def _root(parents: dict[str, str], name: str) -> str:
    while parents[name] != name:
        parents[name] = parents[parents[name]]
        name = parents[name]
    return name


def _candidates(traces: Mapping[str, Trace]) -> Iterable[tuple[str, str]]:
    """Pairs that share a bucket of the locality-sensitive hash, or all that they are known by."""
    buckets: defaultdict[str, list[str]] = defaultdict(list)
    for name in sorted(traces):
        trace = traces[name]
        if trace.scope is Scope.TEST:
            if _says_enough(trace):
                buckets[digest("said", trace.kind, *_said(trace))].append(name)
            continue
        block = digest(trace.scope, trace.kind, _place(trace), _line(trace))
        buckets[block].append(name)
        for band in bands(trace.words):
            buckets[f"{block} {band}"].append(name)
    for bucket in buckets.values():
        for at, name in enumerate(bucket):
            for other in bucket[max(0, at - _COMPARED) : at]:
                yield other, name


def same_cause(one: Trace, other: Trace) -> bool:
    """Whether two different fingerprints have one cause all the same."""
    if (one.kind, one.scope) != (other.kind, other.scope) or _place(one) != _place(other):
        return False
    if one.scope is Scope.TEST:
        return _said(one) == _said(other) and _says_enough(one)
    if one.scope is Scope.OUTSIDE and one.names != other.names:
        return False
    if _line(one) != _line(other):
        return False
    return jaccard(one.words, other.words) >= (ALIKE if one.scope is Scope.CODE else NEARLY_EQUAL)


def _place(trace: Trace) -> str:
    return trace.place.place if trace.scope is Scope.CODE and trace.place else ""


def _line(trace: Trace) -> str:
    return trace.place.source if trace.scope is Scope.CODE and trace.place else ""


def _said(trace: Trace) -> tuple[str, ...]:
    """What an assertion says. Where the framework words it, the values are all that tells whether
    two tests compare the same thing."""
    line = trace.message.partition("\n")[0][:_VALUES_WITHIN]
    values = _VALUE.findall(line) if line.startswith("assert ") else []
    return (trace.specific, *values)


def _says_enough(trace: Trace) -> bool:
    said = {word for word in trace.words if " " not in word and not word.startswith("<")}
    return len(said - _EMPTY_WORDS) >= _MIN_ASSERTED_WORDS


_VALUE: Final = re.compile(r"(?<![\w.])\d{1,6}(?!\w)")
_VALUES_WITHIN: Final = 300
_EMPTY_WORDS: Final = frozenset(
    {"assert", "expect", "received", "expected", "is", "not", "in", "and", "or", "to", "be", "toBe"}
    | {"toEqual", "True", "False", "None", "true", "false", "null", "undefined", "where", "equal"}
)
