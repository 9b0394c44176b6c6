"""Admission under quotas: now, later, or not at all, and why.

Everything is a pure function from one state of use to the next. Whoever keeps the state (a table,
a dictionary) exchanges it whole, so two runs that ask at the same moment are decided one after the
other.

Order is first come, first served, with reservations instead of blocking: the oldest waiting run of
each repository and type reserves in all its quotas what it needs at least, and younger runs may use
what is left (conservative backfilling: Mu'alem and Feitelson, IEEE TPDS 12(6), 2001, here without
run times). Since nobody takes what is reserved, quotas drain towards the oldest: nobody starves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from testfleet.contracts.quota import Lease, Quotas, QuotaState, Spending, Waiter
from testfleet.planning.quotas.ledger import settle
from testfleet.planning.quotas.shares import roll
from testfleet.planning.quotas.use import Loan, Use, period_start

FIRST_LEASE_S: Final = 3600.0
"""From admission to the plan, which knows how long the run may take: fetching and building."""
_FORGET_WAITER_S: Final = 60.0
"""A waiting run asks every few seconds; one that has not for this long is gone."""
_KEEP_ENDED: Final = timedelta(days=1)
"""An ended lease is kept that long: its run may turn out to live."""
_LEAST_SHARE: Final = 4
"""A run starts with a quarter of what it wants, rather than wait for all of it."""
_NEW_COST_WEIGHT: Final = 0.3
_FIRST_PAUSE_S: Final = 2
_LONGEST_PAUSE_S: Final = 15


class Verdict(StrEnum):
    """What becomes of a run that asks."""

    ADMIT = "admit"
    WAIT = "wait"
    REJECT = "reject"


@dataclass(frozen=True)
class Decision:
    """The verdict and its reason, fit for a user."""

    verdict: Verdict
    reason: str
    slots: int = 0
    """Shards that an admitted run may run at the same time."""
    wait_s: int = 0
    """When a waiting run should ask again."""


@dataclass(frozen=True)
class Moment:
    """What is known when something is decided."""

    policy: Quotas
    state: QuotaState
    now: datetime

    def advanced(self) -> QuotaState:
        """The state at this moment: averages moved on, what is long over removed."""
        use, policy = Use(self.policy, self.state, self.now), self.policy
        averages = {
            scope: roll(self.state.averages.get(scope), use.demand(scope), self.now)
            for scope, quota in policy.scopes.items()
            if quota.bounds[0] != quota.bounds[1]
        }
        waiters = {waiter.run_id: waiter for waiter in use.queue}
        state = self.state.model_copy(update={"averages": averages, "waiters": waiters})
        for lease in list(state.leases.values()):
            if lease.expires_at + _KEEP_ENDED <= self.now:
                state = self.ended(state, lease)
        return state

    def ended(self, state: QuotaState, lease: Lease) -> QuotaState:
        """The state without the lease, which has cost what it says."""
        period = period_start(self.policy.period, self.now).isoformat()
        spent = {scope: usd for scope, usd in state.spent.items() if usd.period == period}
        for scope in lease.scopes:
            before = spent[scope].usd if scope in spent else 0.0
            spent[scope] = Spending(period=period, usd=before + lease.usd)
        others = {name: each for name, each in state.leases.items() if name != lease.run_id}
        debts = settle(state.debts, lease, self.now)
        return state.model_copy(update={"leases": others, "debts": debts, "spent": spent})


@dataclass(frozen=True)
class Ask:
    """A run that wants to start."""

    run_id: str
    repository: str
    scopes: tuple[str, ...]
    wanted: int
    """Slots that it could use."""


def scopes_of(policy: Quotas, repository: str, suite: str | None, mode: str) -> tuple[str, ...]:
    """The quotas that a run counts against. Its type is its suite's name, or else its mode."""
    kind = suite if suite in policy.types else mode
    mine = ("fleet", f"team:{policy.team_of(repository)}", f"repository:{repository}")
    return tuple(scope for scope in (*mine, f"type:{kind}") if scope in policy.scopes)


def decide(moment: Moment, ask: Ask) -> tuple[Decision, QuotaState]:
    """Admit the run, have it wait, or reject it. Asking again changes nothing for one admitted."""
    state = moment.advanced()
    held = state.leases.get(ask.run_id)
    if held is not None:
        return Decision(Verdict.ADMIT, "admitted before", held.slots), state
    use = Use(moment.policy, state, moment.now, ask.run_id)
    refusal = next(_refusals(use, ask), None)
    if refusal is not None:
        return Decision(Verdict.REJECT, refusal), _without_waiter(state, ask.run_id)
    return _Queue(use, ask).decide()


def renew(moment: Moment, run_id: str, lease_s: float) -> tuple[int | None, QuotaState]:
    """Have a run's lease last from now on. The run's slots, or None when it has no lease.

    A lease that had ended counts again, even over the quota: its run did not end with it.
    """
    state = moment.advanced()
    lease = state.leases.get(run_id)
    if lease is None:
        return None, state
    until = max(lease.expires_at, moment.now + timedelta(seconds=lease_s))
    renewed = lease.model_copy(update={"expires_at": until})
    return lease.slots, state.model_copy(update={"leases": state.leases | {run_id: renewed}})


def release(moment: Moment, run_id: str, usd: float) -> QuotaState:
    """The state once the run has ended and cost so much. A second call changes nothing."""
    state = _without_waiter(moment.advanced(), run_id)
    lease = state.leases.get(run_id)
    if lease is None:
        return state
    if usd > 0:  # A run that was rejected after its admission says nothing of the others.
        known = state.costs.get(lease.repository, usd)
        mean = known + _NEW_COST_WEIGHT * (usd - known)
        state = state.model_copy(update={"costs": state.costs | {lease.repository: mean}})
    return moment.ended(state, lease.model_copy(update={"usd": usd}))


def _refusals(use: Use, ask: Ask) -> Iterator[str]:
    """Reasons that waiting would not mend."""
    for scope in ask.scopes:
        quota = use.quota(scope)
        if quota.concurrency == 0:
            yield f"{_name(scope)} has a quota of zero shards at the same time: raise it to admit"
        if quota.usd is None:
            continue
        taken = use.spent_usd(scope) + use.held_usd(scope)
        expected = use.state.costs.get(ask.repository, 0.0)
        if taken >= quota.usd or taken + expected > quota.usd:
            yield (
                f"{_name(scope)} has spent or set aside ${taken:.2f} of ${quota.usd:.2f} this "
                f"{use.policy.period}, and a run of {ask.repository} takes about ${expected:.2f}"
            )


@dataclass(frozen=True)
class _Queue:
    """A run among those that wait."""

    use: Use
    ask: Ask

    def decide(self) -> tuple[Decision, QuotaState]:
        use, me = self.use, self._me()
        older = [head for head in use.heads if _rank(head) < _rank(me)]
        ahead = [head.run_id for head in older if _line(head) == _line(me)]
        limited = [scope for scope in me.scopes if use.quota(scope).concurrency is not None]
        free = {scope: use.free(scope, older) for scope in limited}
        slots = min([me.wanted, *(loan.slots for loan in free.values())])
        if slots >= me.least and not ahead:
            return self._admit(slots, free)
        if (use.now - me.since).total_seconds() >= use.policy.max_wait_s:
            reason = f"waited {use.policy.max_wait_s} s in vain: {self._why(free, ahead)}"
            return Decision(Verdict.REJECT, reason), _without_waiter(use.state, me.run_id)
        return self._wait(me, self._why(free, ahead))

    def _me(self) -> Waiter:
        """The run as it waits from now on, for as long as it has waited."""
        use, ask = self.use, self.ask
        before = use.state.waiters.get(ask.run_id)
        wanted = max(ask.wanted, 1)
        limits = [use.shares[scope] for scope in ask.scopes if scope in use.shares]
        return Waiter(
            run_id=ask.run_id,
            repository=ask.repository,
            scopes=ask.scopes,
            wanted=wanted,
            least=max(min([-(-wanted // _LEAST_SHARE), *limits]), 1),
            since=before.since if before else use.now,
            expires_at=use.now + timedelta(seconds=_FORGET_WAITER_S),
        )

    def _admit(self, slots: int, free: dict[str, Loan]) -> tuple[Decision, QuotaState]:
        use, ask = self.use, self.ask
        taken = {scope: loan.take(slots) for scope, loan in free.items()}
        lease = Lease(
            run_id=ask.run_id,
            repository=ask.repository,
            scopes=ask.scopes,
            slots=slots,
            loans={scope: loans for scope, loans in taken.items() if loans},
            usd=use.state.costs.get(ask.repository, 0.0),
            since=use.now,
            expires_at=use.now + timedelta(seconds=FIRST_LEASE_S),
        )
        state = _without_waiter(use.state, ask.run_id)
        state = state.model_copy(update={"leases": state.leases | {ask.run_id: lease}})
        return Decision(Verdict.ADMIT, f"{slots} of {ask.wanted} slots", slots), state

    def _wait(self, me: Waiter, reason: str) -> tuple[Decision, QuotaState]:
        waited_s = int((self.use.now - me.since).total_seconds())
        pause_s = min(max(waited_s // 4, _FIRST_PAUSE_S), _LONGEST_PAUSE_S)
        state = self.use.state
        state = state.model_copy(update={"waiters": state.waiters | {me.run_id: me}})
        return Decision(Verdict.WAIT, reason, wait_s=pause_s), state

    def _why(self, free: dict[str, Loan], ahead: list[str]) -> str:
        if ahead:
            return f"run {ahead[0]} of the same repository and type has waited longer"
        scope = min(free, key=lambda each: (free[each].slots, each))
        use = self.use
        borrowed, lent = use.borrowed(scope), use.lent(scope)
        notes = [f"{borrowed} borrowed"] * bool(borrowed) + [f"{lent} lent"] * bool(lent)
        extra = f" ({', '.join(notes)})" if notes else ""
        return f"{_name(scope)} uses {use.used(scope)} of {use.shares[scope]} slots{extra}"


def _rank(waiter: Waiter) -> tuple[datetime, str]:
    return waiter.since, waiter.run_id


def _line(waiter: Waiter) -> tuple[str, ...]:
    """Runs of one line start in the order in which they came."""
    return waiter.repository, *waiter.scopes


def _without_waiter(state: QuotaState, run_id: str) -> QuotaState:
    others = {name: each for name, each in state.waiters.items() if name != run_id}
    return state.model_copy(update={"waiters": others})


def _name(scope: str) -> str:
    kind, _, name = scope.partition(":")
    return f"{kind} {name}" if name else "the fleet"
