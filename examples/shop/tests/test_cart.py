import pytest
from products import CUP, TABLE, TEAPOT

from shop.cart import Cart
from shop.money import Money


def test_total_counts_every_piece(cart):
    assert cart.total() == Money(2490 + 2 * 650)


def test_same_product_again_raises_the_quantity(cart):
    cart.add(CUP, 3)
    assert cart.pieces == 6


def test_weight_is_that_of_all_pieces(cart):
    assert cart.weight_g == 900 + 2 * 250


def test_removed_product_is_not_paid_for(cart):
    cart.remove(TEAPOT.sku)
    assert cart.total() == Money(1300)


def test_what_is_not_there_cannot_be_removed(cart):
    with pytest.raises(KeyError, match="TAB-1 is not in the cart"):
        cart.remove(TABLE.sku)


@pytest.mark.parametrize("quantity", [0, -1])
def test_quantity_must_be_positive(cart, quantity):
    with pytest.raises(ValueError, match="at least 1"):
        cart.add(CUP, quantity)


def test_nine_pieces_have_no_discount():
    cart = Cart()
    cart.add(CUP, 9)
    assert cart.total() == Money(5850)


def test_ten_pieces_are_enough_for_the_quantity_discount():
    cart = Cart()
    cart.add(CUP, 10)
    assert cart.total() == Money(6175), "five per cent off from ten pieces on"
