"""Who may use what, who uses it, and who owes whom: the lines of `testfleet quotas`."""

from __future__ import annotations

from testfleet.contracts.base import Contract
from testfleet.planning.quotas.use import Use


class QuotaLine(Contract):
    """One quota at one moment."""

    scope: str
    concurrency: int | None
    """Slots that it has now. None: no such limit."""
    configured: int | None
    """Slots that the configuration gives it; use may have moved its share."""
    used: int
    """Slots of its own runs, borrowed ones included."""
    borrowed: int
    lent: int
    waiting: int
    """Runs that wait, for this quota or another of theirs."""
    owes: dict[str, float]
    """Slot-seconds by creditor."""
    owed: dict[str, float]
    """Slot-seconds by debtor."""
    usd: float | None
    """Dollars of a period. None: no such limit."""
    spent_usd: float
    held_usd: float
    """Set aside for runs that have not ended."""


def overview(use: Use) -> list[QuotaLine]:
    """A line for each quota, in the order of the configuration."""
    return [_line(use, scope) for scope in use.policy.scopes]


def _line(use: Use, scope: str) -> QuotaLine:
    quota, debts = use.quota(scope), use.state.debts
    return QuotaLine(
        scope=scope,
        concurrency=use.shares.get(scope),
        configured=quota.concurrency,
        used=use.used(scope),
        borrowed=use.borrowed(scope),
        lent=use.lent(scope),
        waiting=sum(scope in waiter.scopes for waiter in use.queue),
        owes=debts.get(scope, {}),
        owed={debtor: owes[scope] for debtor, owes in debts.items() if scope in owes},
        usd=quota.usd,
        spent_usd=use.spent_usd(scope),
        held_usd=use.held_usd(scope),
    )
