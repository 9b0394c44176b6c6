"""What the shop of the tests sells."""

from shop.cart import Product
from shop.money import Money

TEAPOT = Product("TEA-1", "Teapot", Money(2490), weight_g=900)
CUP = Product("CUP-1", "Cup", Money(650), weight_g=250)
TABLE = Product("TAB-1", "Oak table", Money(34900), weight_g=28_000)
