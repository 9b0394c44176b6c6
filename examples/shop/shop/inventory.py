"""What is in stock, and what is held for a customer who has not paid yet."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass


class OutOfStock(Exception):
    """There are fewer pieces than were asked for."""


@dataclass(frozen=True)
class Reservation:
    """Pieces held until a moment of the monotonic clock."""

    sku: str
    quantity: int
    expires_at: float


class Inventory:
    """Pieces by SKU. Several threads may use it."""

    def __init__(self, stock: dict[str, int], hold_s: float = 900.0) -> None:
        self._stock = dict(stock)
        self._hold_s = hold_s
        self._held: list[Reservation] = []
        self._lock = threading.Lock()

    def available(self, sku: str) -> int:
        """Pieces that nobody holds."""
        with self._lock:
            return self._free(sku)

    def reserve(self, sku: str, quantity: int) -> Reservation:
        """Hold pieces for a while. Raises OutOfStock."""
        with self._lock:
            free = self._free(sku)
            if quantity > free:
                raise OutOfStock(f"{sku}: {quantity} wanted, {free} available")
            reservation = Reservation(sku, quantity, time.monotonic() + self._hold_s)
            self._held.append(reservation)
            return reservation

    def commit(self, reservation: Reservation) -> None:
        """The customer has paid: the pieces leave the stock."""
        with self._lock:
            self._drop_expired()
            if reservation not in self._held:
                raise OutOfStock(f"{reservation.sku}: the reservation has expired")
            self._held.remove(reservation)
            self._stock[reservation.sku] -= reservation.quantity

    def release(self, reservation: Reservation) -> None:
        """The customer has changed their mind."""
        with self._lock:
            if reservation in self._held:
                self._held.remove(reservation)

    def _free(self, sku: str) -> int:
        self._drop_expired()
        held = sum(one.quantity for one in self._held if one.sku == sku)
        return self._stock.get(sku, 0) - held

    def _drop_expired(self) -> None:
        now = time.monotonic()
        self._held = [one for one in self._held if one.expires_at > now]
