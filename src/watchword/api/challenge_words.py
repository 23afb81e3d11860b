"""The sentences that a page of the application shows for a challenge: plain text, in one language, without markup.

For the web component and for apps, which bring no language of their own. They say what the hosted page says to the same
bearer and no more: concealment is already applied to the view (I17). ``{time}`` and ``{n}`` stay in the texts, because
only the reader's own clock and countdown can fill them in. Values from outside stand between marks that isolate their
direction (UAX #9), and nobody may take any of it for markup.
"""

from typing import Final, Literal

from msgspec import Struct

from watchword.domain.application import Application
from watchword.domain.branding import said_address
from watchword.domain.challenge import Challenge, ChallengeState
from watchword.domain.contact import Channel
from watchword.domain.instant import Instant, rfc3339
from watchword.flow.show import ChallengeView
from watchword.ports.atlas import Atlas
from watchword.wording.harmless import isolated_text, one_line
from watchword.wording.languages import Languages
from watchword.wording.plain_words import Isolating, PlainWords
from watchword.wording.sending import (
    Sendable,
    Waits,
    again_label,
    delivery_sentence,
    sendable,
    sent_sentence,
    takes_code,
    way_label,
)
from watchword.wording.subject import describe, surroundings_of
from watchword.wording.why import say_why_plainly

_ENDS: Final = tuple(state for state in ChallengeState if state is not ChallengeState.PENDING)
TIME: Final = "{time}"
"""Stands in a text for a moment that is to be written in the reader's own zone."""


class LineWords(Struct, kw_only=True):
    """One line of help; ``time`` is the moment for its ``{time}``, null where it has none."""

    text: str
    time: str | None


class WayWords(Struct, kw_only=True):
    """A further way to get a message, with its button."""

    contact_id: str
    channel: Channel
    label: str


class HintWords(Struct, kw_only=True):
    """What may be wrong with a text before it is tried, or after ``malformed``."""

    empty: str
    short: str
    long: str


class NewsWords(Struct, kw_only=True):
    """What a further message was."""

    sent_again: str
    sent_new: str


class EndWords(Struct, kw_only=True):
    """How a challenge ended; ``next`` is what to do then, where there is more to say."""

    title: str
    text: str
    next: str | None


class ChallengeWords(Struct, kw_only=True):
    """Every sentence about a challenge in one language; a null is not shown."""

    language: str
    """BCP 47; numbers and times are to be written in its manner."""
    direction: Literal["ltr", "rtl"]
    now: str
    """Our own time with this answer, from which waits and the end are reckoned."""
    brand: str
    what: str
    summary: str | None
    why_title: str
    why: list[str]
    """A sentence for each reason."""
    why_more: str
    """Opens all reasons but the first two."""
    verb: str
    label: str | None
    """Null where there is no code to enter: before the first message, and after its contact bounced or left."""
    sent: str
    """Where the code went or is going; where there is none, the question where it shall go."""
    valid_until: str
    """With ``{time}``: the challenge's ``expires_at``."""
    never_shared: str
    trust: str | None
    """Null where a device cannot be trusted."""
    trust_meaning: str | None
    no_code: str
    again: str | None
    """Null where there is nothing to send once more."""
    waits: Waits
    """What has to wait until ``resend_at``: nothing, the same once more, or every message."""
    wait: dict[str, str]
    """With ``{n}`` seconds, by plural category (CLDR)."""
    wait_until: str
    """The same with ``{time}``, for long waits."""
    ways: list[WayWords]
    sends_left: str | None
    delivery: str | None
    """What is known of the latest message; a ``{time}`` is the delivery's ``updated_at``."""
    more_help: str
    help: list[LineWords]
    not_me: str
    cancel: str
    reference: str
    tries_left: dict[str, str]
    """With ``{n}``, by plural category."""
    try_after: str
    """With ``{time}``, for an outcome with ``retry_after``."""
    expires_soon: str
    hints: HintWords
    news: NewsWords
    outcomes: dict[str, str]
    """A sentence for each outcome of an attempt."""
    refusals: dict[str, str]
    """A sentence for each code of a problem, and ``offline`` for no answer at all."""
    ends: dict[str, EndWords]
    """By the state that a challenge ended in."""


def challenge_words(
    languages: Languages,
    tag: str,
    *,
    application: Application,
    challenge: Challenge,
    view: ChallengeView,
    atlas: Atlas,
    now: Instant,
) -> ChallengeWords:
    """Return the sentences about a challenge in the language that suits a tag best.

    Where we do not speak it, the language that the application named counts, and never that of the user: a concealed
    challenge must not tell that there is one (I17).
    """
    language = languages.choose(tag, challenge.action.locale, application.locale)
    words = PlainWords(language=language, dress=Isolating())
    brand = isolated_text(one_line(application.name))
    subject = describe(challenge.action, surroundings_of(challenge, atlas), words)
    ends = {state.value: _end(words, challenge, state, brand) for state in _ENDS}
    can = sendable(challenge, view, application.limits)
    wait = "send.wait" if can.waits is Waits.ALL else "resend.wait"
    return ChallengeWords(
        language=str(language.locale).replace("_", "-"),
        direction="rtl" if language.direction == "rtl" else "ltr",
        now=rfc3339(now),
        brand=one_line(application.name),
        what=subject.what,
        summary=_summary(words, challenge, brand),
        why_title=words.say("why"),
        why=list(say_why_plainly(words, challenge.reasons)) or [words.say("why.always", brand=brand)],
        why_more=words.say("why.more"),
        verb=subject.verb,
        label=words.count("label", view.code_length) if takes_code(challenge, view) else None,
        sent=sent_sentence(words, challenge, view, can, brand=brand),
        valid_until=words.say("valid_until", time=TIME),
        never_shared=words.say("never_shared", brand=brand),
        trust=words.count("trust", application.limits.device_trusted_days) if challenge.trust_allowed else None,
        trust_meaning=words.say("trust.meaning") if challenge.trust_allowed else None,
        no_code=words.say("no_code"),
        again=again_label(words, view) if can.is_repeatable else None,
        waits=can.waits,
        wait=dict(language.forms(wait)),
        wait_until=words.say(f"{wait}.until", time=TIME),
        ways=_ways(words, challenge, can),
        sends_left=_sends_left(words, challenge, can),
        delivery=delivery_sentence(words, view, time=TIME),
        more_help=words.say("more_help"),
        help=_help(words, application, challenge, view, can, brand),
        not_me=words.say("not_me"),
        cancel=words.say("cancel"),
        reference=words.say("end.reference", reference=isolated_text(view.reference)),
        tries_left=dict(language.forms("tries_left")),
        try_after=words.say("refused.try_after", time=TIME),
        expires_soon=words.say("expires_soon"),
        hints=HintWords(empty=words.say("said.empty"), short=words.say("said.short"), long=words.say("said.long")),
        news=_news(words, challenge),
        outcomes=_outcomes(words, ends, brand),
        refusals=_refusals(words, brand),
        ends=ends,
    )


def _summary(words: PlainWords, challenge: Challenge, brand: str) -> str | None:
    line = one_line(challenge.action.summary or "")
    return f"{words.say('summary', brand=brand)} {isolated_text(line)}" if line else None


def _ways(words: PlainWords, challenge: Challenge, can: Sendable) -> list[WayWords]:
    concealed = challenge.action.conceal
    return [
        WayWords(contact_id=option.id, channel=channel, label=way_label(words, option, channel, concealed=concealed))
        for option, channel in can.ways
    ]


def _sends_left(words: PlainWords, challenge: Challenge, can: Sendable) -> str | None:
    if can.is_spent:
        return words.say("sends_spent")
    return words.count("sends_left", can.left) if challenge.sends > 1 and can.is_anything else None


def _help(
    words: PlainWords,
    application: Application,
    challenge: Challenge,
    view: ChallengeView,
    can: Sendable,
    brand: str,
) -> list[LineWords]:
    texts = []
    if challenge.action.conceal:
        texts.append(words.say("help.check.concealed"))
    elif view.route is not None:
        where = words.address(view.route.channel.kind, view.route.masked)
        texts.append(words.say(f"help.check.{view.route.channel}", where=where))
    texts += [words.say("help.minutes"), words.say("help.latest")]
    if challenge.action.conceal:
        texts.append(words.say("help.concealed", brand=brand))
    if not can.ways:
        texts.append(words.say("help.lost.none"))
    texts += _support(application) or [words.say("help.support.unknown", brand=brand)]
    texts.append(words.say("help.reference.meaning"))
    lines = [LineWords(text=text, time=None) for text in texts]
    if view.others_count_from is not None:
        text = words.say("others_count_from", time=TIME)
        lines.append(LineWords(text=text, time=rfc3339(view.others_count_from)))
    return lines


def _support(application: Application) -> list[str]:
    url = application.branding.support_url
    told = (one_line(application.support or ""), "" if url is None else said_address(url))
    return [isolated_text(text) for text in told if text]


def _news(words: PlainWords, challenge: Challenge) -> NewsWords:
    if challenge.action.conceal:
        maybe = words.say("said.sent_maybe")
        return NewsWords(sent_again=maybe, sent_new=maybe)
    return NewsWords(sent_again=words.say("said.sent_again"), sent_new=words.say("said.sent_new"))


def _end(words: PlainWords, challenge: Challenge, state: ChallengeState, brand: str) -> EndWords:
    replaced = challenge.was_replaced and state is challenge.state
    return EndWords(
        title=words.say(f"end.{state}"),
        text=words.say(f"end.{state}.{'replaced' if replaced else 'text'}", brand=brand),
        next=words.say("end.denied.advice", brand=brand) if state is ChallengeState.DENIED else None,
    )


def _outcomes(words: PlainWords, ends: dict[str, EndWords], brand: str) -> dict[str, str]:
    return {
        **{state: end.text for state, end in ends.items()},
        "already_approved": ends[ChallengeState.APPROVED].text,
        "incorrect": words.say("said.incorrect"),
        "malformed": words.say("said.malformed"),
        "superseded": words.say("said.superseded"),
        "budget_exhausted": words.say("refused.budget.text", brand=brand),
    }


def _refusals(words: PlainWords, brand: str) -> dict[str, str]:
    return {code: words.say(key, brand=brand) for code, key in _REFUSALS.items()}


_REFUSALS: Final = {
    "bad_header": "refused.unavailable.text",
    "body_too_large": "refused.large.text",
    "challenge_ended": "expired_now",
    "code_not_sent": "said.not_sent",
    "contact_not_usable": "said.unusable",
    "idempotency_in_progress": "refused.unavailable.text",
    "idempotency_mismatch": "refused.unavailable.text",
    "internal_error": "refused.unavailable.text",
    "invalid_field": "said.unusable",
    "not_found": "refused.unknown.text",
    "not_json": "refused.unavailable.text",
    "offline": "said.offline",
    "resend_too_soon": "refused.soon",
    "sends_exhausted": "said.sends_spent",
    "service_unavailable": "refused.unavailable.text",
    "unauthorized": "refused.unknown.text",
    "unsupported_media_type": "refused.unavailable.text",
}
"""The sentence for each code that a call with a challenge's token may be refused with; a test knows them all."""
