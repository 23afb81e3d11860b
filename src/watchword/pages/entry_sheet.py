"""Everything the entry page and its help page show, ready to be written down; decides nothing that the server obeys."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from watchword.domain.contact import Channel
from watchword.domain.instant import Instant, rfc3339, seconds_until
from watchword.flow.show import ChallengeView, show
from watchword.pages.flash import Said
from watchword.pages.visit import Visit, is_elsewhere
from watchword.ports import Ports
from watchword.wording.harmless import isolated_text, one_line
from watchword.wording.languages import Language
from watchword.wording.page_words import PageWords, as_plain_text, isolated, marked_reference
from watchword.wording.plain_words import Isolating, PlainWords
from watchword.wording.sending import (
    Sendable,
    Waits,
    again_label,
    delivery_key,
    delivery_sentence,
    has_failed,
    is_settled,
    sendable,
    sent_key,
    sent_sentence,
    takes_code,
    way_label,
)
from watchword.wording.subject import Subject, describe, surroundings_of
from watchword.wording.why import say_why

COUNTED_S: Final = 120
"""The longest wait that is told in seconds: the longest between two messages of one challenge."""
_ABOUT_CODE = frozenset({Said.EMPTY, Said.SHORT, Said.LONG, Said.MALFORMED, Said.INCORRECT, Said.SUPERSEDED})
_ABOUT_TRIES = frozenset({Said.INCORRECT, Said.SUPERSEDED})
_GOOD_NEWS = frozenset({Said.SENT_AGAIN, Said.SENT_NEW, Said.SENT_MAYBE})
_BAD_NEWS = frozenset({Said.NOT_SENT, Said.SENDS_SPENT, Said.UNUSABLE})
SAID_ON_ENTRY = _ABOUT_CODE | _GOOD_NEWS | _BAD_NEWS
"""What a form of this page can come to, besides the end of the challenge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendChoice:
    """One way to get a message, as a button."""

    label: str
    contact: str
    channel: Channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """What can be sent now."""

    again: str | None
    """The label of "the same once more", or None where there is nothing to repeat."""
    wait: Markup | None
    """Until when it has to wait."""
    countdown_s: int | None
    """The same in seconds, where it is worth counting them."""
    all_wait: bool
    """Whether every way has to wait, and not only the same again."""
    others: tuple[SendChoice, ...]
    left: Markup | None
    """How many messages are left, once it is good to know."""
    spent: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySheet:
    """The content of the entry page and of its help page."""

    brand: Markup
    brand_text: str
    subject: Subject
    title: str
    """The same for the window's title."""
    summary: Markup | None
    """What the application adds in its own words."""
    reasons: tuple[Markup, ...]
    reference: Markup
    concealed: bool
    elsewhere: bool
    takes_code: bool
    """Whether there is a code to enter: one was sent, and its contact did not bounce or leave since."""
    sent: str
    """Where the code went or is going, or the question where it shall go."""
    sent_key: str
    """Which sentence that is, so that the script sees when it is another one."""
    channel: Channel | None
    where: Markup | None
    code_length: int
    error: Markup | None
    """What is wrong with what was entered."""
    tries: Markup | None
    """How many are left, once one was used up."""
    tells_tries: bool
    """Whether that belongs to what is wrong now."""
    news: Markup | None
    bad_news: Markup | None
    ends_at: Instant
    now: Instant
    delivery: str | None
    """What is known of the message on its way."""
    is_settled: bool
    """Whether nothing more will be heard of it."""
    failed_delivery: str | None
    """The same where it did not arrive, which is said first."""
    trust_days: int | None
    """For how many days this device can be trusted; None where that is not offered (B13)."""
    others_count_from: Instant | None
    sending: Sending
    support: str | None
    has_way_back: bool


def entry_sheet(ports: Ports, words: PageWords, visit: Visit, said: Said | None, *, has_way_back: bool) -> EntrySheet:
    """Return the content of the page of a pending challenge."""
    challenge, application = visit.challenge, visit.application
    view, action = show(ports, challenge), challenge.action
    subject = describe(action, surroundings_of(challenge, ports.atlas), words)
    where = None if view.route is None else words.address(view.route.channel.kind, view.route.masked)
    can = sendable(challenge, view, application.limits)
    return EntrySheet(
        brand=isolated(application.name),
        brand_text=one_line(application.name),
        subject=subject,
        title=as_plain_text(subject.what),
        summary=isolated(action.summary) if action.summary and one_line(action.summary) else None,
        reasons=say_why(words, challenge.reasons),
        reference=marked_reference(view.reference),
        concealed=action.conceal,
        elsewhere=is_elsewhere(ports, visit),
        takes_code=takes_code(challenge, view),
        sent=sent_sentence(words, challenge, view, can, brand=isolated(application.name)),
        sent_key=sent_key(challenge, view, can),
        channel=None if view.route is None else view.route.channel,
        where=where,
        code_length=view.code_length,
        error=words.say(f"said.{said}") if said in _ABOUT_CODE else None,
        tries=words.count("tries_left", view.attempts_left) if challenge.tries_spent else None,
        tells_tries=said in _ABOUT_TRIES,
        news=words.say(f"said.{said}") if said in _GOOD_NEWS and not has_failed(view) else None,
        bad_news=words.say(f"said.{said}") if said in _BAD_NEWS else None,
        ends_at=view.expires_at,
        now=visit.now,
        delivery=None if has_failed(view) else _delivery(words, view),
        is_settled=is_settled(view),
        failed_delivery=_delivery(words, view) if has_failed(view) else None,
        trust_days=application.limits.device_trusted_days if challenge.trust_allowed else None,
        others_count_from=view.others_count_from,
        sending=_sending(words, visit, view, can),
        support=application.support,
        has_way_back=has_way_back,
    )


def live_news(ports: Ports, language: Language, visit: Visit) -> Mapping[str, str | bool | None]:
    """Return what an open page is told: the state, where the code went, and what is known of the message.

    All of it is plain text, the sentence about the message with ``{time}`` left open.
    """
    challenge, application = visit.challenge, visit.application
    view = show(ports, challenge)
    key, can = delivery_key(view), sendable(challenge, view, application.limits)
    words, brand = PlainWords(language=language, dress=Isolating()), isolated_text(one_line(application.name))
    return {
        "state": view.state,
        "takes_code": takes_code(challenge, view),
        "sent_key": sent_key(challenge, view, can),
        "sent": sent_sentence(words, challenge, view, can, brand=brand),
        "delivery": None if key is None else language.sentence(key),
        "time": None if view.delivery_updated_at is None else rfc3339(view.delivery_updated_at),
        "failed": has_failed(view),
        "settled": is_settled(view),
    }


def _delivery(words: PageWords, view: ChallengeView) -> str | None:
    return delivery_sentence(words, view, time=words.clock(view.delivery_updated_at or view.expires_at))


def _sending(words: PageWords, visit: Visit, view: ChallengeView, can: Sendable) -> Sending:
    challenge = visit.challenge
    wait_s = 0 if can.waits is Waits.NONE else seconds_until(view.resend_at, visit.now)
    all_wait = can.waits is Waits.ALL
    return Sending(
        again=again_label(words, view) if can.is_repeatable else None,
        wait=_wait(words, view.resend_at, wait_s, "send.wait" if all_wait else "resend.wait"),
        countdown_s=wait_s if 0 < wait_s <= COUNTED_S else None,
        all_wait=all_wait,
        others=tuple(
            SendChoice(
                label=way_label(words, option, channel, concealed=challenge.action.conceal),
                contact=option.id,
                channel=channel,
            )
            for option, channel in can.ways
        ),
        left=words.count("sends_left", can.left) if challenge.sends > 1 and can.is_anything else None,
        spent=can.is_spent,
    )


def _wait(words: PageWords, free_at: Instant, wait_s: int, key: str) -> Markup | None:
    if wait_s > COUNTED_S:
        return words.say(f"{key}.until", time=words.day_and_clock(free_at))
    return words.count(key, wait_s) if wait_s else None
