"""The sentences that a page of the application asks for: in which language, about what, and nothing more than that."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from tests.api.world import SHOP, World
from tests.kit.languages import LANGUAGES
from watchword.api.challenge_words import ChallengeWords
from watchword.api.challenges import challenge_calls
from watchword.api.openapi import refusals_of
from watchword.domain.branding import Branding
from watchword.domain.challenge import ChallengeState
from watchword.web.problems import INTERNAL_CODE

PURCHASE: dict[str, Any] = {"amount": {"value": "1299.00", "currency": "USD"}, "payee": "ACME Cameras"}
TOKEN_CALLS = [call.operation for call in challenge_calls(LANGUAGES) if call.operation.takes_token]


async def _words(world: World, challenge: dict[str, Any], tag: str = "en") -> dict[str, Any]:
    answer = await world.get(f"/v1/challenges/{challenge['id']}?words={tag}", as_=challenge["token"])
    assert answer.status_code == 200, answer.text
    words: dict[str, Any] = answer.json()["words"]
    return words


def _named_texts(value: object, name: str = "") -> Iterator[tuple[str, str]]:
    match value:
        case str():
            yield name, value
        case dict():
            for key, one in value.items():
                yield from _named_texts(one, f"{name}.{key}")
        case list():
            for number, one in enumerate(value):
                yield from _named_texts(one, f"{name}.{number}")
        case _:
            pass


async def test_nobody_gets_sentences_who_does_not_ask(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    assert "words" not in challenge
    answer = await world.get(f"/v1/challenges/{challenge['id']}", as_=challenge["token"])
    assert "words" not in answer.json()


async def test_the_sentences_say_what_is_approved_and_where_the_code_went(world: World) -> None:
    await world.register()
    challenge = (await world.act("purchase", summary="1 camera", **PURCHASE))["challenge"]
    words = await _words(world, challenge)
    assert words["what"] == "Approve \u20681,299.00\u00a0USD\u2069 to \u2068ACME Cameras\u2069"
    assert words["verb"] == "Approve \u20681,299.00\u00a0USD\u2069"
    assert words["summary"] == "\u2068Shop\u2069 adds: \u20681 camera\u2069"
    assert words["label"] == "Enter the 6-digit code"
    assert words["sent"] == "We are sending a code by text message to \u2068••••\u00a023\u2069."
    assert [way["channel"] for way in words["ways"]] == ["voice", "email"]
    assert (words["language"], words["direction"], words["now"]) == ("en", "ltr", "2026-11-22T10:00:00Z")
    assert words["trust"] is None
    assert challenge["reference"] in words["reference"]


async def test_the_secret_key_may_ask_too(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    answer = await world.get(f"/v1/challenges/{challenge['id']}?words=en")
    assert answer.json()["words"]["verb"] == "Sign in"


async def test_trust_is_offered_where_it_is_allowed(world: World) -> None:
    await world.register()
    words = await _words(world, (await world.act("sign_in"))["challenge"])
    assert words["trust"] == "Trust this device for 30 days"


async def test_only_placeholders_for_the_reader_are_left_in_the_texts(world: World) -> None:
    await world.register()
    words = await _words(world, (await world.act("purchase", summary="1 camera", **PURCHASE))["challenge"])
    assert {found for _, text in _named_texts(words) for found in re.findall(r"\{[^}]*\}?", text)} == {"{n}", "{time}"}


async def test_what_comes_from_outside_can_turn_nothing_around(world: World) -> None:
    await world.register()
    payee = "evil\u202e99.1 \u2069\u2066\n<img src=x onerror=alert(1)>"
    words = await _words(world, (await world.act("purchase", **{**PURCHASE, "payee": payee}))["challenge"])
    shown = "\u2068evil99.1 <img src=x onerror=alert(1)>\u2069"
    assert words["what"] == f"Approve \u20681,299.00\u00a0USD\u2069 to {shown}"


async def test_a_regional_tag_keeps_its_manner_of_writing(world: World) -> None:
    await world.register()
    words = await _words(world, (await world.act())["challenge"], "en-GB")
    assert words["language"] == "en-GB"


async def test_every_sentence_is_in_the_language_that_was_asked_for(world: World) -> None:
    await world.register()
    challenge = (await world.act("sign_in"))["challenge"]
    english, pseudo = await _words(world, challenge), await _words(world, challenge, "en-XA")
    plain = {"language", "direction", "now", "brand", "waits", "contact_id", "channel"}
    told = {name: text for name, text in _named_texts(pseudo) if name.rpartition(".")[2] not in plain}
    same = [name for name, text in _named_texts(english) if text == told.get(name)]
    assert len(told) > 50
    assert same == []


async def test_a_language_we_do_not_speak_falls_back_to_that_of_the_action(world: World) -> None:
    await world.register()
    challenge = (await world.act(locale="en-AU"))["challenge"]
    assert (await _words(world, challenge, "tlh"))["language"] == "en-AU"


async def test_a_language_we_do_not_speak_falls_back_to_that_of_the_application(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    applications = world.ports.applications
    assert isinstance(applications, dict)
    applications[SHOP] = replace(applications[SHOP], locale="en-NZ")
    assert (await _words(world, challenge, "tlh"))["language"] == "en-NZ"


@pytest.mark.parametrize(
    "query", ["words=", "words=e!", "words=en&words=en", "words=en%00", "word=en", f"words={'a-' * 20}"]
)
async def test_what_is_no_tag_is_refused(world: World, query: str) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    answer = await world.get(f"/v1/challenges/{challenge['id']}?{query}", as_=challenge["token"])
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")


async def test_before_the_first_message_the_sentences_ask_where_to_send_it(world: World) -> None:
    await world.register()
    words = await _words(world, (await world.act(send=False))["challenge"])
    assert (words["label"], words["sent"]) == (None, "Where shall we send your code?")
    assert (words["again"], words["delivery"], words["waits"]) == (None, None, "all")
    assert [way["channel"] for way in words["ways"]] == ["sms", "voice", "email"]


async def test_when_all_messages_are_spent_no_way_is_offered(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    for channel in ("voice", "sms", "voice", "sms"):
        world.clock.move(seconds=121)
        await world.deliver()
        body = {"contact_id": challenge["sent_to"]["contact_id"], "channel": channel}
        answer = await world.post(f"/v1/challenges/{challenge['id']}/deliveries", body)
        assert answer.status_code == 202, answer.text
    words = await _words(world, challenge)
    assert (words["ways"], words["again"], words["waits"]) == ([], None, "none")
    assert words["sends_left"] == "No more messages can be sent for this request."


async def test_every_outcome_every_refusal_and_every_end_has_a_sentence(world: World) -> None:
    await world.register()
    words = await _words(world, (await world.act())["challenge"])
    refusals = {refusal.code for call in TOKEN_CALLS for refusal in refusals_of(call)}
    assert set(words["refusals"]) == refusals | {"offline", INTERNAL_CODE}
    ends = {state.value for state in ChallengeState} - {"pending"}
    assert set(words["ends"]) == ends
    tried = {"approved", "incorrect", "malformed", "superseded", "already_approved", "budget_exhausted"}
    assert set(words["outcomes"]) == ends | tried


async def test_a_challenge_that_a_newer_one_replaced_says_so(world: World) -> None:
    await world.register()
    first = (await world.act())["challenge"]
    for _ in range(2):
        await world.act()
    words = await _words(world, first)
    assert words["ends"]["cancelled"]["text"].startswith("A newer request took its place.")


async def test_the_sentences_fit_the_description(world: World) -> None:
    await world.register()
    words = await _words(world, (await world.act("purchase", **PURCHASE))["challenge"])
    assert msgspec.to_builtins(msgspec.convert(words, ChallengeWords)) == words


@pytest.mark.parametrize("steps", [(), ("deliveries",)], ids=["at first", "after a further message"])
async def test_a_concealed_challenge_says_the_same_to_everybody(world: World, steps: tuple[str, ...]) -> None:
    await world.register("u-known")
    await world.call("PUT", "/v1/users/u-polish", {"contacts": [], "locale": "pl"})
    told = []
    for user_id in ("u-known", "u-polish", "u-unknown"):
        challenge = (await world.act("password_reset", user_id=user_id))["challenge"]
        for step in steps:
            body = {"contact_id": challenge["contacts"][1]["id"], "channel": "email"}
            world.clock.move(seconds=60)
            assert (await world.post(f"/v1/challenges/{challenge['id']}/{step}", body)).status_code == 202
        words = await _words(world, challenge, "tlh")
        words["now"] = ""
        words["reference"] = words["reference"].replace(challenge["reference"], "REFERENC")
        for way, contact in zip(words["ways"], [*challenge["contacts"][:1] * 2, challenge["contacts"][1]], strict=True):
            assert way.pop("contact_id") == contact["id"]
        told.append(words)
    assert told[0] == told[1] == told[2]
    assert told[0]["delivery"] is None
    assert "phone or e-mail" in told[0]["sent"]


async def test_the_help_leads_to_the_same_support_as_the_hosted_page(world: World) -> None:
    await world.register()
    challenge = (await world.act())["challenge"]
    unknown = [line["text"] for line in (await _words(world, challenge))["help"]]
    applications = world.ports.applications
    assert isinstance(applications, dict)
    branding = Branding(support_url="https://help.shop.example/contact/?from=verify")
    applications[SHOP] = replace(applications[SHOP], branding=branding)
    led = [line["text"] for line in (await _words(world, challenge))["help"]]
    assert [text for text in led if text not in unknown] == ["\u2068help.shop.example/contact\u2069"]
    assert len(led) == len(unknown)
