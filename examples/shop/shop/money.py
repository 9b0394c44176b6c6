"""Amounts of money and the taxes on them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

VAT_RATES = {
    "AT": Decimal("0.20"),
    "DE": Decimal("0.19"),
    "FR": Decimal("0.20"),
    "LU": Decimal("0.17"),
    "SE": Decimal("0.25"),
}


class CurrencyMismatch(ValueError):
    """Two amounts of different currencies cannot be combined."""


@dataclass(frozen=True, order=True)
class Money:
    """An amount in whole cents of one currency."""

    cents: int
    currency: str = "EUR"

    @classmethod
    def of(cls, amount: str | Decimal, currency: str = "EUR") -> Money:
        """From `12.34`; fractions of a cent are rounded."""
        return cls(round(Decimal(amount) * 100), currency)

    def __add__(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise CurrencyMismatch(f"cannot add {other.currency} to {self.currency}")
        return Money(self.cents + other.cents, self.currency)

    def __mul__(self, factor: int | Decimal) -> Money:
        return Money(round(self.cents * factor), self.currency)

    def __str__(self) -> str:
        sign = "-" if self.cents < 0 else ""
        return f"{sign}{abs(self.cents) // 100}.{abs(self.cents) % 100:02} {self.currency}"

    def split(self, parts: int) -> list[Money]:
        """Shares that differ by a cent at most and add up to the whole."""
        if parts < 1:
            raise ValueError(f"cannot split into {parts} parts")
        share, rest = divmod(self.cents, parts)
        return [Money(share + (at < rest), self.currency) for at in range(parts)]


def with_vat(net: Money, country: str) -> Money:
    """The price that a customer in the country pays."""
    if country not in VAT_RATES:
        raise KeyError(f"no VAT rate for {country!r}")
    return net * (1 + VAT_RATES[country])
