import threading
import time

import pytest

from shop.inventory import Inventory, OutOfStock


class TestReservation:
    """Pieces are held for a quarter of a second."""

    def setup_method(self):
        self.inventory = Inventory({"CUP-1": 5}, hold_s=0.25)

    def test_reserved_pieces_are_not_available(self):
        self.inventory.reserve("CUP-1", 2)
        assert self.inventory.available("CUP-1") == 3

    def test_more_than_the_stock_cannot_be_reserved(self):
        with pytest.raises(OutOfStock, match="6 wanted, 5 available"):
            self.inventory.reserve("CUP-1", 6)

    def test_unpaid_pieces_come_back(self):
        self.inventory.reserve("CUP-1", 5)
        time.sleep(0.3)
        assert self.inventory.available("CUP-1") == 5

    def test_payment_after_the_end_comes_too_late(self):
        reservation = self.inventory.reserve("CUP-1", 1)
        time.sleep(0.3)
        with pytest.raises(OutOfStock, match="expired"):
            self.inventory.commit(reservation)

    def test_paid_pieces_stay_away(self):
        self.inventory.commit(self.inventory.reserve("CUP-1", 2))
        time.sleep(0.3)
        assert self.inventory.available("CUP-1") == 3

    def test_released_pieces_are_available_at_once(self):
        self.inventory.release(self.inventory.reserve("CUP-1", 4))
        assert self.inventory.available("CUP-1") == 5


@pytest.mark.parametrize("customers", [2, 8, 24])
def test_last_piece_is_sold_once(customers):
    inventory = Inventory({"TEA-1": 1})
    start, sold = threading.Barrier(customers), []

    def buy():
        start.wait()
        try:
            reservation = inventory.reserve("TEA-1", 1)
        except OutOfStock:
            return
        time.sleep(0.15)  # the customer types the number of the card
        inventory.commit(reservation)
        sold.append(reservation)

    threads = [threading.Thread(target=buy) for _ in range(customers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sold) == 1
