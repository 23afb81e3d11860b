"""Changes of the account: proven by a code, redeemed for exactly the change, and carried out once."""

import pytest

from tests.demo.conftest import sign_in_visitor
from tests.demo.customer_browser import SOMEWHERE, CustomerBrowser
from tests.demo.stand_in import Json, Refusal, StandIn

ADDRESS = SOMEWHERE | {"street": "1 Harbour <Lane>", "country": "Ireland"}
NEXT_PASSWORD = "eleven gulls above the old lighthouse"


@pytest.fixture(autouse=True)
async def signed_in(browser: CustomerBrowser, watchword: StandIn) -> None:
    await sign_in_visitor(browser, watchword)


def _contacts(watchword: StandIn) -> list[Json]:
    (contacts,) = watchword.users.values()
    return contacts


async def test_an_email_is_replaced_with_the_grant_that_names_the_change(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    email, phone = _contacts(watchword)
    await browser.open(f"/account/contacts/{email['id']}")
    await browser.send(f"/account/contacts/{email['id']}", address="New@Example.com")
    assert watchword.actions[-1]["details"] == {
        "field": "email",
        "new_contact": "new@example.com",
        "old_contact": email["id"],
    }
    assert [contact["address"] for contact in _contacts(watchword)] == [email["address"], phone["address"]]

    text = await browser.open("/watchword/return", **watchword.end("approved"))

    assert "Your contacts were changed" in text
    assert [contact["address"] for contact in _contacts(watchword)] == [phone["address"], "new@example.com"]
    assert "new@example.com you sign in with it" in text
    assert email["address"] not in text


async def test_a_phone_is_added_and_then_confirmed_by_a_code_of_its_own(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    await browser.open("/account/contacts/new", type="phone")
    await browser.send("/account/contacts", address="202 555 0188")
    assert watchword.actions[-1]["details"] == {"field": "phone", "new_contact": "+12025550188"}
    await browser.open("/watchword/return", **watchword.end("approved"))
    added = _contacts(watchword)[-1]
    assert added["address"] == "+12025550188"

    await browser.send(f"/account/contacts/{added['id']}/confirm")
    assert browser.location == f"{watchword.url}/c/wct_3"
    assert "is confirmed" in await browser.open("/watchword/return", **watchword.end("approved"))


async def test_a_phone_is_removed(browser: CustomerBrowser, watchword: StandIn) -> None:
    email, phone = _contacts(watchword)
    await browser.send(f"/account/contacts/{phone['id']}/remove")
    assert watchword.actions[-1]["details"] == {"field": "phone", "old_contact": phone["id"]}
    await browser.open("/watchword/return", **watchword.end("approved"))

    assert _contacts(watchword) == [email]


async def test_what_one_signs_in_with_cannot_be_removed(browser: CustomerBrowser, watchword: StandIn) -> None:
    email, phone = _contacts(watchword)
    assert browser.page is not None
    assert f"/account/contacts/{email['id']}/remove" not in browser.page.text
    asked = len(watchword.actions)
    token = browser.page.text.partition('name="form_token" value="')[2].partition('"')[0]
    answer = await browser.http.post(f"/account/contacts/{email['id']}/remove", data={"form_token": token})

    assert answer.status_code == 409
    assert len(watchword.actions) == asked
    assert phone in _contacts(watchword)


@pytest.mark.parametrize("typed", ["nobody", "", "ADDRESS"])
async def test_an_address_that_cannot_be_is_refused(browser: CustomerBrowser, watchword: StandIn, typed: str) -> None:
    email = _contacts(watchword)[0]
    asked = len(watchword.actions)
    await browser.open("/account/contacts/new", type="email")
    await browser.send("/account/contacts", address=typed.replace("ADDRESS", email["address"].upper()))

    assert browser.status == 422
    assert len(watchword.actions) == asked


async def test_a_change_that_was_not_proven_changes_nothing(browser: CustomerBrowser, watchword: StandIn) -> None:
    before = _contacts(watchword)
    await browser.open("/account/contacts/new", type="email")
    await browser.send("/account/contacts", address="thief@example.com")
    await browser.open("/watchword/return", **watchword.end("denied"))

    assert _contacts(watchword) == before
    assert "thief@example.com" not in await browser.open("/account")


async def test_the_password_is_changed_after_the_code(browser: CustomerBrowser, watchword: StandIn) -> None:
    assert browser.page is not None
    password = browser.page.text.partition("the password <code>")[2].partition("<")[0]
    email = _contacts(watchword)[0]["address"]
    await browser.open("/account/password")
    await browser.send("/account/password", old_password=password, password=NEXT_PASSWORD)
    assert watchword.actions[-1]["details"] == {"field": "password"}

    assert "Your password was changed" in await browser.open("/watchword/return", **watchword.end("approved"))
    await browser.send("/sign-out")
    await browser.open("/sign-in")
    watchword.decision = "allow"
    assert "do not belong" in await browser.send("/sign-in", email=email, password=password)
    assert "You are signed in" in await browser.send("/sign-in", email=email, password=NEXT_PASSWORD)


async def test_the_present_password_is_needed_to_change_it(browser: CustomerBrowser, watchword: StandIn) -> None:
    asked = len(watchword.actions)
    await browser.open("/account/password")
    text = await browser.send("/account/password", old_password="not the present one", password=NEXT_PASSWORD)

    assert "not your present password" in text
    assert len(watchword.actions) == asked


async def test_the_postal_address_is_changed_after_the_code(browser: CustomerBrowser, watchword: StandIn) -> None:
    await browser.open("/account/address")
    await browser.send("/account/address", **ADDRESS)
    assert watchword.actions[-1]["details"] == {"field": "address"}
    assert "1 Harbour <Lane>" not in await browser.open("/account")
    text = await browser.open("/watchword/return", **watchword.end("approved"))

    assert "Ada Byron 1 Harbour <Lane> Wickford 02852 Ireland" in text


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"town": " "}, "Write the town"),
        ({"name": ""}, "Write whom"),
        ({"country": "Atlantis"}, "Choose a country"),
        ({"extra": "x" * 81}, "at most 80"),
    ],
)
async def test_an_address_with_a_gap_is_refused_and_says_where(
    browser: CustomerBrowser, watchword: StandIn, wrong: dict[str, str], words: str
) -> None:
    asked = len(watchword.actions)
    await browser.open("/account/address")
    text = await browser.send("/account/address", **ADDRESS | wrong)

    assert words in text
    assert browser.status == 422
    assert len(watchword.actions) == asked


async def test_the_language_of_codes_and_messages_is_changed_with_watchword_too(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    before = _contacts(watchword)
    assert "in this language" in await browser.send("/account/language", language="de")
    assert set(watchword.locales.values()) == {"de"}
    assert _contacts(watchword) == before
    await browser.buy("candle")
    assert watchword.actions[-1]["locale"] == "de"

    await browser.open("/account")
    assert "in this language" not in await browser.send("/account/language", language="tlh")
    assert set(watchword.locales.values()) == {"de"}


async def test_advice_is_shown_with_a_way_to_follow_it(browser: CustomerBrowser, watchword: StandIn) -> None:
    phone = _contacts(watchword)[1]
    watchword.advice = [{"code": "contact_stale", "contact_id": phone["id"]}, {"code": "a_newer_code"}]
    await browser.buy("candle")
    text = await browser.open("/account")

    assert "Is this still yours?" in text
    assert "a_newer_code" in text
    await browser.send(f"/account/contacts/{phone['id']}/confirm")
    assert browser.status == 303


async def test_advice_that_was_settled_since_is_not_shown_any_more(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    email, phone = _contacts(watchword)
    phone["confirmed_at"] = None
    watchword.advice = [{"code": "contact_unconfirmed", "contact_id": phone["id"]}, {"code": "add_second_contact"}]
    await browser.buy("candle")
    text = await browser.open("/account")
    assert "Not confirmed yet" in text
    assert "Add a second way" in text

    phone["confirmed_at"] = email["confirmed_at"]
    text = await browser.open("/account")
    assert "Not confirmed yet" not in text
    assert "Add a second way" not in text


async def test_the_account_can_be_looked_at_while_watchword_does_not_answer(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    watchword.refusal = Refusal(status=503, code="storage_unavailable", retry_after=60)

    assert _contacts(watchword)[0]["address"] in await browser.open("/account")


async def test_the_own_view_is_opened_by_a_link_made_for_it_and_leads_back(
    browser: CustomerBrowser, watchword: StandIn
) -> None:
    (user_id,) = watchword.users
    await browser.send("/account/view")
    back = "http://127.0.0.1:8099/watchword/return"
    assert browser.location == f"{watchword.url}/me/{user_id}/requests?return_url={back}"

    await browser.open("/watchword/return")
    assert browser.path == "/account"
