"""How much of each quota is used, lent and spoken for at one moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property

from testfleet.contracts.quota import Lease, Period, Quota, Quotas, QuotaState, Waiter
from testfleet.planning.quotas.ledger import owed
from testfleet.planning.quotas.shares import adjusted


def period_start(period: Period, now: datetime) -> date:
    """First day of the period that the moment lies in."""
    today = now.date()
    if period == "month":
        return today.replace(day=1)
    return today - timedelta(days=today.weekday() if period == "week" else 0)


@dataclass(frozen=True)
class Loan:
    """What a scope may take for one run: slots of its own, and slots of others."""

    own: int
    lenders: Mapping[str, int]
    """Idle slots by lender, those first that pay back a debt."""

    @property
    def slots(self) -> int:
        """All that is free."""
        return max(self.own + sum(self.lenders.values()), 0)

    def take(self, slots: int) -> dict[str, int]:
        """The part of the slots that is borrowed, by lender."""
        missing, taken = slots - max(self.own, 0), {}
        for lender, idle in self.lenders.items():
            part = min(idle, missing)
            if part > 0:
                taken[lender] = part
                missing -= part
        return taken


@dataclass
class _Sums:
    """Of all leases, by scope."""

    used: Counter[str] = field(default_factory=Counter)
    borrowed: Counter[str] = field(default_factory=Counter)
    lent: Counter[str] = field(default_factory=Counter)
    held_usd: dict[str, float] = field(default_factory=dict)

    def add(self, lease: Lease) -> None:
        for scope in lease.scopes:
            self.used[scope] += lease.slots
            self.held_usd[scope] = self.held_usd.get(scope, 0.0) + lease.usd
        for scope, lenders in lease.loans.items():
            self.borrowed[scope] += sum(lenders.values())
            self.lent.update(lenders)


@dataclass(frozen=True)
class Use:
    """The state at one moment, as seen by a run that asks (or by nobody, for the overview)."""

    policy: Quotas
    state: QuotaState
    now: datetime
    asking: str = ""
    """Run that asks: what it waits for itself does not stand in its way."""
    _quotas: dict[str, Quota] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_quotas", self.policy.scopes)

    @cached_property
    def leases(self) -> list[Lease]:
        """Leases that have not ended."""
        return [lease for lease in self.state.leases.values() if lease.expires_at > self.now]

    @cached_property
    def _sums(self) -> _Sums:
        found = _Sums()
        for lease in self.leases:
            found.add(lease)
        return found

    @cached_property
    def queue(self) -> list[Waiter]:
        """All that wait and still ask, oldest first."""
        waiting = [each for each in self.state.waiters.values() if each.expires_at > self.now]
        return sorted(waiting, key=lambda each: (each.since, each.run_id))

    @cached_property
    def heads(self) -> list[Waiter]:
        """The oldest of those that wait for the same quotas, without the run that asks.

        Only they reserve: whoever stands behind them cannot start before them anyway.
        """
        found: dict[tuple[str, ...], Waiter] = {}
        for waiter in self.queue:
            found.setdefault((waiter.repository, *waiter.scopes), waiter)
        return [head for head in found.values() if head.run_id != self.asking]

    @cached_property
    def _reserved(self) -> Counter[str]:
        """What the heads need at least, by scope."""
        found: Counter[str] = Counter()
        for head in self.heads:
            found.update(dict.fromkeys(head.scopes, head.least))
        return found

    @cached_property
    def _waiting(self) -> Counter[str]:
        """What all that wait would like to have, by scope."""
        found: Counter[str] = Counter()
        for waiter in self.queue:
            found.update(dict.fromkeys(waiter.scopes, waiter.wanted))
        return found

    @cached_property
    def shares(self) -> dict[str, int]:
        """Concurrency of every scope that limits it, adjusted to its use."""
        found: dict[str, int] = {}
        for family in self._families.values():
            quotas = {scope: self._quotas[scope] for scope in family}
            found |= adjusted(quotas, self.state.averages)
        return found

    def quota(self, scope: str) -> Quota:
        """The scope as it is configured; a scope that is no more limits nothing."""
        return self._quotas.get(scope, Quota())

    def used(self, scope: str) -> int:
        """Slots of the scope's own runs, borrowed ones included."""
        return self._sums.used[scope]

    def borrowed(self, scope: str) -> int:
        """Slots that the scope's runs have borrowed."""
        return self._sums.borrowed[scope]

    def lent(self, scope: str) -> int:
        """Slots of the scope that the runs of others use."""
        return self._sums.lent[scope]

    def idle(self, scope: str) -> int:
        """Slots of the scope that nobody uses. Below zero when its share has shrunk."""
        own = self.used(scope) - self.borrowed(scope)
        return self.shares[scope] - own - self.lent(scope)

    def demand(self, scope: str) -> int:
        """Slots that the scope's runs have or wait for."""
        return self.used(scope) + self._waiting[scope]

    def held_usd(self, scope: str) -> float:
        """Dollars that are held back for runs whose cost is not known yet."""
        return self._sums.held_usd.get(scope, 0.0)

    def spent_usd(self, scope: str) -> float:
        """Dollars of runs that have ended in this period."""
        spending = self.state.spent.get(scope)
        today = period_start(self.policy.period, self.now).isoformat()
        return spending.usd if spending and spending.period == today else 0.0

    def free(self, scope: str, older: Iterable[Waiter]) -> Loan:
        """What a run may take of the scope, when these older runs wait too.

        The older ones reserve what they need at least, so they cannot starve.
        """
        reserved = sum(head.least for head in older if scope in head.scopes)
        most = max(self.quota(scope).borrow - self.borrowed(scope), 0)
        # Shares that have moved may still be in use where they were: all together never exceed.
        most = min(most, self._unused_by_group(scope))
        own = min(self.idle(scope) - reserved, self._unused_by_group(scope))
        return Loan(own, _up_to(self._lenders(scope), most) if most > 0 else {})

    def _lenders(self, scope: str) -> dict[str, int]:
        others = [
            each
            for each in self._siblings(scope)
            if each != scope and self.quota(each).lends and self._lendable(each, scope) > 0
        ]
        others.sort(key=lambda each: (-owed(self.state.debts, each, scope), -self.idle(each), each))
        return {each: self._lendable(each, scope) for each in others}

    def _lendable(self, lender: str, borrower: str) -> int:
        """What is idle, less what the lender's own runs and its creditors wait for."""
        wanted = self._reserved[lender]
        if lender in self.state.debts:
            wanted += sum(
                head.least
                for head in self.heads
                if lender not in head.scopes and self._is_creditor(head, lender, borrower)
            )
        return self.idle(lender) - wanted

    def _is_creditor(self, head: Waiter, lender: str, borrower: str) -> bool:
        return any(
            scope != borrower
            and self.quota(scope).borrow > 0
            and owed(self.state.debts, lender, scope) > 0
            for scope in head.scopes
        )

    def _unused_by_group(self, scope: str) -> int:
        group = self._siblings(scope)
        total = sum(self.quota(each).concurrency or 0 for each in group)
        return total - sum(self.used(each) for each in group)

    def _siblings(self, scope: str) -> list[str]:
        """Scopes that share their slots with this one, itself included.

        Teams among each other, types among each other, repositories within their team.
        """
        return self._families[self._family(scope)]

    @cached_property
    def _families(self) -> dict[tuple[str, str | None], list[str]]:
        found: dict[tuple[str, str | None], list[str]] = {}
        for scope, quota in self._quotas.items():
            if quota.concurrency is not None:
                found.setdefault(self._family(scope), []).append(scope)
        return found

    def _family(self, scope: str) -> tuple[str, str | None]:
        kind, _, name = scope.partition(":")
        return kind, self.policy.team_of(name) if kind == "repository" else None


def _up_to(lenders: Mapping[str, int], most: int) -> dict[str, int]:
    found: dict[str, int] = {}
    for lender, idle in lenders.items():
        part = min(idle, most - sum(found.values()))
        if part > 0:
            found[lender] = part
    return found
