import pytest

from shop.money import Money
from shop.shipping import TooHeavy, shipping_cost, start_campaign


@pytest.mark.parametrize(("country", "cents"), [("AT", 990), ("SE", 1490)])
def test_parcel_abroad_costs_more(country, cents):
    assert shipping_cost(country, 500, Money(2000)) == Money(cents)


@pytest.mark.parametrize(("weight_g", "cents"), [(9_999, 1490), (10_000, 1690)])
def test_heavy_parcels_cost_extra(weight_g, cents):
    assert shipping_cost("SE", weight_g, Money(2000)) == Money(cents)


def test_shipping_is_free_from_a_hundred_euros_on():
    assert shipping_cost("SE", 500, Money(10_000)) == Money(0)


def test_nobody_can_carry_that():
    with pytest.raises(TooHeavy):
        shipping_cost("DE", 31_501, Money(2000))


def test_we_do_not_deliver_everywhere():
    with pytest.raises(KeyError, match="do not deliver to 'US'"):
        shipping_cost("US", 500, Money(2000))


def test_campaign_lowers_the_rate():
    start_campaign(1, Money(99))
    assert shipping_cost("DE", 500, Money(2000)) == Money(99)


def test_parcel_within_the_country_has_a_price():
    assert shipping_cost("DE", 500, Money(2000)) == Money(495)
