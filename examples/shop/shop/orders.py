"""Orders, kept in SQLite."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from pathlib import Path

from shop.cart import Cart
from shop.money import Money

_NEXT = {"new": {"paid", "cancelled"}, "paid": {"shipped", "cancelled"}, "shipped": {"returned"}}


class IllegalStep(Exception):
    """An order cannot go from this state to that one."""


@dataclass(frozen=True)
class Order:
    """One order of one customer."""

    number: int
    placed_at: datetime
    total: Money
    state: str = "new"

    def day(self, zone: tzinfo) -> date:
        """The day that the order belongs to, where the customer lives."""
        return self.placed_at.astimezone(UTC).date()


class OrderBook:
    """All orders. Numbers rise without gaps."""

    def __init__(self, path: Path) -> None:
        self._db = sqlite3.connect(path)
        self._db.execute(
            "create table if not exists orders"
            " (number integer primary key, placed_at text, cents integer, state text)"
        )

    def place(self, cart: Cart, at: datetime) -> Order:
        """Turn a cart into an order."""
        if not cart.pieces:
            raise ValueError("the cart is empty")
        if at.tzinfo is None:
            raise ValueError("the time needs a zone")
        total = cart.total()
        with self._db:
            cursor = self._db.execute(
                "insert into orders (placed_at, cents, state) values (?, ?, 'new')",
                (at.isoformat(), total.cents),
            )
        return Order(int(cursor.lastrowid or 0), at, total)

    def get(self, number: int) -> Order:
        """The order with that number. Raises KeyError."""
        row = self._db.execute("select * from orders where number = ?", (number,)).fetchone()
        if row is None:
            raise KeyError(f"no order {number}")
        return Order(row[0], datetime.fromisoformat(row[1]), Money(row[2]), row[3])

    def advance(self, number: int, state: str) -> Order:
        """Bring an order into its next state. Raises IllegalStep."""
        present = self.get(number).state
        if state not in _NEXT.get(present, set()):
            raise IllegalStep(f"order {number} is {present}, it cannot become {state}")
        with self._db:
            self._db.execute("update orders set state = ? where number = ?", (state, number))
        return self.get(number)

    def turnover(self) -> Money:
        """The sum of all orders that were not cancelled."""
        row = self._db.execute(
            "select coalesce(sum(cents), 0) from orders where state != 'cancelled'"
        ).fetchone()
        return Money(row[0])

    def close(self) -> None:
        """Close the file."""
        self._db.close()
