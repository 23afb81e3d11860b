"""The page says why a code is asked: in the language of its reader, in the operator's words where he wrote some."""

from dataclasses import replace

import pytest
from babel import Locale
from starlette.applications import Starlette

from tests.kit.default_policy import environment, text_of_the_default_policy
from tests.kit.languages import LANGUAGES
from tests.pages.guest import visit
from tests.pages.world import ONE_CAMERA, World
from watchword.domain.secret import Secret
from watchword.pages.hosted import create_page_routes
from watchword.risk.policy import load_policy
from watchword.wording.languages import Language, Languages

CAMERAS = """
[[rule]]
name = "cameras"
actions = ["purchase"]
then = "challenge"
text = "Cameras are proven"
customer_text = { en = "Cameras <b>above {threshold}</b>.", de = "Kameras über {threshold}.", "" = "Appareils." }
"""


def german() -> Language:
    """Give a German page of which two sentences are German."""
    english = LANGUAGES.by_tag["en"]
    texts = {**english.texts, "why": "Warum wir fragen", "reason.high_value_purchase": "Käufe über {threshold} immer."}
    return replace(english, tag="de", locale=Locale("de"), texts=texts)


@pytest.fixture
def cameras(world: World) -> World:
    """Gives a shop that says in two languages why it asks for cameras, with German and Dutch pages."""
    text = text_of_the_default_policy() + CAMERAS
    policy = load_policy(text, source_name="cameras.toml", environment=environment())
    ports = replace(world.ports, policies={world.application.id: policy})
    dutch = replace(LANGUAGES.by_tag["en"], tag="nl", locale=Locale("nl"))
    languages = Languages(by_tag={**LANGUAGES.by_tag, "de": german(), "nl": dutch})
    return replace(world, ports=ports, site=Starlette(routes=create_page_routes(ports, languages)))


@pytest.mark.parametrize(
    ("locale", "marked"),
    [
        ("de-AT", '<bdi lang="de">Kameras über 500.00 USD.</bdi>'),
        ("en", '<bdi lang="en">Cameras &lt;b&gt;above 500.00 USD&lt;/b&gt;.</bdi>'),
    ],
)
async def test_a_reader_is_told_in_the_operators_words_for_his_language(
    cameras: World, locale: str, marked: str
) -> None:
    challenge = await cameras.start(**ONE_CAMERA, locale=locale)
    page = (await visit(cameras.site, challenge.url)).page
    assert marked in page.html
    assert "Appareils" not in page.html


async def test_who_reads_a_language_without_words_gets_those_for_everybody(cameras: World) -> None:
    challenge = await cameras.start(**ONE_CAMERA, locale="nl")
    assert "<bdi>Appareils.</bdi>" in (await visit(cameras.site, challenge.url)).page.html


async def test_the_products_sentence_is_worded_when_it_is_shown(cameras: World) -> None:
    challenge = await cameras.start(**ONE_CAMERA, locale="de")
    text = (await visit(cameras.site, challenge.url)).page.text
    assert "Käufe über 500,00 USD immer." in text
    in_english = Secret(f"{challenge.url.reveal()}?language=en")
    assert "Purchases above 500.00 USD are always" in (await visit(cameras.site, in_english)).page.text
