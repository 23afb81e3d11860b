"""Links to an owner's own view: whose they open, for how long, and what makes one worth nothing."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.flow.outside import START
from tests.flow.world import ADA, BEA, PAGE_BASE, SHOP, World, challenge_of, email
from tests.kit.clock_and_chance import SeededEntropy
from watchword.adapters.key_file import KeyKind
from watchword.adapters.key_set import KeySet
from watchword.domain.action import SIGN_IN
from watchword.domain.errors import InvalidField, ReturnUrlNotAllowed, UnknownUser
from watchword.domain.ids import ApplicationId, UserId, encode
from watchword.flow.link import ViewPage, make_view_link, read_view_link
from watchword.flow.register import delete_user

if TYPE_CHECKING:
    from watchword.ports import Ports

BACK = "https://shop.example/back"


async def _token(world: World, user_id: UserId = ADA, page: ViewPage = ViewPage.REQUESTS, **fields: str) -> str:
    link = await make_view_link(world.ports, world.shop, user_id, page, **fields)
    return link.url.reveal().removeprefix(f"{PAGE_BASE}/me/")


def _keys(world: World) -> KeySet:
    keyring = world.ports.keyring
    assert isinstance(keyring, KeySet)
    return keyring


async def test_a_link_opens_the_view_of_its_user_as_often_as_he_likes_for_ten_minutes(world: World) -> None:
    link = await make_view_link(world.ports, world.shop, ADA, ViewPage.DEVICES, return_url=BACK, locale="de-AT")
    token = link.url.reveal().removeprefix(f"{PAGE_BASE}/me/")
    assert link.expires_at == world.clock.at + 600_000
    world.clock.move(seconds=599.999)
    for _ in range(2):
        view = await read_view_link(world.ports, token)
        assert view is not None
        assert (view.application, view.user) == (world.shop, await world.user())
        assert (view.page, view.return_url, view.locale) == (ViewPage.DEVICES, BACK, "de-AT")
        assert view.expires_at == link.expires_at
    world.clock.move(seconds=0.001)
    assert await read_view_link(world.ports, token) is None


async def test_a_link_without_a_language_speaks_the_users(world: World) -> None:
    await world.register(email(), user_id=BEA, locale="fr")
    view = await read_view_link(world.ports, await _token(world, BEA))
    assert view is not None
    assert (view.locale, view.return_url, view.page) == ("fr", None, ViewPage.REQUESTS)


async def test_a_link_writes_nothing_and_tells_nothing(world: World) -> None:
    before = await world.events()
    token = await _token(world, return_url=BACK)
    await read_view_link(world.ports, token)
    assert await world.events() == before
    assert token.isascii()
    assert token.replace("_", "").isalnum()
    for telling in (ADA, SHOP, BACK, encode(world.ref().key)):
        assert telling not in token


async def test_a_link_is_never_long(world: World) -> None:
    longest = "https://shop.example/" + "x" * 379
    shop = replace(world.shop, id=ApplicationId("s" * 64), return_urls=(longest, f"{longest}x" * 2))
    world.ports = replace(world.ports, applications={shop.id: shop})
    world.shop = shop
    await world.register()
    link = await make_view_link(
        world.ports, shop, ADA, ViewPage.REQUESTS, return_url=longest, locale="x-" + "private1-" * 3 + "12345"
    )
    assert len(link.url.reveal()) < 1_024
    with pytest.raises(InvalidField):
        await make_view_link(world.ports, shop, ADA, ViewPage.REQUESTS, return_url=f"{longest}x" * 2)


async def test_a_changed_or_foreign_token_opens_nothing(world: World) -> None:
    token = await _token(world)
    challenge = challenge_of(await world.browser().report(SIGN_IN)).token.reveal()
    sealed = encode(world.ports.keyring.seal("shop/contacts/x/address", b'[1,"shop"]'))
    middle = len(token) // 2
    swapped = token[:middle] + ("0" if token[middle] != "0" else "1") + token[middle + 1 :]
    for text in (
        *("", "wvl_", "wvl_0", token[:-1], f"{token}0", token.upper(), f" {token}", swapped),
        *(
            token.removeprefix("wvl_"),
            f"wct_{token.removeprefix('wvl_')}",
            challenge,
            f"wvl_{sealed}",
            "wvl_" + "0" * 9_000,
        ),
    ):
        assert await read_view_link(world.ports, text) is None, text
    assert await read_view_link(world.ports, token) is not None


async def test_keys_of_another_installation_open_nothing(world: World) -> None:
    token = await _token(world)
    other = replace(world.ports, keyring=KeySet.generate(SeededEntropy(99), START))
    assert await read_view_link(other, token) is None


async def test_a_link_outlives_the_rotation_of_its_key(world: World) -> None:
    token = await _token(world)
    _keys(world).adopt(_keys(world).rotate(KeyKind.SEALING, SeededEntropy(5), world.clock.now()))
    assert await read_view_link(world.ports, token) is not None
    assert await read_view_link(world.ports, await _token(world)) is not None


async def test_an_erased_user_has_no_view_and_one_who_comes_back_has_another(world: World) -> None:
    token = await _token(world)
    world.clock.move(seconds=1)
    await delete_user(world.ports, world.shop, ADA)
    assert await read_view_link(world.ports, token) is None
    with pytest.raises(UnknownUser):
        await _token(world)
    await world.register()
    assert await read_view_link(world.ports, token) is None
    assert await read_view_link(world.ports, await _token(world)) is not None


async def test_an_application_that_is_gone_shows_nothing(world: World) -> None:
    token = await _token(world)
    assert await read_view_link(replace(world.ports, applications={}), token) is None


async def test_the_view_of_one_application_is_never_that_of_another(world: World) -> None:
    token = await _token(world)
    other = replace(world.shop, id=ApplicationId("other"))
    both = replace(world.ports, applications={other.id: other, SHOP: world.shop})
    view = await read_view_link(both, token)
    assert view is not None
    assert view.application.id == SHOP
    with pytest.raises(UnknownUser):
        await make_view_link(both, other, ADA, ViewPage.REQUESTS)


async def test_the_way_back_is_on_the_list_when_it_is_made_and_when_it_is_read(world: World) -> None:
    with pytest.raises(ReturnUrlNotAllowed):
        await _token(world, return_url="https://elsewhere.example/")
    token = await _token(world, return_url=BACK)
    stricter: Ports = replace(world.ports, applications={SHOP: replace(world.shop, return_urls=())})
    view = await read_view_link(stricter, token)
    assert view is not None
    assert view.return_url is None
