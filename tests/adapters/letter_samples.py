"""Messages to word: an action of every type, with names from outside where they may stand."""

from decimal import Decimal

from watchword.domain.action import Action, Detail
from watchword.domain.contact import Channel
from watchword.domain.ids import ActionId, ApplicationId, Reference, UserId, UserKey
from watchword.domain.instant import Instant, later
from watchword.domain.message import CodeMessage, Notice, NoticeKind, RenderedMessage
from watchword.domain.money import Money
from watchword.domain.secret import Secret

NOW = Instant(1_795_358_000_000)
"""2026-11-22T14:33:20Z."""
HOST = "verify.shop.example"
NOTICE_LINK = f"https://{HOST}/no?n=ntc_{'0123456789abcdefghjkmnpqrstvwxyz0123456'}.{'7'}{'x' * 25}"
"""As long as a real one."""


def dollars(value: str) -> Money:
    return Money(value=Decimal(value), currency="USD")


def an_action(
    action_type: str = "purchase",
    *,
    amount: Money | None = None,
    payee: str | None = None,
    details: dict[str, Detail] | None = None,
    summary: str | None = None,
) -> Action:
    return Action(
        id=ActionId("act_1"),
        application_id=ApplicationId("shop"),
        user_id=UserId("u-42"),
        user_key=UserKey(b"12345678"),
        type=action_type,
        amount=amount,
        payee=payee,
        details=details or {},
        summary=summary,
        created_at=NOW,
    )


def a_purchase(payee: str | None = "ACME Cameras", value: str = "1299.00") -> Action:
    return an_action(amount=dollars(value), payee=payee)


ACTIONS = (
    an_action("sign_in"),
    an_action("password_reset"),
    *(an_action("account_update", details={"field": field}) for field in ("email", "phone", "password", "address")),
    an_action("contact_confirmation"),
    a_purchase(),
    an_action("purchase"),
    an_action("purchase", payee="ACME Cameras"),
    an_action("transfer_out", amount=dollars("12.50"), payee="Łódź Café"),
    an_action("close_account"),
)


def a_code_message(
    action: Action | None = None,
    *,
    channel: Channel = Channel.SMS,
    brand: str = "Example Shop",
    code: str = "012345",
    host: str = HOST,
    reference: str = "7K2M9QXD",
    locale: str | None = "en",
    lifetime_s: float = 600,
    device_name: str | None = None,
    country: str | None = None,
    app_hash: str | None = None,
) -> CodeMessage:
    return CodeMessage(
        channel=channel,
        brand=brand,
        locale=locale,
        code=Secret(code),
        origin_host=host,
        app_hash=app_hash,
        not_me_at=f"{host}/no",
        action=action or a_purchase(),
        device_name=device_name,
        country=country,
        reference=Reference(reference),
        worded_at=NOW,
        expires_at=later(NOW, seconds=lifetime_s),
    )


def perceived(rendered: RenderedMessage) -> str:
    """Return all that somebody reads, or hears of a call: what is said before and after a key was pressed."""
    return rendered.text if rendered.prompt is None else f"{rendered.prompt} {rendered.text}"


def a_notice(
    kind: NoticeKind = NoticeKind.CONFIRMATION,
    *,
    channel: Channel = Channel.EMAIL,
    action: Action | None = None,
    brand: str = "Example Shop",
    device_name: str | None = "Chrome on Windows",
    country: str | None = None,
    locale: str | None = "en",
) -> Notice:
    return Notice(
        kind=kind,
        channel=channel,
        brand=brand,
        locale=locale,
        action=action,
        happened_at=NOW,
        device_name=device_name,
        country=country,
        not_me_url=NOTICE_LINK,
    )
