"""What the outside sees of a challenge, and the token that leads to its page."""

import pytest

from tests.flow.world import World, challenge_of
from watchword.domain.action import PASSWORD_RESET, SIGN_IN
from watchword.domain.message import DeliveryStatus
from watchword.flow.show import page_token, read_page_token


async def test_the_token_of_a_page_leads_to_its_challenge(world: World) -> None:
    challenge = challenge_of(await world.browser().report(SIGN_IN))
    assert read_page_token(world.ports.keyring, challenge.token.reveal()) == challenge.id
    assert page_token(world.ports.keyring, challenge.id) == challenge.token
    assert challenge.id.removeprefix("chl_") not in repr(challenge.token)


async def test_a_token_that_we_did_not_make_leads_nowhere(world: World) -> None:
    browser = world.browser()
    first, second = challenge_of(await browser.report(SIGN_IN)), challenge_of(await browser.report(SIGN_IN))
    ours, other = first.token.reveal(), second.token.reveal()
    middle = len(ours) // 2 + 8
    forged = [
        other[:middle] + ours[middle:],
        ours[:-1] + ("0" if ours[-1] != "0" else "8"),
        ours[:20] + ("0" if ours[20] != "0" else "1") + ours[21:],
        ours.removeprefix("wct_"),
        "wct_" + first.id.removeprefix("chl_"),
        ours.upper(),
        ours + "0",
        "",
        "wct_",
        "wct_" + "0" * 5_000,
    ]
    assert [read_page_token(world.ports.keyring, text) for text in forged] == [None] * len(forged)


async def test_every_challenge_has_another_token_reference_and_id(world: World) -> None:
    shown = [challenge_of(await world.browser().report(SIGN_IN, send=False)) for _ in range(10)]
    for told in ("token", "reference", "id", "url"):
        assert len({getattr(one, told) for one in shown}) == 10


@pytest.mark.parametrize(
    ("conceal", "status", "is_routed"), [(False, DeliveryStatus.SENT, True), (True, DeliveryStatus.WITHHELD, False)]
)
async def test_only_an_open_challenge_tells_where_its_code_went_and_what_became_of_it(
    world: World, *, conceal: bool, status: DeliveryStatus, is_routed: bool
) -> None:
    asked = await world.browser().report(PASSWORD_RESET, conceal=conceal)
    assert len(await world.deliver()) == 1
    shown = await world.view(asked)
    assert shown.delivery_status is status
    assert (shown.route is not None) is is_routed
    assert {option.masked for option in shown.options} == ({"•••"} if conceal else {"•••• 23", "a•••@h•••.example"})
