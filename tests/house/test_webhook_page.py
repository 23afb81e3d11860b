"""The page about webhooks tells of exactly the events that there are, with the fields that they always have."""

import re

from tests.house.repository import ROOT
from watchword.adapters.outward import Trouble
from watchword.bootstrap.announcing import CALLS_AT_ONCE
from watchword.domain.reach import PUBLIC_PORTS
from watchword.domain.webhook import CALL_TIMEOUT_S, PUBLIC_FIELDS, RETRIES_S

PAGE = (ROOT / "docs" / "webhooks.md").read_text()
ROW = re.compile(r"^\| `(?P<type>[a-z]+\.[a-z]+)` \| [^|]+ \| (?P<fields>[^|]+) \|$", re.MULTILINE)


def test_the_table_of_events_is_that_of_the_code() -> None:
    told = {row["type"]: tuple(re.findall(r"`([a-z_]+)`", row["fields"])) for row in ROW.finditer(PAGE)}
    assert told == {str(event_type): fields for event_type, fields in PUBLIC_FIELDS.items()}


def test_the_numbers_on_the_page_are_those_of_the_code() -> None:
    assert RETRIES_S == (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
    assert "at once, then 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h" in PAGE
    assert f"within {CALL_TIMEOUT_S:g} s" in PAGE
    assert sorted(PUBLIC_PORTS) == [443, 8443]
    assert CALLS_AT_ONCE == 8


def test_every_word_for_a_missing_answer_is_explained() -> None:
    assert [word.value for word in Trouble if f"`{word.value}`" not in PAGE] == []
