"""What an assessment learns about a user, and the lists that applications read."""

import asyncio
from decimal import Decimal

import pytest

from tests.contract.builders import EMAIL, PHONE, Planned, Scene
from tests.contract.guessing import spend
from watchword.domain.action import PASSWORD_RESET, PURCHASE, SIGN_IN, Decision, Label
from watchword.domain.budget import Lane
from watchword.domain.challenge import Approved, ChallengeState
from watchword.domain.device import Recognised
from watchword.domain.event import EventType
from watchword.domain.ids import ApplicationId
from watchword.domain.instant import Instant, later
from watchword.domain.secret import Secret
from watchword.ports.store import Store
from watchword.ports.store.deciding import Judgement, Known, Presented
from watchword.ports.store.values import AlreadyKept, ApiKey, KeptAnswer


async def _approve(scene: Scene, planned: Planned) -> Approved:
    outcome = await spend(scene.store, scene.guess(planned))
    assert isinstance(outcome, Approved)
    return outcome


async def _buy(scene: Scene, amount: str, currency: str = "USD") -> None:
    action = scene.action(PURCHASE, amount=amount, currency=currency)
    await scene.store.record_decision(scene.decided(action))


async def test_nothing_is_known_of_a_stranger(scene: Scene) -> None:
    profile = await scene.profile(user_id="nobody")
    assert (profile.user, profile.failures, profile.unproven_networks, profile.purchase_count) == (None, 0, 0, 0)
    assert (profile.countries_seen, profile.last_seen_at, profile.lane_free_at) == (frozenset(), None, None)


async def test_a_challenge_that_is_not_approved_counts_as_unproven_for_a_day(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    assert (await scene.profile(SIGN_IN)).unproven_same_type  # a pending one too
    await store.end_challenge(planned.id, ChallengeState.CANCELLED, "abandoned")
    profile = await scene.profile(SIGN_IN)
    assert (profile.unproven_same_type, profile.unproven_networks) == (True, 1)
    assert not (await scene.profile(PURCHASE)).unproven_same_type
    scene.clock.move(hours=24)
    profile = await scene.profile(SIGN_IN)
    assert (profile.unproven_same_type, profile.unproven_networks) == (False, 0)


async def test_what_strangers_left_unproven_is_not_seen_from_the_own_lane(scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.open(SIGN_IN, network=b"stranger")
    own = await scene.profile(SIGN_IN, lane=Lane.OWN)
    assert (own.unproven_same_type, own.unproven_networks) == (False, 0)
    await scene.open(SIGN_IN, lane=Lane.OWN, network=b"home")
    own, everybody = await scene.profile(SIGN_IN, lane=Lane.OWN), await scene.profile(SIGN_IN)
    assert (own.unproven_same_type, own.unproven_networks) == (True, 1)
    assert (everybody.unproven_same_type, everybody.unproven_networks) == (True, 2)


async def test_an_approved_challenge_and_a_confirmation_are_not_unproven(scene: Scene) -> None:
    user = await scene.register(PHONE, confirmed=False)
    await scene.confirm(user.contacts[0])
    await _approve(scene, await scene.open(SIGN_IN))
    profile = await scene.profile(SIGN_IN)
    assert (profile.unproven_same_type, profile.unproven_networks) == (False, 0)


async def test_purchases_without_proof_add_up_until_the_next_proof(scene: Scene) -> None:
    await scene.register(PHONE)
    await _buy(scene, "10.00")
    await _buy(scene, "5", "EUR")
    await _buy(scene, "2.50")
    profile = await scene.profile(PURCHASE, currency="USD")
    assert (profile.purchase_count, profile.purchase_sum) == (3, Decimal("12.50"))
    assert (await scene.profile(PURCHASE, currency="EUR")).purchase_sum == Decimal(5)
    await _approve(scene, await scene.open(SIGN_IN))  # at the very same millisecond
    assert (await scene.profile(PURCHASE, currency="USD")).purchase_count == 0
    await _buy(scene, "1.00")
    assert (await scene.profile(PURCHASE, currency="USD")).purchase_sum == Decimal(1)
    scene.clock.move(hours=24)
    assert (await scene.profile(PURCHASE, currency="USD")).purchase_count == 0


async def test_only_what_was_allowed_or_approved_makes_a_place_known(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await store.record_decision(scene.decided(scene.action(), Decision.DENY, country="FR"))
    planned = await scene.open()
    profile = await scene.profile()
    assert (profile.countries_seen, profile.last_seen_at) == (frozenset[str](), None)
    await _approve(scene, planned)
    await store.record_decision(scene.decided(scene.action(), country="CH"))
    profile = await scene.profile()
    assert (profile.countries_seen, profile.last_seen_at) == (frozenset({"US", "CH"}), await store.now())


async def test_actions_are_listed_newest_first_in_pages(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    actions = [scene.action("transfer") for _ in range(5)]
    for action in actions:
        await store.record_decision(scene.decided(action, Decision.DENY, retry_at=later(await store.now(), hours=1)))
    first = await store.actions(scene.ref(), limit=3, before=None)
    second = await store.actions(scene.ref(), limit=3, before=first[-1].action.id)
    assert [record.action.id for record in (*first, *second)] == [action.id for action in reversed(actions)]
    assert (first[0].decision, first[0].grant, first[0].challenge) == (Decision.DENY, None, None)
    assert first[0].retry_at == later(await store.now(), hours=1)
    assert await store.actions(scene.ref("u-2"), limit=3, before=None) == []


async def test_what_passed_unasked_is_left_out_among_requests(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    old = await scene.open(SIGN_IN)
    scene.clock.move(days=1)
    since = await store.now()
    asked, denied = await scene.open(SIGN_IN), scene.action("transfer")
    await store.record_decision(scene.decided(denied, Decision.DENY))
    for _ in range(3):
        await store.record_decision(scene.decided(scene.action()))
    found = await store.actions(scene.ref(), limit=2, before=None, asked_since=since)
    assert [record.action.id for record in found] == [denied.id, asked.action.id]
    assert await store.actions(scene.ref(), limit=2, before=asked.action.id, asked_since=since) == []
    (last,) = await store.actions(scene.ref(), limit=2, before=asked.action.id, asked_since=Instant(0))
    assert last.action.id == old.action.id


async def test_an_action_shows_what_became_of_it(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    planned = await scene.open(SIGN_IN)
    approved = await _approve(scene, planned)
    record = await store.action(scene.ref(), planned.action.id)
    assert record is not None
    assert (record.grant, record.device, record.decision) == (approved.grant, approved.device, Decision.CHALLENGE)
    assert record.challenge == await scene.challenge(planned.id)
    assert record.challenge.state is ChallengeState.APPROVED
    assert record.challenge.attempts_left == approved.attempts_left == 4
    assert await store.label_action(scene.ref(), planned.action.id, Label.FRAUD)
    assert not await store.label_action(scene.ref("u-2"), planned.action.id, Label.FRAUD)
    labelled = await store.action(scene.ref(), planned.action.id)
    assert labelled is not None
    assert labelled.label is Label.FRAUD


async def test_a_result_hands_its_grant_out_only_while_it_can_be_redeemed(store: Store, scene: Scene) -> None:
    await scene.register(PHONE, EMAIL)
    planned = await scene.open(SIGN_IN)
    pending = await store.challenge(planned.id)
    assert pending is not None
    assert (pending.grant, pending.device) == (None, None)
    approved = await _approve(scene, planned)
    for _ in range(2):  # the same answer again: a lost one loses nothing
        result = await store.challenge(planned.id)
        assert result is not None
        assert (result.grant, result.device) == (approved.grant, approved.device)
    scene.clock.move(seconds=scene.limits.grant_lifetime_s)
    result = await store.challenge(planned.id)
    assert result is not None
    assert result.grant is None


async def test_a_reset_ends_other_challenges_and_voids_other_grants(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    earlier = await _approve(scene, await scene.open(SIGN_IN))
    pending = await scene.open("transfer")
    reset = await scene.open(PASSWORD_RESET)
    approved = await _approve(scene, reset)
    cancelled = await scene.challenge(pending.id)
    assert (cancelled.state, cancelled.end_reason) == (ChallengeState.CANCELLED, "reset")
    assert earlier.grant is not None
    voided = await store.grant(earlier.grant.id)
    assert voided is not None
    assert voided.state == "revoked"
    result = await store.challenge(reset.id)
    assert result is not None
    assert result.grant == approved.grant


async def test_events_are_numbered_in_order_and_read_from_any_number(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    await scene.open()
    events = await store.events(scene.application_id, limit=100, after=0)
    numbers = [number for number, _ in events]
    assert numbers == sorted(numbers)
    assert list(await store.events(scene.application_id, limit=2, after=numbers[1])) == list(events[2:4])
    assert events[0][1].type is EventType.USER_REGISTERED
    assert {event.user_key for _, event in events} == {scene.ref().key}


async def test_a_kept_answer_stays_the_first_for_a_day(store: Store, scene: Scene) -> None:
    def answer(text: str) -> KeptAnswer:
        return KeptAnswer(
            application_id=scene.application_id, scope=b"scope", fingerprint=b"f", status=404, body=Secret(text)
        )

    assert await store.keep_answer(answer("first")) == answer("first")
    assert await store.keep_answer(answer("second")) == answer("first")
    assert await store.kept_answer(scene.application_id, b"scope") == answer("first")
    scene.clock.move(hours=24)
    assert await store.kept_answer(scene.application_id, b"scope") is None
    await store.keep_answer(answer("third"))
    assert await store.kept_answer(scene.application_id, b"scope") == answer("third")
    scene.clock.move(hours=24)
    assert (await store.sweep(limit=10)).forgotten == 1


async def test_a_key_is_found_by_its_hash_and_revoked_for_good(store: Store, scene: Scene) -> None:
    key = ApiKey(
        id="key_1",
        application_id=scene.application_id,
        scopes=frozenset({"actions", "users"}),
        created_at=await store.now(),
        revoked_at=None,
    )
    await store.add_api_key(key, b"hash")
    assert await store.api_key(b"hash") == key
    assert await store.api_key(b"other") is None
    assert not await store.revoke_api_key(ApplicationId("other"), key.id)
    assert await store.revoke_api_key(scene.application_id, key.id)
    assert not await store.revoke_api_key(scene.application_id, key.id)
    (listed,) = await store.api_keys(scene.application_id)
    assert listed.revoked_at == await store.now()


async def test_allows_decided_at_the_same_moment_see_each_other(scene: Scene) -> None:
    await scene.register(PHONE)

    def judge(known: Known) -> Judgement[int]:
        before = known.profile.purchase_count
        is_allowed = before < 3
        action = scene.action(PURCHASE, amount="20.00")
        return Judgement(told=before, decided=scene.decided(action) if is_allowed else None)

    query = scene.query(PURCHASE, currency="USD")
    seen = await asyncio.gather(*(scene.store.decide(query, judge) for _ in range(20)))
    assert sorted(seen) == [0, 1, 2, *[3] * 17]
    assert (await scene.profile(PURCHASE, currency="USD")).purchase_sum == Decimal(60)


async def test_what_a_token_tells_is_kept_also_where_nothing_is_decided(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    outcome = await spend(store, scene.guess(await scene.open(SIGN_IN)))
    assert isinstance(outcome, Approved)
    assert outcome.device is not None
    known = await scene.known(scene.query(presented=Presented(device_id=outcome.device.id, step=1)))
    assert (known.lane, isinstance(known.found, Recognised)) == (Lane.OWN, True)
    (device,) = await store.devices(scene.ref())
    assert device.step == 1


async def test_the_answer_of_a_decision_is_kept_with_it_and_once(store: Store, scene: Scene) -> None:
    await scene.register(PHONE)
    kept = KeptAnswer(application_id=scene.application_id, scope=b"s", fingerprint=b"f", status=200, body=Secret("{}"))

    def judge(_: Known) -> Judgement[None]:
        return Judgement(told=None, decided=scene.decided(scene.action(PURCHASE)), kept=kept)

    await store.decide(scene.query(PURCHASE), judge)
    with pytest.raises(AlreadyKept):
        await store.decide(scene.query(PURCHASE), judge)
    assert await store.kept_answer(scene.application_id, b"s") == kept
    assert (await scene.profile(PURCHASE)).purchase_count == 1
