"""One failure, investigated: which rerun tells most, given all that the reruns so far have told.

    alone, and it fails with the very same words      real
    alone, and it fails in other words                again, up to five times: chance speaks
    alone, and it passes                              flaky; its message may say why
    after some of the tests before it, and it fails   a leak; halve them until one is left

The polluter is found by bisection of the order (victims and polluters: Shi et al. 2019,
"iFixFlakies"), the likelier tests first.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from math import log2
from typing import Final

from testfleet.contracts.failure import Cause, FailureVerdict, FlakyCategory, Judgement
from testfleet.triage.flaky.case import Before, Case, Ran, Rerun

MAX_ALONE: Final = 5
"""What fails half of the time passes once in five with a chance of 97 %."""
_ENOUGH_HITS: Final = 2
"""So often chance alone does not hit the right half."""
_SAME_FILE: Final = 4.0
_SAME_FOLDER: Final = 2.0
_LEAST_SUSPICION: Final = 1e-6
_OF_THE_MACHINE: Final = frozenset({Cause.INFRASTRUCTURE})

Investigation = Generator[Rerun, Ran | None, Judgement]


def investigate(case: Case) -> Investigation:
    """Asks for reruns until the failure is judged. `None` instead of an outcome: no more reruns."""
    said = {case.message}
    for _ in range(MAX_ALONE):
        ran = yield _alone(case)
        if ran is None:
            break
        if ran.passed:
            return (yield from _passed_alone(case))
        is_same = ran.message in said
        said.add(ran.message)
        if is_same and not (case.was_flaky or case.tells_of_chance):
            break
    return _failed_again(case, len(said) > 1)


def _passed_alone(case: Case) -> Investigation:
    if case.cause in _OF_THE_MACHINE:
        return _infrastructure("passed when it was run again")
    told = case.category
    if told is not None:
        return _flaky(told, f"passed alone; its words tell of {told.value}")
    if not case.before:
        return _flaky(FlakyCategory.RANDOMNESS, "passed alone, and no test ran before it")
    return (yield from _bisect(case))


def _bisect(case: Case) -> Investigation:
    """Halve the tests before it, until one is left or no half alone makes it fail."""
    suspects, hits, is_tried = list(case.before), 0, False
    while len(suspects) > 1:
        first, rest = _halves(case, suspects)
        ran = yield _after(case, first, rest)
        if ran is not None and ran.passed and not hits:
            first, rest = rest, []
            ran = yield _after(case, first)
            if ran is not None and ran.passed:
                return (yield from _neither_half(case))
        if ran is None:
            return _unnamed(suspects if hits else ())
        # With a hit before, it must be in the rest, unless it takes several: the last run tells.
        suspects, is_tried = (rest, False) if ran.passed else (first, True)
        hits += not ran.passed
    if is_tried and hits >= _ENOUGH_HITS:
        return _leak(suspects[0].test)
    return (yield from _only_one(case, suspects, proved=hits > 0))


def _only_one(case: Case, suspects: Sequence[Before], *, proved: bool) -> Investigation:
    ran = yield _after(case, suspects)
    if ran is None:
        return _unnamed(suspects if proved else ())
    if not ran.passed:
        return _leak(suspects[0].test)
    if proved:
        return _flaky(FlakyCategory.ORDER_DEPENDENT, "fails after several tests, not after one")
    return _flaky(FlakyCategory.RANDOMNESS, "passed alone and after the test before it")


def _neither_half(case: Case) -> Investigation:
    ran = yield _after(case, case.before)
    if ran is not None and not ran.passed:
        return _flaky(FlakyCategory.ORDER_DEPENDENT, "fails after all tests before it, not half")
    return _flaky(FlakyCategory.RANDOMNESS, "passed alone and after the tests before it")


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
    suspicion = max(other.suspicion, _LEAST_SUSPICION)
    if file == other_file:
        return suspicion * _SAME_FILE
    is_near = file.rpartition("/")[0] == other_file.rpartition("/")[0]
    return suspicion * (_SAME_FOLDER if is_near else 1.0)


def _alone(case: Case) -> Rerun:
    return Rerun((case.test,), case.seconds, "alone", case.seconds)


def _after(case: Case, tests: Sequence[Before], rest: Sequence[Before] = ()) -> Rerun:
    """`rest`: what is suspected beside these tests."""
    seconds = case.seconds + sum(each.seconds for each in tests)
    weights = [_suspicion(case, each) for each in (*tests, *rest)]
    missed = sum(weights[len(tests) :]) / sum(weights)
    more = _bits(weights) * case.seconds
    more += (seconds - case.seconds) / 2 + missed * sum(each.seconds for each in rest)
    return Rerun(
        (*(each.test for each in tests), case.test),
        seconds,
        f"after {len(tests)} of the tests before it",
        seconds + (more if len(weights) > 1 else 0.0),
    )


def _bits(weights: Sequence[float]) -> float:
    """Entropy: yes-or-no questions that are left."""
    total = sum(weights)
    return -sum(each / total * log2(each / total) for each in weights if each > 0)


def _failed_again(case: Case, in_other_words: bool) -> Judgement:  # noqa: FBT001  one caller
    if case.cause in _OF_THE_MACHINE:
        return _infrastructure("failed again")
    reason = "failed again alone" + (", in other words" if in_other_words else " in the same words")
    return Judgement(verdict=FailureVerdict.REAL, reason=reason)


def _unnamed(suspects: Sequence[Before]) -> Judgement:
    """The budget is spent. `suspects`: of which some make it fail, as far as that was seen."""
    if suspects:
        return _flaky(
            FlakyCategory.ORDER_DEPENDENT,
            f"fails after some of {len(suspects)} tests; the reruns' budget did not find which",
        )
    return _flaky(FlakyCategory.UNKNOWN, "passed alone; more reruns would exceed their budget")


def _flaky(category: FlakyCategory, reason: str) -> Judgement:
    return Judgement(verdict=FailureVerdict.FLAKY, category=category, reason=reason)


def _infrastructure(reason: str) -> Judgement:
    return Judgement(verdict=FailureVerdict.INFRASTRUCTURE, reason=reason)
