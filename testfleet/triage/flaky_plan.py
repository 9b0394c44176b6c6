"""Which rerun tells most about a failure, given all that the reruns so far have told.

An investigation is written as a procedure that asks for one rerun after the other and ends with a
judgement. It is replayed from the outcomes each time, so its state is nothing but these, and any
step of a workflow can go on with it.

    alone, and it fails with the very same words      real
    alone, and it fails in other words                again, up to three times: chance speaks
    alone, and it passes                              flaky; its message may say why
    after some of the tests before it, and it fails   a leak; halve them until one is left

The polluter is found by bisection of the order (victims and polluters: Shi et al. 2019,
"iFixFlakies"), the likelier tests first. Reruns of all failures together stay within a budget.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from testfleet.contracts.failure import Cause, FailureVerdict, FlakyCategory, Judgement

BUDGET_FACTOR: Final = 1.9
"""Seconds of all reruns by the failing tests' own: below twice."""
MAX_ALONE: Final = 3
_FIRST: Final = 1
_SAME_FILE: Final = 4.0
_SAME_FOLDER: Final = 2.0


@dataclass(frozen=True)
class Before:
    """A test that ran earlier in the same process."""

    test: str
    seconds: float
    suspicion: float = 1.0
    """How much likelier than another it is the polluter, e.g. because it was missing where the
    failing test passed."""


@dataclass(frozen=True)
class Case:
    """A failure to look into."""

    test: str
    seconds: float
    message: str
    """With its values: chance shows in them."""
    before: tuple[Before, ...] = ()
    """In the order in which they ran."""
    cause: Cause | None = None
    was_flaky: bool = False
    """Its past says so."""
    stack: str = ""
    """Where words may stand that tell of clocks and dice."""


@dataclass(frozen=True)
class Rerun:
    """What to run next: these tests in one process, in order; the last is the one asked for."""

    tests: tuple[str, ...]
    seconds: float
    """Expected."""
    why: str


@dataclass(frozen=True)
class Ran:
    """How the last test of a rerun ended."""

    passed: bool
    message: str = ""
    seconds: float = 0.0
    """Of the whole rerun."""


Step = Rerun | Judgement
_Investigation = Generator[Rerun, Ran | None, Judgement]


def next_step(case: Case, outcomes: Sequence[Ran], *, affordable: bool = True) -> Step:
    """The next rerun, or the judgement when no more is needed. If a further rerun is not
    `affordable`, the judgement is what can be said without."""
    investigation = _investigate(case)
    try:
        wanted = next(investigation)
        for outcome in outcomes:
            wanted = investigation.send(outcome)
        if affordable:
            return wanted
        while True:
            investigation.send(None)
    except StopIteration as end:
        judgement: Judgement = end.value
        return judgement


def next_steps(
    cases: Sequence[Case],
    outcomes: Mapping[str, Sequence[Ran]],
    budget_s: float | None = None,
) -> dict[str, Step]:
    """The next step of every case. Reruns that would exceed the budget are not asked for.

    Each failing test is run alone once, whatever that costs. `budget_s` holds for all reruns of all
    cases together; default: BUDGET_FACTOR times the failing tests' own seconds.
    """
    budget = BUDGET_FACTOR * sum(case.seconds for case in cases) if budget_s is None else budget_s
    left = budget - sum(ran.seconds for runs in outcomes.values() for ran in runs)
    left -= sum(case.seconds for case in cases if not outcomes.get(case.test))
    steps: dict[str, Step] = {}
    wanted: list[tuple[float, str, Case]] = []
    for case in cases:
        steps[case.test] = step = next_step(case, outcomes.get(case.test, ()))
        if isinstance(step, Rerun) and len(outcomes.get(case.test, ())) >= _FIRST:
            wanted.append((step.seconds, case.test, case))
    for seconds, test, case in sorted(wanted, key=lambda each: each[:2]):
        if seconds <= left:
            left -= seconds
        else:
            steps[test] = next_step(case, outcomes[test], affordable=False)
    return steps


def _investigate(case: Case) -> _Investigation:
    said = {case.message}
    for _ in range(MAX_ALONE):
        ran = yield _alone(case)
        if ran is None:
            break
        if ran.passed:
            return (yield from _passed_alone(case))
        is_same = ran.message in said
        said.add(ran.message)
        if is_same and not case.was_flaky and case.cause not in _BY_CHANCE:
            break
    return _failed_again(case, len(said) > 1)


def _passed_alone(case: Case) -> _Investigation:
    if case.cause in _OF_THE_MACHINE:
        return _infrastructure("passed when it was run again")
    if case.cause in _BY_CHANCE:
        return _flaky(_BY_CHANCE[case.cause], f"passed alone; its message tells of {case.cause}")
    if not case.before:
        return _flaky(_by_words(case), "passed alone, and no test ran before it")
    return (yield from _bisect(case))


def _bisect(case: Case) -> _Investigation:
    """Halve the tests before it, until one is left or no half alone makes it fail."""
    suspects, proved = list(case.before), False
    while len(suspects) > 1:
        first, rest = _halves(case, suspects)
        for half in (first, rest):
            if half is rest and proved:
                suspects = rest  # It must be there, unless it takes several: the last run tells.
                break
            ran = yield _after(case, half)
            if ran is None:
                return _unnamed(case, proved, suspects)
            if not ran.passed:
                suspects, proved = half, True
                break
        else:
            return (yield from _neither_half(case))
    ran = yield _after(case, suspects)
    if ran is None:
        return _unnamed(case, proved, suspects)
    if not ran.passed:
        return _leak(suspects[0].test)
    if proved:
        return _flaky(FlakyCategory.ORDER_DEPENDENT, "fails after several tests, not after one")
    return _flaky(_by_words(case), "passed alone and after the test before it")


def _neither_half(case: Case) -> _Investigation:
    ran = yield _after(case, case.before)
    if ran is not None and not ran.passed:
        return _flaky(FlakyCategory.ORDER_DEPENDENT, "fails after all tests before it, not half")
    return _flaky(_by_words(case), "passed alone and after the tests before it")


def _leak(polluter: str) -> Judgement:
    return Judgement(
        verdict=FailureVerdict.FLAKY,
        category=FlakyCategory.LEAK,
        polluter=polluter,
        reason=f"passes alone and fails after {polluter}",
    )


def _halves(case: Case, tests: list[Before]) -> tuple[list[Before], list[Before]]:
    """The likelier and cheaper half of the suspicion, and the rest, both in their order."""
    weights = {each.test: _suspicion(case, each) for each in tests}
    ranked = sorted(tests, key=lambda each: -weights[each.test] / (each.seconds + 0.01))
    goal, chosen, mass = sum(weights.values()) / 2, set[str](), 0.0
    for each in ranked[:-1]:
        if chosen and mass >= goal:
            break
        chosen.add(each.test)
        mass += weights[each.test]
    first = [each for each in tests if each.test in chosen]
    return first, [each for each in tests if each.test not in chosen]


def _suspicion(case: Case, other: Before) -> float:
    file, other_file = case.test.partition("::")[0], other.test.partition("::")[0]
    if file == other_file:
        return other.suspicion * _SAME_FILE
    is_near = file.rpartition("/")[0] == other_file.rpartition("/")[0]
    return other.suspicion * (_SAME_FOLDER if is_near else 1.0)


def _alone(case: Case) -> Rerun:
    return Rerun((case.test,), case.seconds, "alone")


def _after(case: Case, tests: Sequence[Before]) -> Rerun:
    return Rerun(
        (*(each.test for each in tests), case.test),
        case.seconds + sum(each.seconds for each in tests),
        f"after {len(tests)} of the tests before it",
    )


def _failed_again(case: Case, in_other_words: bool) -> Judgement:  # noqa: FBT001  one caller
    if case.cause in _OF_THE_MACHINE:
        return _infrastructure("failed again")
    reason = "failed again alone" + (", in other words" if in_other_words else " in the same words")
    return Judgement(verdict=FailureVerdict.REAL, reason=reason)


def _unnamed(case: Case, proved: bool, suspects: Sequence[Before]) -> Judgement:  # noqa: FBT001
    if proved:
        return _flaky(
            FlakyCategory.ORDER_DEPENDENT,
            f"fails after some of {len(suspects)} tests; the reruns' budget did not find which",
        )
    by_words = _by_words(case, FlakyCategory.UNKNOWN)
    return _flaky(by_words, "passed alone; more reruns would exceed their budget")


def _flaky(category: FlakyCategory, reason: str) -> Judgement:
    return Judgement(verdict=FailureVerdict.FLAKY, category=category, reason=reason)


def _by_words(case: Case, otherwise: FlakyCategory = FlakyCategory.RANDOMNESS) -> FlakyCategory:
    text = f"{case.message}\n{case.stack[-_READ:]}"
    return next((category for category, words in _WORDS if words.search(text)), otherwise)


def _infrastructure(reason: str) -> Judgement:
    return Judgement(verdict=FailureVerdict.INFRASTRUCTURE, reason=reason)


_READ: Final = 20_000
_WORDS: Final = (
    (FlakyCategory.RANDOMNESS, re.compile(r"\brandom|\bshuffle|\bseed\b|\buuid4", re.I)),
    (FlakyCategory.NETWORK, re.compile(r"Connection|socket\.|ECONN|getaddrinfo|urlopen|\bDNS\b")),
    (FlakyCategory.RESOURCE, re.compile(r"MemoryError|No space left|Too many open|in use|\brss\b")),
    (
        FlakyCategory.TIMING,
        re.compile(
            r"elapsed|deadline|time[ds]? ?out|timeout|too slow|perf_counter|monotonic|time\.time"
            r"|\bsleep|\btook\b|\bduration|\bwait|utcnow|\bnow\(",
            re.I,
        ),
    ),
)
_OF_THE_MACHINE: Final = frozenset({Cause.INFRASTRUCTURE})
_BY_CHANCE: Final[Mapping[Cause | None, FlakyCategory]] = {
    Cause.TIMEOUT: FlakyCategory.TIMING,
    Cause.NETWORK: FlakyCategory.NETWORK,
    Cause.RESOURCE: FlakyCategory.RESOURCE,
    Cause.PORT_CONFLICT: FlakyCategory.RESOURCE,
}
