"""Words messages that nobody waits for, so that an operator sees what his customers would get and what it costs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final

from watchword.adapters.letters import SMS_PARTS_AT_MOST, CatalogueLetters
from watchword.adapters.system import SystemClock
from watchword.domain import gsm
from watchword.domain.action import (
    ACCOUNT_UPDATE,
    CONTACT_CONFIRMATION,
    PASSWORD_RESET,
    PURCHASE,
    SIGN_IN,
    Action,
    Detail,
)
from watchword.domain.application import Application
from watchword.domain.contact import Channel
from watchword.domain.ids import USER_KEY_BYTES, ActionId, Reference, UserId, UserKey, encode, make_id
from watchword.domain.instant import later
from watchword.domain.limits import Limits
from watchword.domain.message import CodeMessage, Notice, NoticeKind, RenderedMessage
from watchword.domain.money import Money
from watchword.domain.origin_bound import host_of
from watchword.domain.secret import Secret
from watchword.wording.languages import TAGS, read_languages

CODE: Final = "012345678901"
"""The digits of a made-up code, as many as the application's codes have."""
REFERENCE: Final = Reference("7K2M9QXD")
DEVICE: Final = "Chrome on Windows"
NOTICE_PARTS_AT_MOST: Final = 3
LONG_NOTICE_PARTS_AT_MOST: Final = 4
"""In letters of which a part holds 67: a link alone fills one and a half of them, on an ordinary host."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Which message to word."""

    channel: Channel = Channel.SMS
    locale: str | None = None
    action_type: str = PURCHASE
    amount: Money | None = None
    payee: str | None = None
    details: Mapping[str, Detail] = field(default_factory=dict)
    notice: NoticeKind | None = None
    """None for a message with a code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextMessage:
    """One text message as the linter saw it."""

    language: str
    what: str
    """A name of the action or the notice, for the operator."""
    is_code: bool
    text: str
    """Empty where it could not be worded."""
    problem: str | None
    """Why such a message should not go out like that."""

    @property
    def parts(self) -> int:
        """What is paid for."""
        return gsm.parts(self.text)

    @property
    def is_cheap(self) -> bool:
        """Whether it is in the alphabet of which a part holds 153 characters."""
        return gsm.is_gsm(self.text)


class Trial:
    """The messages of one application, with a made-up customer."""

    def __init__(self, application: Application, page_base: str) -> None:
        self._application = application
        self._host = host_of(page_base)
        self._page_base = page_base
        self._letters = CatalogueLetters(read_languages())
        self._now = SystemClock().now()

    def word(self, wish: Wish) -> RenderedMessage:
        """Return the words of a message; ``ValueError`` where there are none."""
        action = self._action(wish)
        locale = wish.locale or self._application.locale
        if wish.notice is not None:
            return self._letters.notice(self._notice(wish, wish.notice, action, locale))
        return self._letters.code(self._code(wish, action, locale))

    def text_messages(self) -> Iterator[TextMessage]:
        """Yield every kind of text message in every language, with names as long as they are shown."""
        for tag in TAGS:
            for what, wish in self._wishes(tag):
                yield self._looked_at(tag, what, wish)

    def _looked_at(self, tag: str, what: str, wish: Wish) -> TextMessage:
        is_code = wish.notice is None
        text, problem = "", None
        try:
            text = self.word(wish).text
        except ValueError as error:
            problem = f"cannot be worded: {error}"
        most = SMS_PARTS_AT_MOST if is_code else _notice_parts_at_most(text)
        if problem is None and gsm.parts(text) > most:
            problem = f"takes {gsm.parts(text)} parts; {most} is the most that should be paid for one message"
        return TextMessage(language=tag, what=what, is_code=is_code, text=text, problem=problem)

    def _wishes(self, tag: str) -> Iterator[tuple[str, Wish]]:
        purchase = Wish(locale=tag, amount=_AMOUNT, payee=_LONG_NAME)
        yield PURCHASE, purchase
        for action_type in (SIGN_IN, PASSWORD_RESET, CONTACT_CONFIRMATION):
            yield action_type, Wish(locale=tag, action_type=action_type)
        for changed in ("email", "phone", "password", "address"):
            yield (
                f"{ACCOUNT_UPDATE} ({changed})",
                Wish(locale=tag, action_type=ACCOUNT_UPDATE, details={"field": changed}),
            )
        for action_type in self._application.action_types:
            yield action_type, replace(purchase, action_type=action_type)
        for kind in NoticeKind:
            yield f"notice {kind}", replace(purchase, notice=kind)

    def _action(self, wish: Wish) -> Action:
        return Action(
            id=ActionId("act_trial"),
            application_id=self._application.id,
            user_id=UserId("trial"),
            user_key=UserKey(bytes(USER_KEY_BYTES)),
            type=wish.action_type,
            amount=wish.amount,
            payee=wish.payee,
            details=wish.details,
            summary=None,
            created_at=self._now,
        )

    def _code(self, wish: Wish, action: Action, locale: str | None) -> CodeMessage:
        limits = self._application.limits
        digits = limits.code_digits(failures=0, breaker_open=False, open_reset=False)
        return CodeMessage(
            channel=wish.channel,
            brand=self._application.name,
            locale=locale,
            code=Secret(CODE[:digits]),
            origin_host=self._application.code_host or self._host,
            app_hash=self._application.android_app_hash,
            not_me_at=f"{self._page_base.partition('://')[2]}/no",
            action=action,
            device_name=DEVICE,
            country=None,
            reference=REFERENCE,
            worded_at=self._now,
            expires_at=later(self._now, seconds=_lifetime_s(limits, action.type)),
        )

    def _notice(self, wish: Wish, kind: NoticeKind, action: Action, locale: str | None) -> Notice:
        return Notice(
            kind=kind,
            channel=wish.channel,
            brand=self._application.name,
            locale=locale,
            action=action,
            happened_at=self._now,
            device_name=DEVICE,
            country=None,
            not_me_url=f"{self._page_base}/no?n={_NOTICE}",
        )


_AMOUNT: Final = Money(value=Decimal("12345.67"), currency="USD")
_LONG_NAME: Final = "Wolkenkratzerbau Wittenberge"
"""Longer than what a text message shows of a name."""
_NOTICE: Final = f"{make_id('ntc', UserKey(bytes(USER_KEY_BYTES)), bytes(16))}.{encode(bytes(16))}"
"""As long as a real one, and signed by nobody."""


def _notice_parts_at_most(text: str) -> int:
    return NOTICE_PARTS_AT_MOST if gsm.is_gsm(text) else LONG_NOTICE_PARTS_AT_MOST


def _lifetime_s(limits: Limits, action_type: str) -> int:
    return limits.purchase_lifetime_s if action_type == PURCHASE else limits.lifetime_s
