"""Looking around: categories, the search, and pictures that are our own."""

import re
from xml.etree import ElementTree as ET

import pytest

from tests.demo.customer_browser import CustomerBrowser
from watchword.demo.buying.catalogue import categories, find_products, products
from watchword.demo.templating import load_assets


def _titles(browser: CustomerBrowser) -> list[str]:
    assert browser.page is not None
    return re.findall(r'<span class="name">([^<]+)</span>', browser.page.text)


async def test_everything_is_on_the_shelves(browser: CustomerBrowser) -> None:
    await browser.open("/")

    assert _titles(browser) == [product.title for product in products()]


@pytest.mark.parametrize("category", [category.id for category in categories()])
async def test_a_category_shows_its_own_products(browser: CustomerBrowser, category: str) -> None:
    await browser.open("/", category=category)

    assert _titles(browser) == [product.title for product in products() if product.category == category]
    assert len(_titles(browser)) >= 3


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ("TEAPOT", ["Stoneware teapot"]),
        ("brass tripod", ["Brass telescope"]),
        ("  wool  ", ["Harbour socks", "Lambswool blanket"]),
        ("kettlé", ["Camp kettle"]),
        ("kettle candle", []),
    ],
)
async def test_a_search_finds_what_holds_all_its_words(browser: CustomerBrowser, query: str, titles: list[str]) -> None:
    text = await browser.open("/", q=query)

    assert _titles(browser) == titles
    assert ("goes by that name" in text) == (not titles)


async def test_a_search_stays_within_the_chosen_category(browser: CustomerBrowser) -> None:
    await browser.open("/", category="pantry", q="francs")
    assert _titles(browser) == ["Dark chocolate", "Mountain cheese"]
    await browser.open("/", category="home", q="francs")
    assert _titles(browser) == []


@pytest.mark.parametrize("query", ['"><script>alert(1)</script>', "<img src=x onerror=alert(1)>", "x" * 5_000, "\x00"])
async def test_a_search_shows_its_words_and_runs_none_of_them(browser: CustomerBrowser, query: str) -> None:
    await browser.open("/", q=query)

    assert browser.status == 200
    assert browser.page is not None
    assert query[:20] not in browser.page.text or query.startswith(("x", "\x00"))
    assert "x" * 61 not in browser.page.text


async def test_what_there_is_not_is_not_found(browser: CustomerBrowser) -> None:
    await browser.open("/products/unicorn")
    assert browser.status == 404
    await browser.open("/", category="unicorns")
    assert _titles(browser) == [product.title for product in products()]


def test_a_word_of_a_category_finds_its_products() -> None:
    assert {product.category for product in find_products(query="outdoors")} == {"outdoors"}


async def test_every_product_has_a_page_with_a_picture_that_is_described(browser: CustomerBrowser) -> None:
    for product in products():
        await browser.open(f"/products/{product.id}")
        assert browser.page is not None
        assert f'src="/static/pictures/{product.id}.svg" alt="{product.picture}"' in browser.page.text
        answer = await browser.http.get(f"/static/pictures/{product.id}.svg")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


@pytest.mark.parametrize("name", sorted(name for name in load_assets() if name.endswith(".svg")))
def test_pictures_draw_and_do_nothing_else(name: str) -> None:
    picture = load_assets()[name]
    drawing = "{http://www.w3.org/2000/svg}"

    assert len(picture) < 12_000
    for element in ET.fromstring(picture).iter():  # noqa: S314 our own files
        assert element.tag.removeprefix(drawing) not in {"script", "style", "image", "use", "a", "foreignObject"}
        assert not [
            key for key, value in element.attrib.items() if key.startswith("on") or "href" in key or "http" in value
        ]
