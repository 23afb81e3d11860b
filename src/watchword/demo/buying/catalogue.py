"""What the store sells. Everything in it is made up; the pictures are drawings of our own in ``static/pictures``."""

import unicodedata
from dataclasses import dataclass
from decimal import Decimal

PAYEE = "Fernwick General Store"
"""What a purchase is paid to, as it stands in messages and on pages."""
MOST_PIECES = 9
"""How many of one product can be bought at once."""
NEARBY = 3
"""How many other products a product's page shows."""
LONGEST_QUERY = 60
"""Characters of a search that are looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """A part of the store."""

    id: str
    title: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """Something that can be bought."""

    id: str
    """Also the name of its picture."""
    title: str
    price: Decimal
    currency: str
    category: str
    """The id of its category."""
    words: str
    """One sentence for the shelves."""
    story: str
    facts: tuple[str, ...]
    picture: str
    """What the picture shows, for those who do not see it."""


def categories() -> tuple[Category, ...]:
    """Return the parts of the store, in the order of its shelves."""
    return (
        Category(id="kitchen", title="Kitchen", words="For the table, and for water on its way to tea."),
        Category(id="pantry", title="Pantry", words="Jars, wheels and bars, made slowly by few hands."),
        Category(id="home", title="Home", words="Light, wool, and warm feet."),
        Category(id="outdoors", title="Outdoors", words="For roads, weather, and the far side of both."),
    )


def find_category(category_id: str) -> Category | None:
    """Return the category with this id."""
    return next((category for category in categories() if category.id == category_id), None)


def products() -> tuple[Product, ...]:
    """Return everything that is on the shelves, category by category."""
    return (*_kitchen(), *_pantry(), *_home(), *_outdoors())


def find_product(product_id: str) -> Product | None:
    """Return the product with this id."""
    return next((product for product in products() if product.id == product_id), None)


def find_products(*, category_id: str = "", query: str = "") -> tuple[Product, ...]:
    """Return what is in a category (empty: in all) and holds every word of a search, marks and capitals aside."""
    wanted = _folded(query[:LONGEST_QUERY]).split()
    return tuple(
        product
        for product in products()
        if category_id in {"", product.category} and all(word in _searched(product) for word in wanted)
    )


def others_nearby(product: Product) -> tuple[Product, ...]:
    """Return a few other products, those of the same category first."""
    same = [other for other in find_products(category_id=product.category) if other.id != product.id]
    further = [other for other in products() if other.category != product.category]
    return tuple((same + further)[:NEARBY])


def _searched(product: Product) -> str:
    category = find_category(product.category)
    named = "" if category is None else category.title
    return _folded(" ".join((product.title, product.words, product.story, *product.facts, named)))


def _folded(text: str) -> str:
    bare = "".join(mark for mark in unicodedata.normalize("NFKD", text) if not unicodedata.combining(mark))
    return bare.casefold()


def _kitchen() -> tuple[Product, ...]:
    return (
        Product(
            id="mug",
            title="Enamel mug",
            price=Decimal("14.00"),
            currency="USD",
            category="kitchen",
            words="Holds a little more than you need.",
            story="Two coats of enamel over steel, fired twice. It goes on a camp fire, into a rucksack and under a"
            " bed, and it chips with dignity.",
            facts=("350 ml", "Safe on any flame", "Not for microwaves"),
            picture="A blue speckled mug with a white rim, steaming",
        ),
        Product(
            id="kettle",
            title="Camp kettle",
            price=Decimal("48.00"),
            currency="USD",
            category="kitchen",
            words="Whistles a fifth, never a third.",
            story="A squat red kettle with a wooden grip that stays cool. Its whistle was tuned by somebody who minds.",
            facts=("1.6 litres", "For gas, induction and embers", "Beech grip"),
            picture="A red kettle with a wooden handle",
        ),
        Product(
            id="teapot",
            title="Stoneware teapot",
            price=Decimal("36.00"),
            currency="USD",
            category="kitchen",
            words="Pours without a drip, or you may keep the drip.",
            story="Thrown on a wheel and glazed in the green of wet moss. No two are alike; the one that you get is"
            " the best one.",
            facts=("900 ml, four cups", "Steel strainer inside", "Dishwasher safe"),
            picture="A round green teapot with a cup beside it",
        ),
    )


def _pantry() -> tuple[Product, ...]:
    return (
        Product(
            id="jam",
            title="Damson jam",
            price=Decimal("7.50"),
            currency="USD",
            category="pantry",
            words="Dark, tart, and gone by Thursday.",
            story="Small plums, half their weight in sugar, one afternoon in a copper pot. The lid pops when"
            " you open it.",
            facts=("340 g", "Keeps for two years unopened", "Nothing added"),
            picture="A jar of dark jam under a checked cloth, with two plums",
        ),
        Product(
            id="chocolate",
            title="Dark chocolate",
            price=Decimal("18.00"),
            currency="CHF",
            category="pantry",
            words="Three bars, priced in francs by their maker.",
            story="Seventy per cent cacao, ground for three days. It comes from the same valley as the cheese, and"
            " goes well with it.",
            facts=("3 × 100 g", "Cacao, sugar, nothing else", "Sold in Swiss francs"),
            picture="An opened bar of chocolate in gold foil",
        ),
        Product(
            id="cheese",
            title="Mountain cheese",
            price=Decimal("60.00"),
            currency="CHF",
            category="pantry",
            words="A quarter wheel, priced in francs by its maker.",
            story="Fourteen months in a cellar cut into rock. It smells of hay, tastes of nuts, and travels well.",
            facts=("1.5 kg", "Raw milk, animal rennet", "Sold in Swiss francs"),
            picture="A quarter of a wheel of cheese on a board",
        ),
    )


def _home() -> tuple[Product, ...]:
    return (
        Product(
            id="candle",
            title="Beeswax candle",
            price=Decimal("9.50"),
            currency="USD",
            category="home",
            words="Burns for a whole evening and smells of clover.",
            story="Poured from the wax of hives behind the shop. The dish under it is brass and can be used again.",
            facts=("About nine hours", "Pure beeswax, cotton wick", "Brass dish included"),
            picture="A lit candle on a brass dish",
        ),
        Product(
            id="socks",
            title="Harbour socks",
            price=Decimal("19.90"),
            currency="USD",
            category="home",
            words="Two pairs, knitted thick, in a colour called Tuesday.",
            story="Wool that still remembers the sheep. Made for boats and for stone floors, and hard to wear out.",
            facts=("80 % wool", "Two pairs", "Mended free for a year"),
            picture="Two striped woollen socks",
        ),
        Product(
            id="blanket",
            title="Lambswool blanket",
            price=Decimal("120.00"),
            currency="USD",
            category="home",
            words="Heavy enough to end an argument.",
            story="Woven in a check of rust and cream, with fringes twisted by hand. It gets softer with every winter.",
            facts=("150 × 200 cm", "Pure lambswool", "Woven to order in two weeks"),
            picture="A folded checked blanket with fringes",
        ),
    )


def _outdoors() -> tuple[Product, ...]:
    return (
        Product(
            id="notebook",
            title="Field notebook",
            price=Decimal("12.00"),
            currency="USD",
            category="outdoors",
            words="Waterproof paper for plans that are not.",
            story="Sewn, not glued, so that it lies flat on a knee. Takes pencil in the rain and ink in the sun.",
            facts=("96 pages, dotted", "Fits a coat pocket", "Pencil included"),
            picture="A green notebook with a pencil",
        ),
        Product(
            id="bicycle",
            title="Folding bicycle",
            price=Decimal("780.00"),
            currency="USD",
            category="outdoors",
            words="Fits under a desk. Twelve gears, none of them first.",
            story="Folds in eleven seconds, in nine once you stop reading the manual. The bell is louder than"
            " it looks.",
            facts=("11.4 kg", "20 inch wheels", "Frame guaranteed for ten years"),
            picture="A small teal bicycle with a basket",
        ),
        Product(
            id="telescope",
            title="Brass telescope",
            price=Decimal("1299.00"),
            currency="USD",
            category="outdoors",
            words="For ships, comets and the neighbours' tomatoes.",
            story="Turned brass on a walnut stand, with glass ground by one man in one town. Brings the moon as near as"
            " it likes to be.",
            facts=("60 mm lens, 45 ×", "Walnut tripod", "Comes in a wooden case"),
            picture="A brass telescope on a wooden tripod under stars",
        ),
    )
