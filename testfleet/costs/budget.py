"""What a budget's notification means, and which endpoints it stops."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from testfleet.errors import UsageError

ACTUAL: Final = "ACTUAL"
"""Money that is spent. The other kind, FORECASTED, never stops anything."""

_LINE = re.compile(r"^(?P<key>[A-Za-z ]{1,40}):[ \t]*(?P<value>[^\r\n]{1,200})", re.MULTILINE)
_AMOUNT = re.compile(r"[0-9][0-9,]{0,20}(?:\.[0-9]{1,6})?")
_LONGEST_MESSAGE = 64 * 1024
_HOURS_A_MONTH: Final = 730.0
_ROUNDING: Final = 1e-9


@dataclass(frozen=True)
class BudgetAlert:
    """One notification of AWS Budgets."""

    budget: str
    kind: str
    """ACTUAL or FORECASTED."""
    limit: float
    amount: float
    """What was spent, or is forecast, in the budget's currency."""

    @property
    def share(self) -> float:
        """Amount as a share of the budget: 1.0 is all of it."""
        return self.amount / self.limit


@dataclass(frozen=True)
class StopRule:
    """An endpoint and the share of the budget at which it stops."""

    endpoint: str
    share: float = 1.0


def endpoints_to_stop(alert: BudgetAlert, rules: Iterable[StopRule]) -> tuple[str, ...]:
    """Endpoints whose share the actual cost has reached, in the order of the rules."""
    if alert.kind != ACTUAL:
        return ()
    return tuple(rule.endpoint for rule in rules if alert.share >= rule.share)


@dataclass(frozen=True)
class Month:
    """The month's money at one moment."""

    limit_usd: float
    spent_usd: float
    hours_left: float


def affordable_units(month: Month, share: float, usd_per_hour: float) -> int:
    """Units of that price that may run until the month ends.

    They take no more than the share of the budget, spread over a whole month, and no more than what
    is left of the budget.
    """
    if usd_per_hour <= 0 or not math.isfinite(usd_per_hour):
        raise UsageError(f"a price of {usd_per_hour} dollars an hour: expected more than 0")
    left_usd = max(month.limit_usd - month.spent_usd, 0.0)
    hourly_usd = min(
        left_usd / max(month.hours_left, 1.0), share * month.limit_usd / _HOURS_A_MONTH
    )
    # A cent too few must not cost a unit: prices are sums of rounded numbers.
    return math.floor(hourly_usd / usd_per_hour + _ROUNDING)


def read_alert(message: str) -> BudgetAlert:
    """Read the text that AWS Budgets publishes: lines like `Budgeted Amount: $200.00`.

    Raises UsageError that names the missing line: an alert that is not understood must be loud,
    since nothing else stops the endpoints.
    """
    lines = {
        found["key"].strip(): found["value"].strip()
        for found in _LINE.finditer(message[:_LONGEST_MESSAGE])
    }
    kind = _need(lines, "Alert Type").upper()
    limit = _amount(lines, "Budgeted Amount")
    if limit <= 0:
        raise UsageError(f"the budget alert names a budget of {limit}, expected more than 0")
    return BudgetAlert(
        budget=_need(lines, "Budget Name"),
        kind=kind,
        limit=limit,
        amount=_amount(lines, f"{kind} Amount"),
    )


def _need(lines: Mapping[str, str], key: str) -> str:
    if key not in lines:
        raise UsageError(
            f"the budget alert has no line {key!r}, it has: {', '.join(sorted(lines)) or 'none'}",
            hint="was the message published by AWS Budgets?",
        )
    return lines[key]


def _amount(lines: Mapping[str, str], key: str) -> float:
    text = _need(lines, key)
    found = _AMOUNT.search(text)
    if found is None:
        raise UsageError(f"the budget alert's {key!r} is {text!r}, expected an amount of money")
    # A month of credits stands there as -$5.00.
    sign = -1 if "-" in text[: found.start()] else 1
    return sign * float(found[0].replace(",", ""))


class _Notification(BaseModel):
    model_config = ConfigDict(extra="ignore")

    message: str = Field(alias="Message")


class _Record(BaseModel):
    model_config = ConfigDict(extra="ignore")

    sns: _Notification = Field(alias="Sns")


class _SnsEvent(BaseModel):
    model_config = ConfigDict(extra="ignore")

    records: list[_Record] = Field(alias="Records", min_length=1)


def read_notifications(event: Mapping[str, object]) -> list[BudgetAlert]:
    """The alerts in an SNS event of Lambda. Raises UsageError for anything else."""
    try:
        records = _SnsEvent.model_validate(event).records
    except ValidationError as exc:
        key = ".".join(str(part) for part in exc.errors()[0]["loc"]) or "(whole event)"
        raise UsageError(f"expected an event of SNS: {key}: {exc.errors()[0]['msg']}") from None
    return [read_alert(record.sns.message) for record in records]
