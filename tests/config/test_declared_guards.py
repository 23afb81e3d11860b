"""Guards in ``watchword.toml``: prices and caps as exact amounts, countries that exist, and what is refused."""

from pathlib import Path

import pytest

from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError
from watchword.domain.guards import MICROS, GuardMode, Guards

HEAD = """\
[server]
page_base = "https://verify.shop.example"
[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "code@shop.example"
test_sender = {is_test}
[applications.shop]
name = "Shop"
mode = "{mode}"
senders = {{ email = "mail" }}
"""


def _declare(folder: Path, *lines: str, mode: str = "live") -> Guards:
    path = folder / "watchword.toml"
    head = HEAD.format(mode=mode, is_test="true" if mode == "test" else "false")
    path.write_text(head + "[applications.shop.guards]\n" + "\n".join(lines))
    (declared,) = load_settings(path, situation=Situation.SERVE, environ={}).applications
    return declared.application.guards


def _problem(folder: Path, *lines: str) -> str:
    with pytest.raises(ConfigurationError) as refused:
        _declare(folder, *lines)
    (problem,) = refused.value.problems
    return problem.partition(": applications.shop.guards.")[2]


def test_without_a_table_guards_act_in_a_live_application_and_watch_in_a_test_one(tmp_path: Path) -> None:
    live, test = _declare(tmp_path), _declare(tmp_path, mode="test")
    assert (live.mode, test.mode) == (GuardMode.ENFORCE, GuardMode.MONITOR)
    assert live.cap("DE") == 100 * MICROS
    assert live.price(Channel.SMS, "DE") == MICROS // 10
    assert live.tariff(Channel.VOICE).countries is None
    assert (live.prefix_sends, live.prefix_completed_percent, live.prefix_window_h) == (20, 15, 24)


def test_what_an_operator_says_wins(tmp_path: Path) -> None:
    guards = _declare(
        tmp_path,
        'mode = "enforce"',
        'currency = "EUR"',
        'daily_cap = "50"',
        'daily_caps = { DE = "400.00" }',
        "kept_for_proven_percent = 25",
        "prefix_sends = 40",
        "[applications.shop.guards.sms]",
        'countries = ["DE", "AT"]',
        'price = "0.12"',
        'prices = { DE = "0.00415" }',
        mode="test",
    )
    assert (guards.mode, guards.currency, guards.prefix_sends) == (GuardMode.ENFORCE, "EUR", 40)
    assert (guards.cap("DE"), guards.cap("FR")) == (400 * MICROS, 50 * MICROS)
    assert guards.rest(guards.cap("DE")) == 300 * MICROS
    assert (guards.price(Channel.SMS, "DE"), guards.price(Channel.SMS, "AT")) == (4_150, 120_000)
    assert guards.tariff(Channel.SMS).countries == frozenset({"DE", "AT"})
    assert guards.tariff(Channel.VOICE).countries is None


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (('currency = "EURO"',), "currency: EURO: must be an active ISO 4217 code"),
        (('daily_cap = "-1"',), "daily_cap: must be an amount as text"),
        (('daily_cap = "1e9"',), "daily_cap: must be an amount as text"),
        (('daily_cap = "0.0000001"',), "daily_cap: must be an amount as text"),
        (("daily_cap = 100",), "daily_cap: must be a text in quotes"),
        (('daily_caps = { UK = "1" }',), "daily_caps: UK: must be a country"),
        (
            ("[applications.shop.guards.sms]", 'countries = ["de", "AT"]'),
            "sms.countries: de: must be a country as ISO 3166 has it, such as DE; did you mean DE?",
        ),
        (("[applications.shop.guards.sms]", 'countries = ["xx"]'), "sms.countries: xx: must be a country as ISO 3166"),
        (("[applications.shop.guards.voice]", 'prices = { DE = "dear" }'), "voice.prices.DE: must be an amount"),
        (("prefix_sends = 0",), "prefix_sends: 0 is outside 1 to 10000"),
        (('mode = "off"',), "mode: must be enforce or monitor"),
        (("kept_for_proven_percent = 91",), "kept_for_proven_percent: 91 is outside 0 to 90"),
        (("kept_for_proven = 20",), "kept_for_proven: there is no such key; did you mean kept_for_proven_percent?"),
        (
            ("[applications.shop.guards.email]",),
            "email: there is no such key: e-mail costs nothing by the piece and is not guarded; guards are for sms",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_its_key(tmp_path: Path, lines: tuple[str, ...], said: str) -> None:
    assert _problem(tmp_path, *lines).startswith(said)
