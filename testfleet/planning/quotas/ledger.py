"""Who owes whom: slot-seconds of borrowed quota, and their payback.

A debt is the time that borrowed slots were held. Debts between two scopes are netted, so whoever
lends to its creditor pays back. A debt gives its creditor the first call on what the debtor has
idle; it never stops anybody from using what nobody else wants.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from testfleet.contracts.quota import Lease

Debts = dict[str, dict[str, float]]
_NOTHING_S = 1e-6
"""Less than this is what rounding leaves of a debt that is paid."""


def settle(debts: Mapping[str, Mapping[str, float]], lease: Lease, until: datetime) -> Debts:
    """The debts once the lease has ended: each of its loans is owed, or pays back."""
    held_s = max((min(until, lease.expires_at) - lease.since).total_seconds(), 0.0)
    found: Debts = {debtor: dict(owed) for debtor, owed in debts.items()}
    for borrower, loans in sorted(lease.loans.items()):
        for lender, slots in sorted(loans.items()):
            _owe(found, borrower, lender, slots * held_s)
    return {debtor: owed for debtor, owed in sorted(found.items()) if owed}


def owed(debts: Mapping[str, Mapping[str, float]], debtor: str, creditor: str) -> float:
    """Slot-seconds that the debtor owes the creditor."""
    return debts.get(debtor, {}).get(creditor, 0.0)


def _owe(debts: Debts, borrower: str, lender: str, slot_s: float) -> None:
    credit = owed(debts, lender, borrower)
    paid = min(credit, slot_s)
    _set(debts, lender, borrower, credit - paid)
    _set(debts, borrower, lender, owed(debts, borrower, lender) + slot_s - paid)


def _set(debts: Debts, debtor: str, creditor: str, slot_s: float) -> None:
    if slot_s > _NOTHING_S:
        debts.setdefault(debtor, {})[creditor] = slot_s
    else:
        debts.get(debtor, {}).pop(creditor, None)
