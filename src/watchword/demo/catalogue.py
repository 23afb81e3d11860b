"""What the store sells. Everything in it is made up; the pictures are lines of our own in ``templates/pictures``."""

from dataclasses import dataclass
from decimal import Decimal

from watchword_client import Money

PAYEE = "Fernwick General Store"
"""What a purchase is paid to, as it stands in messages and on pages."""
MOST_PIECES = 9
"""How many of one product can be bought at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something that can be bought."""

    id: str
    """Also the name of its picture."""
    title: str
    price: Decimal
    currency: str
    words: str

    def total(self, pieces: int) -> Money:
        """Return what this many cost."""
        return Money(value=self.price * pieces, currency=self.currency)


def products() -> tuple[Product, ...]:
    """Return everything that is on the shelves, the cheap things first."""
    return (
        _product("candle", "Beeswax candle", "9.50", "Burns for a whole evening and smells of clover."),
        _product("mug", "Enamel mug", "14.00", "Chips with dignity. Holds a little more than you need."),
        _product("socks", "Harbour socks", "19.90", "Two pairs, knitted thick, in a colour called Tuesday."),
        _product("notebook", "Field notebook", "12.00", "Waterproof paper for plans that are not."),
        _product("kettle", "Camp kettle", "48.00", "Whistles a fifth, never a third."),
        _product("cheese", "Mountain cheese", "60.00", "A quarter wheel, priced in francs by its maker.", "CHF"),
        _product("bicycle", "Folding bicycle", "780.00", "Fits under a desk. Twelve gears, none of them first."),
        _product("telescope", "Brass telescope", "1299.00", "For ships, comets and the neighbours' tomatoes."),
    )


def find_product(product_id: str) -> Product | None:
    """Return the product with this id."""
    return next((product for product in products() if product.id == product_id), None)


def _product(product_id: str, title: str, price: str, words: str, currency: str = "USD") -> Product:
    return Product(id=product_id, title=title, price=Decimal(price), currency=currency, words=words)
