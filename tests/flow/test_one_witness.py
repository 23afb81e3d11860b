"""What the reports of one customer may say of a payee and of the sizes of purchases: he is one witness."""

from tests.flow.world import ADA, BEA, SHOP, World, email, phone, usd
from watchword.domain.action import PURCHASE, Label
from watchword.flow.learn import label

CAMERAS = "ACME Cameras"


async def _report_purchases(world: World, payees: tuple[str, ...], *, hours_between: float = 1.0) -> None:
    browser = await world.known_browser(ADA)
    bought = []
    for payee in payees:
        bought.append((await browser.report(PURCHASE, amount=usd("12.00"), payee=payee)).action)
        world.clock.move(hours=hours_between)
    for action in bought:
        assert await label(world.ports, world.ref(ADA), action.id, Label.FRAUD)


async def _reports_shown(world: World, payee: str) -> float:
    """Give what another customer's purchase at a payee shows of its reports."""
    await world.register(phone("+14155550199"), email("bea@home.example"), user_id=BEA)
    assessed = await world.browser(BEA).report(PURCHASE, amount=usd("12.00"), payee=payee)
    record = await world.store.action(world.ref(BEA), assessed.action.id)
    assert record is not None
    return float(record.assessment.signals["payee.reports"])


def _counted(world: World, key: bytes) -> float:
    return world.ports.traffic[SHOP].population.counts.get(key, world.clock.now())


async def test_one_customer_who_disowns_three_purchases_at_a_payee_is_one_report(world: World) -> None:
    await _report_purchases(world, (CAMERAS,) * 3)
    assert 0.9 < await _reports_shown(world, CAMERAS) <= 1.0


async def test_reports_of_different_payees_count_for_each(world: World) -> None:
    await _report_purchases(world, (CAMERAS, "Books", "Shoes"))
    assert 0.9 < await _reports_shown(world, "Shoes") <= 1.0


async def test_the_sizes_of_a_day_are_reported_once_by_a_customer(world: World) -> None:
    await _report_purchases(world, (CAMERAS, "Books", "Shoes"))
    assert 0.9 < _counted(world, b"SUSDr") <= 1.0


async def test_the_sizes_of_another_day_are_another_report(world: World) -> None:
    await _report_purchases(world, (CAMERAS, "Books"), hours_between=25)
    assert 1.9 < _counted(world, b"SUSDr") <= 2.0
