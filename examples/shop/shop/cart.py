"""What a customer is about to buy."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from shop.money import Money

QUANTITY_DISCOUNT_FROM = 10
QUANTITY_DISCOUNT = Decimal("0.05")


@dataclass(frozen=True)
class Product:
    """Something for sale."""

    sku: str
    name: str
    price: Money
    weight_g: int = 0


@dataclass
class Cart:
    """Products with their quantities."""

    lines: dict[str, tuple[Product, int]] = field(default_factory=dict)

    def add(self, product: Product, quantity: int = 1) -> None:
        """Put more of a product into the cart."""
        if quantity < 1:
            raise ValueError(f"quantity must be at least 1, got {quantity}")
        _, present = self.lines.get(product.sku, (product, 0))
        self.lines[product.sku] = (product, present + quantity)

    def remove(self, sku: str) -> None:
        """Take a product out of the cart."""
        if sku not in self.lines:
            raise KeyError(f"{sku} is not in the cart")
        del self.lines[sku]

    @property
    def pieces(self) -> int:
        """How many things there are in all."""
        return sum(quantity for _, quantity in self.lines.values())

    @property
    def weight_g(self) -> int:
        """What all of it weighs."""
        return sum(product.weight_g * quantity for product, quantity in self.lines.values())

    def total(self) -> Money:
        """The price of everything, discounts taken off."""
        total = Money(0)
        for product, quantity in self.lines.values():
            total += line_price(product, quantity)
        return total


def line_price(product: Product, quantity: int) -> Money:
    """Five per cent off from ten pieces of one product on."""
    price = product.price * quantity
    if quantity > QUANTITY_DISCOUNT_FROM:
        price *= 1 - QUANTITY_DISCOUNT
    return price
