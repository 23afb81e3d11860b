"""The primary dies under several processes that serve: who asks again with the same key gets what happened, once."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.adapters.mail_server import Postbox, serve
from tests.kit.postgres_pair import SynchronousPair, make_pair
from tests.process.estate import Estate, rushing
from watchword.adapters.postgres.postgres_schema import migrate

_TIMES = """
    SELECT type, count(*), count(DISTINCT user_key) FROM events
    WHERE type IN ('action.decided', 'challenge.created', 'challenge.approved', 'grant.redeemed') GROUP BY type
"""


@pytest.fixture
def pair(postgres_server: object) -> Iterator[SynchronousPair]:
    made = make_pair()
    yield made
    made.close()


@pytest.fixture
def estate(tmp_path: Path, pair: SynchronousPair) -> Iterator[Estate]:
    """Gives an estate whose database is on both servers."""
    with pair.primary.superuser() as superuser:
        superuser.execute("CREATE DATABASE shop OWNER watchword")
    migrate(pair.url("shop"))
    postbox = Postbox()
    mail = serve(postbox)
    estate = Estate(folder=tmp_path, url=pair.url("shop"), postbox=postbox, mail_port=mail.port).furnish()
    try:
        yield estate
    finally:
        estate.close()
        mail.stop()


def test_every_call_that_is_asked_again_is_answered_once(estate: Estate, pair: SynchronousPair) -> None:
    machine = estate.start("serve", "--workers", "2")
    members = machine.members()
    with rushing(estate, machine, tries=200) as rush:
        pair.part()
        pair.primary.kill()
        pair.promote()
        rush.wait_for_more(8)
    assert rush.failures == []
    assert machine.members() == members  # nobody had to be started again
    with psycopg.connect(pair.standby.url("shop")) as connection:
        times = connection.execute(_TIMES).fetchall()
    arrived = len(rush.arrived)
    assert sorted(times) == [
        (event_type, arrived, arrived)
        for event_type in ("action.decided", "challenge.approved", "challenge.created", "grant.redeemed")
    ]
    assert machine.end() == 0
