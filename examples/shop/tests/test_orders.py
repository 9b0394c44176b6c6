from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from shop.cart import Cart
from shop.money import Money
from shop.orders import IllegalStep, OrderBook

NOON = datetime(2025, 6, 1, 12, tzinfo=UTC)
BERLIN_SUMMER = timezone(timedelta(hours=2))


@pytest.fixture
def book(tmp_path):
    book = OrderBook(tmp_path / "orders.sqlite")
    yield book
    book.close()


def test_numbers_rise_without_gaps(book, cart):
    assert [book.place(cart, NOON).number for _ in range(3)] == [1, 2, 3]


def test_order_is_found_again(book, cart):
    placed = book.place(cart, NOON)
    assert book.get(placed.number) == placed


def test_orders_outlive_a_restart(tmp_path, cart):
    first = OrderBook(tmp_path / "orders.sqlite")
    first.place(cart, NOON)
    first.close()
    second = OrderBook(tmp_path / "orders.sqlite")
    assert second.get(1).total == cart.total()
    second.close()


def test_empty_cart_is_no_order(book):
    with pytest.raises(ValueError, match="cart is empty"):
        book.place(Cart(), NOON)


def test_time_without_a_zone_is_refused(book, cart):
    with pytest.raises(ValueError, match="needs a zone"):
        book.place(cart, datetime(2025, 6, 1, 12))


def test_order_belongs_to_the_customers_day(book, cart):
    half_past_midnight = datetime(2025, 6, 2, 0, 30, tzinfo=BERLIN_SUMMER)
    order = book.place(cart, half_past_midnight)
    assert order.day(BERLIN_SUMMER) == date(2025, 6, 2)


@pytest.mark.parametrize("path", [("paid", "shipped", "returned"), ("paid", "cancelled")])
def test_legal_steps(book, cart, path):
    number = book.place(cart, NOON).number
    assert [book.advance(number, state).state for state in path] == list(path)


@pytest.mark.parametrize("path", [("shipped",), ("cancelled", "paid")])
def test_illegal_steps(book, cart, path):
    number = book.place(cart, NOON).number
    *before, last = path
    for state in before:
        book.advance(number, state)
    with pytest.raises(IllegalStep, match=f"cannot become {last}"):
        book.advance(number, last)


def test_cancelled_orders_are_no_turnover(book, cart):
    book.place(cart, NOON)
    book.advance(book.place(cart, NOON).number, "cancelled")
    assert book.turnover() == cart.total()


def test_a_busy_day_adds_up(book, cart):
    for minute in range(40):
        book.place(cart, NOON + timedelta(minutes=minute))
    assert book.turnover() == Money(cart.total().cents * 40)
