"""The time of a database is set back by somebody who is alone with it."""

import psycopg
import pytest

from watchword.adapters.postgres.database_time import set_back, times_of
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import DAY_MS


def test_is_refused_while_a_serving_process_is_connected(postgres_database: str) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("SELECT setval('watchword_highest', watchword_clock() + %s)", (2 * DAY_MS,))
    with (
        psycopg.connect(postgres_database, application_name="watchword"),
        pytest.raises(ConfigurationError, match="stop them first"),
    ):
        set_back(postgres_database)
    clock, highest = times_of(postgres_database)
    assert highest > clock + DAY_MS
    set_back(postgres_database)
    clock, highest = times_of(postgres_database)
    assert highest <= clock
