"""What happens around the pages, as further steps: messages come or fail, a store goes away, notices are opened."""

from typing import Final

from tests.accessibility.visitor import Step, Visitor, typed
from tests.pages.samples import NOW
from tests.pages.world import A_SIGN_IN, ONE_CAMERA, USER
from watchword.domain.action import SIGN_IN
from watchword.domain.closures import Closure
from watchword.domain.contact import Channel
from watchword.domain.guards import Counted, Guard
from watchword.domain.instant import later
from watchword.domain.message import DeliveryStatus, InboxEntry
from watchword.flow.cancel import cancel
from watchword.flow.check import check
from watchword.flow.dispute import REFERENCE_TRIES, by_reference, notice_url
from watchword.flow.link import ViewPage, make_view_link
from watchword.pages.dev_inbox import inbox_routes
from watchword.ports.store.outbox import HandedOver, NotHandedOver

SUPPORT: Final = "Write to help@shop.example, or call +1 415 555 0100 on weekdays from 9 to 17."
BROWSERS_ADDRESS: Final = "127.0.0.1"


async def message_arrived(visitor: Visitor) -> None:
    """The provider says that the message was delivered."""
    await _finish(
        visitor, HandedOver(sender="test", provider="test", provider_message_id="1", status=DeliveryStatus.DELIVERED)
    )


async def message_failed(visitor: Visitor) -> None:
    """No provider takes the message."""
    await _finish(visitor, NotHandedOver(reason="off", retry_after_ms=None))


async def number_is_dead(visitor: Visitor) -> None:
    """The provider says that there is no such number."""
    await _finish(visitor, NotHandedOver(reason="gone", retry_after_ms=None, status=DeliveryStatus.BOUNCED))


async def every_channel_closes(visitor: Visitor) -> None:
    """Messages to the country have cost their cap of the day, and there is no other contact."""
    world = visitor.stage.world
    now = world.clock.now()
    closure = Closure(
        application_id=world.application.id,
        guard=Guard.SPENDING,
        channel=None,
        place="US",
        closed_at=now,
        closed_until=later(now, hours=14),
        times=1,
        counted=Counted(sent=0, completed=0),
        spent=1,
        reached=10**12,
    )
    world.ports.guarding.closures.replace([closure])


async def _finish(visitor: Visitor, result: HandedOver | NotHandedOver) -> None:
    store = visitor.stage.world.ports.store
    for delivery in await store.claim_deliveries(limit=9, lease_s=30):
        await store.finish_delivery(delivery.id, delivery.tries, result)


async def newer_requests_come(visitor: Visitor) -> None:
    """The customer starts the same again, and again: the first request is replaced."""
    for _ in range(2):
        await visitor.stage.world.start(**{**ONE_CAMERA, "return_url": visitor.stage.return_url})


async def cookies_are_lost(visitor: Visitor) -> None:
    """The browser forgets its cookies."""
    await visitor.context.clear_cookies()


async def store_is_away(visitor: Visitor) -> None:
    """The store does not answer any more."""
    await visitor.stage.world.close()


async def reference_typed(visitor: Visitor) -> None:
    """The reference of the message is typed."""
    await typed(visitor.started.reference, "#reference")(visitor)


async def references_tried(visitor: Visitor) -> None:
    """As many wrong references come from this address as are allowed."""
    for _ in range(REFERENCE_TRIES.most):
        await by_reference(visitor.stage.world.ports, "7K2M9QXD", ip=BROWSERS_ADDRESS)


async def notice_opened(visitor: Visitor) -> None:
    """A device becomes trusted, and the owner opens the link of the notice about it."""
    world, page = visitor.stage.world, visitor.page
    challenge = await world.start(**A_SIGN_IN, return_url=None)
    await page.goto(challenge.url.reveal())
    await page.locator("#trust").check()
    await page.locator("#code").fill(await world.code())
    async with page.expect_navigation():
        await page.locator("button.first").click()
    (notice_id, *_) = [message.notice_id for message in await world.messages() if message.notice_id is not None]
    await page.goto(notice_url(world.ports, notice_id))


def own(page: ViewPage) -> Step:
    """The application sends the customer to the own view."""

    async def step(visitor: Visitor) -> None:
        world = visitor.stage.world
        link = await make_view_link(world.ports, world.application, USER, page, return_url=visitor.stage.return_url)
        await visitor.page.goto(link.url.reveal())

    return step


async def requests_are_there(visitor: Visitor) -> None:
    """Two devices signed in, one of them trusted; a purchase was stopped, and another one waits."""
    world = visitor.stage.world
    camera = {**ONE_CAMERA, "return_url": None}
    for agent, trust in (("Firefox on Linux", True), ("Safari on iPhone", False)):
        signing_in = await world.start(type=SIGN_IN, user_agent=agent, return_url=None)
        await check(world.ports, world.application, signing_in.id, await world.code(), trust_device=trust)
        world.clock.move(seconds=90)
    stopped = await world.start(**camera)
    await cancel(world.ports, world.application, stopped.id, "not_me")
    visitor.challenge = await world.start(**camera)
    await visitor.wait(30)


def inbox_of(count: int) -> Step:
    """The local inbox holds the first so many of three messages."""

    async def step(visitor: Visitor) -> None:
        visitor.stage.world.site.router.routes.extend(inbox_routes(Kept(count)))

    return step


class Kept:
    """An inbox with a text message, an e-mail and a call."""

    def __init__(self, count: int) -> None:
        self.count = count

    def entries(self, to: str | None = None) -> tuple[InboxEntry, ...]:
        phone, mailbox = "+14155550123", "ada@home.example"
        every = (
            _entry(
                phone, Channel.SMS, "123456 is your Example Shop code. It expires in 5 minutes.\n@shop.example #123456"
            ),
            _entry(mailbox, Channel.EMAIL, "Your code is 654321.\n\nNot you? https://shop.example/no?n=" + "x" * 60),
            _entry(phone, Channel.VOICE, "Your code is 1 2 3 4 5 6. I repeat: 1 2 3 4 5 6."),
        )
        return tuple(entry for entry in every[: self.count] if to in {None, entry.to})


def _entry(to: str, channel: Channel, text: str) -> InboxEntry:
    subject = "654321 is your Example Shop code" if channel is Channel.EMAIL else None
    return InboxEntry(
        to=to,
        channel=channel,
        is_code=True,
        subject=subject,
        text=text,
        sent_at=later(NOW, seconds=-60),
        challenge_id=None,
    )
