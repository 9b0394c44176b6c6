import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from shop.money import Money
from shop.payments import PaymentClient, PaymentDeclined, ProviderDown

CARD = "5555444433332222"


def test_charge_returns_a_receipt(provider):
    assert PaymentClient(provider.url).charge(CARD, Money(1290)) == "R-1"


def test_provider_is_told_the_amount_in_cents(provider):
    PaymentClient(provider.url).charge(CARD, Money.of("12.90"))
    assert provider.charges == [{"card": CARD, "cents": 1290}]


def test_declined_card_is_not_tried_again(provider):
    with pytest.raises(PaymentDeclined, match="card 3333 was declined"):
        PaymentClient(provider.url).charge("4000111122223333", Money(1290))
    assert provider.charges == []


@pytest.mark.parametrize("outages", [1, 2])
def test_short_outages_go_unnoticed(provider, outages):
    provider.outages = outages
    assert PaymentClient(provider.url).charge(CARD, Money(1290)) == "R-1"


def test_long_outages_are_reported(provider):
    provider.outages = 3
    with pytest.raises(ProviderDown, match="in 3 attempts"):
        PaymentClient(provider.url).charge(CARD, Money(1290))


def test_customers_do_not_wait_for_each_other(provider):
    client = PaymentClient(provider.url)
    with ThreadPoolExecutor(5) as customers:
        receipts = customers.map(lambda _: client.charge(CARD, Money(100)), range(5))
    assert sorted(receipts) == ["R-1", "R-2", "R-3", "R-4", "R-5"]


@pytest.mark.live
@pytest.mark.skipif("SHOP_LIVE_GATEWAY" not in os.environ, reason="SHOP_LIVE_GATEWAY is not set")
def test_live_service_answers():
    assert PaymentClient(os.environ["SHOP_LIVE_GATEWAY"]).charge(CARD, Money(1))
