"""Which reruns come next, for all failures of a run, within one budget.

An investigation is a procedure that asks for one rerun after the other and ends with a judgement.
It is replayed from the outcomes each time, so its state is nothing but these, and any step of a
workflow can go on with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from testfleet.contracts.failure import Judgement
from testfleet.triage.flaky.case import Before, Case, Ran, Rerun
from testfleet.triage.flaky.investigation import investigate

__all__ = ["BUDGET_FACTOR", "Before", "Case", "Ran", "Rerun", "Step", "next_step", "next_steps"]

BUDGET_FACTOR: Final = 1.9
"""Seconds of all reruns by the failing tests' own: below twice."""
_FIRST: Final = 1

Step = Rerun | Judgement


def next_step(case: Case, outcomes: Sequence[Ran], *, affordable: bool = True) -> Step:
    """The next rerun, or the judgement when no more is needed. If a further rerun is not
    `affordable`, the judgement is what can be said without."""
    investigation = investigate(case)
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
            wanted.append((step.until_end_s, case.test, case))
    # What can be brought to its end is begun; half a search for a polluter names none.
    for seconds, test, case in sorted(wanted, key=lambda each: each[:2]):
        if seconds <= left:
            left -= seconds
        else:
            steps[test] = next_step(case, outcomes[test], affordable=False)
    return steps
