"""The capacity model: what it reckons from single acts, and that its tables find their places in the page."""

from pathlib import Path

import pytest

from bench.capacity.acts import ALLOW, REDEEM_ALLOW, REDEEM_PROOF, START_CHECK, Act, Costs
from bench.capacity.model import DAY_S, KEPT_DAYS, PEAK, SHORT_DAYS, mix, size_for
from bench.capacity.tables import fill, tables_of


def _act(service_us: float, database_us: float = 0.0, **room: float) -> Act:
    return Act(service_us=service_us, database_us=database_us, written_bytes=1_000, room=room)


def _costs(database_us: float = 0.0) -> Costs:
    acts = {
        START_CHECK: _act(4_000, 4 * database_us, challenges=1_000, deliveries=500, users=7),
        REDEEM_PROOF: _act(2_000, database_us, events=300),
        ALLOW: _act(800, database_us, actions=600, contributions=200),
        REDEEM_ALLOW: _act(200, database_us, events=100),
    }
    return Costs(acts=acts, resident_mb=100, database_mb=1)


def test_an_action_of_the_mix_is_asked_about_once_in_ten() -> None:
    mixed = mix(_costs())
    assert mixed.service_us == pytest.approx(0.9 * 1_000 + 0.1 * 6_000)
    assert mixed.long_bytes == pytest.approx(0.9 * 700 + 0.1 * 1_300)
    assert mixed.short_bytes == pytest.approx(0.9 * 200 + 0.1 * 500)  # what lasts as long as its user counts in neither


def test_room_is_taken_by_what_has_not_left_yet() -> None:
    mixed = mix(_costs())
    a_day = 30 / PEAK * DAY_S
    taken = a_day * (SHORT_DAYS * mixed.short_bytes + KEPT_DAYS * mixed.long_bytes)
    assert size_for(30, mixed).room_gb == pytest.approx(taken / 1e9)


def test_more_than_one_server_can_do_is_spread() -> None:
    mixed = mix(_costs(database_us=500))
    assert (size_for(1_000, mixed).shards, size_for(1, mixed).processes) == (1, 1)
    assert size_for(100_000, mixed).shards > 1


def test_every_table_finds_its_place_in_the_page() -> None:
    page = Path("docs/scaling.md").read_text(encoding="utf-8")
    tables = tables_of(_costs(), _costs(database_us=500), "Measured today.")
    filled = fill(page, tables)
    assert [name for name, table in tables.items() if table not in filled] == []
    assert fill(filled, tables) == filled
    with pytest.raises(LookupError):
        fill("an empty page", tables)
