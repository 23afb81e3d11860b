"""Which contact may carry a code, how addresses are read, masked and counted."""

from typing import Any

import pytest

from watchword.domain.action import ACCOUNT_UPDATE, PASSWORD_RESET, SIGN_IN
from watchword.domain.contact import (
    Contact,
    ContactKind,
    ContactState,
    best_first,
    canonical_address,
    carriers,
    mask,
    read_address,
)
from watchword.domain.ids import ContactId
from watchword.domain.instant import Instant, later
from watchword.domain.secret import Secret

NOW = Instant(1_000_000)


def contact(name: str, kind: ContactKind = ContactKind.EMAIL, **changes: Any) -> Contact:
    fields: dict[str, Any] = {
        "id": ContactId(f"ctc_{name}"),
        "kind": kind,
        "address": Secret("a@example.com" if kind is ContactKind.EMAIL else "+14155550123"),
        "added_at": Instant(0),
        "usable_from": Instant(0),
        "confirmed_at": Instant(0),
    }
    return Contact(**(fields | changes))


def names(found: tuple[Contact, ...]) -> list[str]:
    return [entry.id.removeprefix("ctc_") for entry in found]


def test_the_best_contact_is_preferred_then_last_proven_then_a_phone() -> None:
    mail = contact("mail", last_proven_at=Instant(5))
    phone = contact("phone", ContactKind.PHONE)
    other = contact("other")
    assert names(best_first([other, phone, mail])) == ["mail", "phone", "other"]
    liked = contact("liked", preferred=True)
    assert names(best_first([mail, phone, liked]))[0] == "liked"


@pytest.mark.parametrize(
    "changes",
    [
        {"usable_from": Instant(NOW + 1)},
        {"leaves_at": NOW},
        {"disabled_at": Instant(1)},
        {"bounced_at": Instant(1)},
    ],
)
def test_a_contact_that_waits_left_is_suspended_or_bounced_carries_nothing(changes: dict[str, Any]) -> None:
    assert carriers([contact("one", **changes)], NOW, action_type=SIGN_IN).contacts == ()


def test_one_that_was_left_out_carries_until_it_leaves() -> None:
    leaving = contact("one", leaves_at=Instant(NOW + 1))
    assert names(carriers([leaving], NOW, action_type=SIGN_IN).contacts) == ["one"]


def test_an_unconfirmed_contact_carries_only_while_there_is_no_confirmed_one_and_never_a_reset() -> None:
    unconfirmed = contact("new", confirmed_at=None)
    assert names(carriers([unconfirmed], NOW, action_type=SIGN_IN).contacts) == ["new"]
    assert carriers([unconfirmed], NOW, action_type=PASSWORD_RESET).contacts == ()
    assert names(carriers([unconfirmed, contact("old")], NOW, action_type=SIGN_IN).contacts) == ["old"]


def test_after_a_reset_another_confirmed_contact_is_needed_where_there_is_one() -> None:
    used, other = contact("used"), contact("other", ContactKind.PHONE)
    until = Instant(NOW + 10)
    found = carriers([used, other], NOW, action_type=ACCOUNT_UPDATE, reset_contact_id=used.id, reset_until=until)
    assert (names(found.contacts), found.others_count_from) == (["other"], until)
    alone = carriers([used], NOW, action_type=ACCOUNT_UPDATE, reset_contact_id=used.id, reset_until=until)
    assert (names(alone.contacts), alone.others_count_from) == (["used"], None)
    over = carriers([used, other], until, action_type=ACCOUNT_UPDATE, reset_contact_id=used.id, reset_until=until)
    assert len(over.contacts) == 2


@pytest.mark.parametrize(
    ("kind", "typed", "stored"),
    [
        (ContactKind.PHONE, "+1 (415) 555-0123", "+14155550123"),
        (ContactKind.PHONE, "+44 20 7946 0958", "+442079460958"),
        (ContactKind.EMAIL, "Ann@EXAMPLE.com", "Ann@example.com"),
    ],
)
def test_reads_an_address_into_one_form(kind: ContactKind, typed: str, stored: str) -> None:
    address = read_address(kind, typed)
    assert address is not None
    assert address.reveal() == stored


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        (ContactKind.PHONE, "4155550123"),
        (ContactKind.PHONE, "+1415"),
        (ContactKind.PHONE, "+999123456789"),
        (ContactKind.PHONE, "+14155550123 ext. 9"),
        (ContactKind.PHONE, ""),
        (ContactKind.EMAIL, "ann"),
        (ContactKind.EMAIL, "ann@"),
        (ContactKind.EMAIL, "ann@example.com\r\nBcc: eve@example.com"),
        (ContactKind.EMAIL, "Ann <ann@example.com>"),
    ],
)
def test_refuses_what_is_no_address(kind: ContactKind, typed: str) -> None:
    assert read_address(kind, typed) is None


def test_the_dotless_i_is_another_mailbox() -> None:
    assert read_address(ContactKind.EMAIL, "mıke@example.com") != read_address(ContactKind.EMAIL, "mike@example.com")


def test_sends_are_counted_on_the_canonical_address() -> None:
    def counted(text: str) -> str:
        address = read_address(ContactKind.EMAIL, text)
        assert address is not None
        return canonical_address(ContactKind.EMAIL, address)

    assert counted("A.nn+shop@googlemail.com") == counted("ann@gmail.com")
    assert counted("ann+1@example.com") == counted("ann@example.com")
    assert counted("a.nn@example.com") != counted("ann@example.com")


def test_masks_all_but_what_the_owner_recognises() -> None:
    assert mask(ContactKind.PHONE, Secret("+14155550123")) == "•••• 23"
    assert mask(ContactKind.EMAIL, Secret("ann@example.com")) == "a•••@e•••.com"


def test_a_secret_shows_nothing() -> None:
    secret = Secret("918273")
    assert "918273" not in f"{secret} {secret!r} {contact('one', address=secret)!r}"


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, ContactState.CONFIRMED),
        ({"confirmed_at": None}, ContactState.UNCONFIRMED),
        ({"usable_from": Instant(NOW + 1), "confirmed_at": None}, ContactState.WAITING),
        ({"usable_from": Instant(NOW + 1)}, ContactState.WAITING),
        ({"leaves_at": Instant(NOW + 1)}, ContactState.LEAVING),
        ({"leaves_at": Instant(NOW + 1), "confirmed_at": None}, ContactState.LEAVING),
        ({"leaves_at": Instant(NOW + 1), "bounced_at": Instant(1)}, ContactState.BOUNCED),
        ({"bounced_at": Instant(1), "disabled_at": Instant(1)}, ContactState.DISABLED),
        ({"usable_from": Instant(NOW + 1), "disabled_at": Instant(1)}, ContactState.DISABLED),
    ],
)
def test_the_state_of_a_contact_is_what_its_owner_should_know_first(
    changes: dict[str, Any], state: ContactState
) -> None:
    assert contact("c", **changes).state(NOW, stale_days=365) is state


def test_a_contact_is_stale_a_year_after_it_was_last_proven() -> None:
    proven = contact("c", last_proven_at=later(NOW, days=10))
    assert proven.state(later(NOW, days=374.9), stale_days=365) is ContactState.CONFIRMED
    assert proven.state(later(NOW, days=375), stale_days=365) is ContactState.STALE
    assert contact("c").state(later(Instant(0), days=365), stale_days=365) is ContactState.STALE


@pytest.mark.parametrize("moment", [Instant(0), NOW, later(NOW, days=400)])
@pytest.mark.parametrize("changes", [{}, {"confirmed_at": None}, {"leaves_at": later(NOW, days=500)}])
def test_what_is_usable_never_says_that_it_is_not(moment: Instant, changes: dict[str, Any]) -> None:
    found = contact("c", **changes)
    assert found.is_usable(moment)
    unusable = {ContactState.WAITING, ContactState.BOUNCED, ContactState.DISABLED}
    assert found.state(moment, stale_days=365) not in unusable
