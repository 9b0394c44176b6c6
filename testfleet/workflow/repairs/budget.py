"""How far a repair's money reaches: workers and seconds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from testfleet.config import Profile
from testfleet.contracts.repair_work import RepairBudget
from testfleet.costs.metering import worker_usd
from testfleet.costs.prices import US_EAST_1, Prices

LEAST_S: Final = 5.0
"""A search with less time than that is not begun."""
RESERVE_S: Final = 60.0
"""Of a worker's time limit, for tree, environment, first run of the suite, and clean-up."""
TRANSITIONS: Final = 14
"""Of one cluster's child execution, beside those of its slices."""
TRANSITIONS_PER_SLICE: Final = 3
CONTROL_CALLS: Final = 4
_CONTROL_GB_S: Final = 1.0

Spans = Sequence[tuple[datetime, datetime]]


def affordable(asked: RepairBudget, profile: Profile) -> RepairBudget | None:
    """What of the budget fits into its own money and into the worker's time; None when not even
    one worker can search and decide.

    Workers are given up before seconds: a half-searched share finds less than a smaller crew.
    """
    longest = min(asked.seconds, profile.time_limit_s - RESERVE_S)
    for slices in range(asked.slices, 0, -1):
        # The decision takes one worker more.
        usd = (slices + 1) * worker_usd(profile, longest + profile.startup_s)
        if usd <= asked.usd:
            return asked.model_copy(update={"slices": slices, "seconds": longest})
    start = worker_usd(profile, profile.startup_s)
    rate = worker_usd(profile, profile.startup_s + 1.0) - start
    seconds = (asked.usd / 2 - start) / rate if rate > 0 else longest
    if seconds < LEAST_S:
        return None
    return asked.model_copy(update={"slices": 1, "seconds": min(longest, seconds)})


def repair_usd(spans: Spans, profile: Profile, prices: Prices = US_EAST_1) -> float:
    """What the workers of one cluster and its control steps cost at list prices. `spans` are their
    beginnings and ends."""
    workers = sum(
        worker_usd(profile, (end - start).total_seconds() + profile.startup_s, prices)
        for start, end in spans
    )
    steps = TRANSITIONS + TRANSITIONS_PER_SLICE * len(spans)
    call = _CONTROL_GB_S * prices.lambda_gb_s + prices.lambda_request
    return workers + steps * prices.transition + CONTROL_CALLS * call
