"""The local inbox: one private file of a day's messages, each delivery once."""

import stat
from pathlib import Path

import phonenumbers
import pytest

from tests.adapters.envelopes import NOON, an_envelope
from tests.kit.clock_and_chance import MovableClock
from watchword.adapters.inbox import MAGIC, Fate, InboxFile, InboxSender, fate_of
from watchword.domain.contact import Channel
from watchword.domain.errors import DeliveryFailed
from watchword.domain.instant import Instant, later
from watchword.domain.message import DeliveryStatus, InboxEntry


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(NOON)


@pytest.fixture
def inbox(tmp_path: Path, clock: MovableClock) -> InboxFile:
    return InboxFile(tmp_path / "inbox.sqlite", clock)


def texts(inbox: InboxFile, to: str | None = None) -> list[str]:
    return [entry.text for entry in inbox.entries(to)]


async def test_a_message_that_is_sent_is_delivered_and_kept(inbox: InboxFile) -> None:
    handover = await InboxSender(inbox).send(an_envelope())
    assert (handover.provider, handover.provider_message_id, handover.status) == (
        "inbox",
        "dlv_1",
        DeliveryStatus.DELIVERED,
    )
    envelope = an_envelope()
    assert inbox.entries() == (
        InboxEntry(
            to="ada@home.example",
            channel=Channel.EMAIL,
            is_code=True,
            subject=envelope.message.subject,
            text=envelope.message.text,
            sent_at=NOON,
            challenge_id=envelope.challenge_id,
        ),
    )


def test_a_notice_has_no_challenge(inbox: InboxFile) -> None:
    inbox.put(an_envelope(is_code=False, challenge_id=None))
    [entry] = inbox.entries()
    assert (entry.is_code, entry.challenge_id) == (False, None)


def test_messages_are_shown_in_the_order_they_came(inbox: InboxFile, clock: MovableClock) -> None:
    for number in range(3):
        inbox.put(an_envelope(delivery_id=f"dlv_{number}", text=f"{number}"))
        clock.at = later(clock.at, seconds=-1)
    assert texts(inbox) == ["0", "1", "2"]


def test_a_delivery_that_comes_again_takes_the_place_of_the_first(inbox: InboxFile, clock: MovableClock) -> None:
    inbox.put(an_envelope(delivery_id="dlv_1", text="first"))
    inbox.put(an_envelope(delivery_id="dlv_2", text="second"))
    clock.at = later(clock.at, seconds=31)
    inbox.put(an_envelope(delivery_id="dlv_1", text="first again"))
    assert texts(inbox) == ["first again", "second"]


@pytest.mark.parametrize(
    ("to", "found"),
    [
        ("+14155550123", ["phone"]),
        (" 14155550123", ["phone"]),
        ("14155550123", ["phone"]),
        ("+1 (415) 555-0123", ["phone"]),
        ("+1415555012", []),
        ("ada@home.example", ["mail"]),
        (" Ada@HOME.example ", ["mail"]),
        ("bea@home.example", []),
        ("%", []),
        ("' OR 1=1 --@", []),
        (None, ["phone", "mail"]),
    ],
)
def test_messages_are_found_by_address_however_it_is_written(
    inbox: InboxFile, to: str | None, found: list[str]
) -> None:
    inbox.put(an_envelope(delivery_id="dlv_1", to="+14155550123", channel=Channel.SMS, text="phone"))
    inbox.put(an_envelope(delivery_id="dlv_2", to="ada@home.example", text="mail"))
    assert texts(inbox, to) == found


def test_a_call_is_kept_as_somebody_would_note_it_down(inbox: InboxFile) -> None:
    spoken = "Your code is: 0, 1, 2, 3, 4, 5. Once more: 0, 1, 2, 3, 4, 5."
    inbox.put(an_envelope(channel=Channel.VOICE, text=spoken, subject=None, html=None))
    assert texts(inbox) == ["Your code is: 012345. Once more: 012345."]


def test_a_message_is_forgotten_after_a_day(inbox: InboxFile, clock: MovableClock, tmp_path: Path) -> None:
    inbox.put(an_envelope(text="the code is 771204"))
    clock.at = Instant(later(NOON, hours=24) - 1)
    assert len(inbox.entries()) == 1
    clock.at = later(NOON, hours=24)
    assert inbox.entries() == ()
    assert inbox.forget() == 1
    assert inbox.forget() == 0
    inbox.close()
    assert b"771204" not in b"".join(path.read_bytes() for path in tmp_path.iterdir())


def test_opening_the_file_again_finds_what_is_left_of_the_day(tmp_path: Path, clock: MovableClock) -> None:
    first = InboxFile(tmp_path / "inbox.sqlite", clock)
    first.put(an_envelope(delivery_id="dlv_1", text="old"))
    clock.at = later(NOON, hours=20)
    first.put(an_envelope(delivery_id="dlv_2", text="new"))
    first.close()
    clock.at = later(NOON, hours=25)
    assert texts(InboxFile(tmp_path / "inbox.sqlite", clock)) == ["new"]


def test_only_its_owner_may_read_the_file(tmp_path: Path, clock: MovableClock) -> None:
    path = tmp_path / "inbox.sqlite"
    path.touch(mode=0o644)
    InboxFile(path, clock).put(an_envelope())
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert all(file.name.startswith("inbox") for file in tmp_path.iterdir())


def test_a_file_of_another_name_is_refused(tmp_path: Path, clock: MovableClock) -> None:
    with pytest.raises(ValueError, match="inbox"):
        InboxFile(tmp_path / "watchword.sqlite", clock)


def test_a_link_to_another_file_is_not_followed(tmp_path: Path, clock: MovableClock) -> None:
    (tmp_path / "other").touch()
    (tmp_path / "inbox.sqlite").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="inbox"):
        InboxFile(tmp_path / "inbox.sqlite", clock)


async def test_a_file_that_cannot_be_written_is_tried_again(inbox: InboxFile) -> None:
    inbox.close()
    with pytest.raises(DeliveryFailed) as failure:
        await InboxSender(inbox).send(an_envelope())
    assert failure.value.retryable


@pytest.mark.parametrize(
    ("to", "channel"),
    [
        ("+15035550101", Channel.SMS),
        ("+15035550101", Channel.VOICE),
        ("+15035550102", Channel.SMS),
        ("undeliverable@example.com", Channel.EMAIL),
        ("Undeliverable+ada@Example.com", Channel.EMAIL),
    ],
)
async def test_messages_to_some_addresses_fail_for_good(inbox: InboxFile, to: str, channel: Channel) -> None:
    with pytest.raises(DeliveryFailed) as failure:
        await InboxSender(inbox).send(an_envelope(to=to, channel=channel))
    assert not failure.value.retryable
    assert to not in str(failure.value)
    assert inbox.entries() == ()


async def test_a_message_that_is_never_reported_is_sent_and_does_not_arrive(inbox: InboxFile) -> None:
    handover = await InboxSender(inbox).send(an_envelope(to="+15035550103", channel=Channel.SMS))
    assert handover.status is DeliveryStatus.SENT
    assert inbox.entries() == ()


@pytest.mark.parametrize(
    ("to", "channel"),
    [
        ("+15035550100", Channel.SMS),
        ("+15035550102", Channel.VOICE),
        ("+15035550199", Channel.SMS),
        ("ada+undeliverable@example.com", Channel.EMAIL),
        ("undeliverable@home.example", Channel.EMAIL),
    ],
)
async def test_messages_to_the_addresses_beside_them_arrive(inbox: InboxFile, to: str, channel: Channel) -> None:
    handover = await InboxSender(inbox).send(an_envelope(to=to, channel=channel))
    assert handover.status is DeliveryStatus.DELIVERED
    assert [entry.to for entry in inbox.entries()] == [to]


def test_the_numbers_with_a_fate_are_valid_and_belong_to_nobody() -> None:
    numbers = [address for address in MAGIC if "@" not in address]
    assert len(numbers) >= len(Fate)
    for number in numbers:
        assert phonenumbers.is_valid_number(phonenumbers.parse(number))
        assert number[-7:-2] == "55501"
        assert fate_of(number) is MAGIC[number]
