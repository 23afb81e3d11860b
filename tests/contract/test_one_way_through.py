"""One way through the store: a user, a challenge, its message, a wrong and a right guess, the grant and its receipt."""

from tests.contract.builders import EMAIL, PHONE, Scene
from tests.contract.guessing import spend
from watchword.domain.action import SIGN_IN
from watchword.domain.challenge import Approved, ChallengeState, Ended, Incorrect
from watchword.domain.event import EventType
from watchword.domain.grant import Redeemed
from watchword.domain.message import DeliveryStatus, NoticeKind
from watchword.ports.store import Store
from watchword.ports.store.outbox import HandedOver
from watchword.ports.store.values import GrantProblem


async def test_goes_from_a_challenge_to_a_redeemed_grant(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    planned = await scene.open(SIGN_IN)
    (message,) = await store.claim_deliveries(limit=10, lease_s=30)
    assert message.code == planned.code
    assert message.address.reveal() == PHONE
    await store.finish_delivery(
        message.id,
        message.tries,
        HandedOver(sender="inbox", provider="inbox", provider_message_id="1", status=DeliveryStatus.SENT),
    )
    shown = await scene.challenge(planned.id)
    assert (shown.state, shown.delivery_status) == (ChallengeState.PENDING, DeliveryStatus.SENT)

    assert await spend(store, scene.wrong(planned)) == Incorrect(attempts_left=4)
    approved = await spend(store, scene.guess(planned))
    assert isinstance(approved, Approved)
    assert approved.grant is not None
    assert await spend(store, scene.guess(planned)) == Ended(state=ChallengeState.APPROVED)

    redemption = scene.redemption(planned, approved.grant.id)
    assert isinstance(await store.redeem_grant(redemption), Redeemed)
    assert await store.redeem_grant(redemption) is GrantProblem.ALREADY_REDEEMED
    (notice,) = await store.claim_deliveries(limit=10, lease_s=30)
    assert notice.notice is NoticeKind.CONFIRMATION
    assert notice.address.reveal() == EMAIL


async def test_tells_the_way_in_events(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    await spend(store, scene.wrong(planned))
    await spend(store, scene.guess(planned))
    events = await store.events(scene.application_id, limit=100, after=0)
    assert [event.type for _, event in events] == [
        EventType.USER_REGISTERED,
        EventType.CONTACT_CHANGED,
        EventType.ACTION_DECIDED,
        EventType.CHALLENGE_CREATED,
        EventType.DELIVERY_QUEUED,
        EventType.CHALLENGE_ATTEMPTED,
        EventType.CHALLENGE_APPROVED,
        EventType.GRANT_ISSUED,
        EventType.DEVICE_KNOWN,
    ]
