"""Applications: what may be declared in which mode and situation."""

from pathlib import Path

import pytest

from watchword.config.loading import load_settings
from watchword.config.settings import DeclaredApplication, Situation
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError
from watchword.domain.limits import Conformance, Limits, Mode

HEAD = """\
[server]
page_base = "https://verify.shop.example"
[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "code@shop.example"
[senders.mailpit]
kind = "smtp"
host = "127.0.0.1"
security = "none"
from_address = "code@shop.example"
test_sender = true
"""
INBOX = 'senders = { sms = "inbox", email = "inbox" }'
LIVE = ('mode = "live"', 'senders = { email = "mail" }')
TEST = ('mode = "test"', 'senders = { email = "mailpit" }')


def _declare(folder: Path, *lines: str, situation: Situation = Situation.DEV, id_: str = "shop") -> DeclaredApplication:
    path = folder / "watchword.toml"
    path.write_text("\n".join((HEAD, f"[applications.{id_}]", 'name = "Shop"', *lines)))
    (declared,) = load_settings(path, situation=situation, environ={}).applications
    return declared


def _problem(folder: Path, *lines: str, situation: Situation = Situation.DEV, id_: str = "shop") -> str:
    with pytest.raises(ConfigurationError) as refused:
        _declare(folder, *lines, situation=situation, id_=id_)
    (problem,) = refused.value.problems
    return problem.partition(": ")[2]


@pytest.mark.parametrize("host", ["verify.shop.example", "www.shop.example", "[::1]"])
def test_codes_may_be_bound_to_the_pages_or_to_an_origin_of_the_application(tmp_path: Path, host: str) -> None:
    origins = 'origins = ["https://www.shop.example:8443", "http://[::1]:3000"]'
    declared = _declare(tmp_path, *TEST, origins, f'code_host = "{host}"')
    assert declared.application.code_host == host


@pytest.mark.parametrize("host", ["shop.example", "www.shop.example:8443", "https://www.shop.example"])
def test_codes_are_bound_to_no_other_host(tmp_path: Path, host: str) -> None:
    problem = _problem(tmp_path, *TEST, 'origins = ["https://www.shop.example:8443"]', f'code_host = "{host}"')
    assert problem == (
        "applications.shop.code_host: must be the host of page_base or of one of the origins: verify.shop.example,"
        " www.shop.example"
    )


def test_a_challenge_budget_is_a_percentage_for_each_type(tmp_path: Path) -> None:
    declared = _declare(
        tmp_path, *TEST, 'action_types = ["payout"]', "challenge_budget = { purchase = 2, payout = 0.5 }"
    )
    assert declared.application.challenge_budget == {"purchase": 2.0, "payout": 0.5}


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ("purchase = 25", "purchase: 25 is outside 0.1 to 20.0"),
        ("purchase = 0.0", "purchase: 0.0 is outside 0.1 to 20.0"),
        ("purchase = nan", "purchase: nan is outside 0.1 to 20.0"),
        ("purchase = true", "purchase: must be a number, such as 2.5"),
        ('purchase = "2"', "purchase: must be a number, such as 2.5"),
        ("password_reset = 2", "password_reset: is always challenged, whatever the score"),
        ("purchse = 2", "purchse: is neither built in nor declared; did you mean purchase?"),
    ],
)
def test_a_challenge_budget_that_makes_no_sense_is_refused(tmp_path: Path, entry: str, problem: str) -> None:
    said = _problem(tmp_path, *TEST, f"challenge_budget = {{ {entry} }}")
    assert said == f"applications.shop.challenge_budget.{problem}"


def test_an_app_is_named_by_its_hash_and_never_beside_a_host(tmp_path: Path) -> None:
    app = 'android_app_hash = "FA+9qCX9VSu"'
    assert _declare(tmp_path, *TEST, app).application.android_app_hash == "FA+9qCX9VSu"
    problem = _problem(tmp_path, *TEST, app, 'code_host = "verify.shop.example"')
    assert problem.startswith("applications.shop.android_app_hash: a message has one last line")


@pytest.mark.parametrize(
    "text", ["FA+9qCX9VS", "FA+9qCX9VSuu", "FA 9qCX9VSu", "FA_9qCX9VSu", "FA+9qCX9VS=", "FÄ+9qCX9VSu"]
)
def test_an_app_hash_has_eleven_characters_of_base64(tmp_path: Path, text: str) -> None:
    problem = _problem(tmp_path, *TEST, f'android_app_hash = "{text}"')
    assert problem == (
        "applications.shop.android_app_hash: must be the 11 characters that Android knows the app by, such as "
        "FA+9qCX9VSu"
    )


def test_an_app_hash_that_reads_like_a_code_is_refused(tmp_path: Path) -> None:
    problem = _problem(tmp_path, *TEST, 'android_app_hash = "FA123456VSu"')
    assert problem.endswith("holds six digits in a row, which would read like a code")


def test_an_application_is_declared_whole(tmp_path: Path) -> None:
    declared = _declare(
        tmp_path,
        'mode = "test"',
        'profile = "psd2"',
        INBOX,
        'high_value = { USD = "500.00", JPY = "60000" }',
        'action_types = ["payout"]',
        'return_urls = ["https://shop.example/checkout", "com.example.shop:/back", "http://localhost:*"]',
        'origins = ["https://shop.example", "http://localhost:3000"]',
        'support = "Call 555-0100"',
        "limits = { tries_per_challenge = 3, contact_wait_s = 120 }",
    )
    application = declared.application
    assert (application.id, application.mode, application.profile) == ("shop", Mode.TEST, Conformance.PSD2)
    assert application.channels == (Channel.SMS, Channel.EMAIL)
    assert declared.senders == {Channel.SMS: ("inbox",), Channel.EMAIL: ("inbox",)}
    assert {code: str(money.value) for code, money in application.high_value.items()} == {
        "USD": "500.00",
        "JPY": "60000",
    }
    assert application.limits == Limits(tries_per_challenge=3, contact_wait_s=120)
    assert application.issuer == "https://verify.shop.example/test"
    assert application.allows_return_to("http://localhost:3000/anything")
    assert "password-reset" in declared.policy.text


def test_live_and_test_grants_have_different_issuers(tmp_path: Path) -> None:
    live, test = _declare(tmp_path, *LIVE).application, _declare(tmp_path, *TEST).application
    assert (live.issuer, test.issuer) == ("https://verify.shop.example/live", "https://verify.shop.example/test")


def test_an_issuer_can_be_given(tmp_path: Path) -> None:
    assert _declare(tmp_path, *LIVE, 'issuer = "https://id.example"').application.issuer == "https://id.example"
    assert _problem(tmp_path, *LIVE, 'issuer = "us"') == "applications.shop.issuer: must be a URL (RFC 8414 §2)"


@pytest.mark.parametrize("id_", ["Shop", "1shop", "a" * 33, '"sh op"', "_shop"])
def test_an_id_is_short_and_plain(tmp_path: Path, id_: str) -> None:
    assert "an application's id is up to 32 of a-z, 0-9, _ and -" in _problem(tmp_path, *LIVE, id_=id_)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (('mode = "test"', INBOX), "applications.shop.senders.sms: the inbox is there in `dev` and `demo` only"),
        (('mode = "live"', INBOX), "applications.shop.senders.sms: the inbox is there in `dev` and `demo` only"),
    ],
)
def test_serve_refuses_the_inbox(tmp_path: Path, lines: tuple[str, ...], problem: str) -> None:
    with pytest.raises(ConfigurationError, match=problem):
        _declare(tmp_path, *lines, situation=Situation.SERVE)


def test_dev_may_try_a_live_application_on_the_inbox(tmp_path: Path) -> None:
    assert _declare(tmp_path, 'mode = "live"', INBOX).application.mode is Mode.LIVE


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (('mode = "live"', 'senders = { sms = "mail" }'), "senders.sms: mail takes email only"),
        (
            ('mode = "live"', 'senders = { email = "mial" }'),
            "senders.email: there is no sender mial; did you mean mail?",
        ),
        (('mode = "live"', 'senders = { email = "mailpit" }'), "senders.email: mailpit is a test sender"),
        (('mode = "test"', 'senders = { email = "mail" }'), "senders.email: a test application sends to the inbox or"),
    ],
)
def test_a_sender_has_to_fit(tmp_path: Path, lines: tuple[str, ...], problem: str) -> None:
    assert _problem(tmp_path, *lines, situation=Situation.SERVE).startswith(f"applications.shop.{problem}")


def test_a_live_application_in_serve_needs_https(tmp_path: Path) -> None:
    path = tmp_path / "watchword.toml"
    text = HEAD.replace("https://verify.shop.example", "http://127.0.0.1:8000")
    path.write_text("\n".join((text, "[applications.shop]", 'name = "Shop"', *LIVE)))
    with pytest.raises(
        ConfigurationError, match=r"shop\.mode: a live application needs a server\.page_base with https"
    ):
        load_settings(path, situation=Situation.SERVE, environ={})


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://shop.example/back", "must be https; http is for loopback only"),
        ("https://shop.example/*", "must be one exact address"),
        ("https://shop.example:*", "only http on loopback in `dev` and `demo` may leave the port open"),
        ("http://shop.example:*", "only http on loopback in `dev` and `demo` may leave the port open"),
        ("http://127.0.0.1:*.evil.example", "only http on loopback in `dev` and `demo` may leave the port open"),
        ("http://127.0.0.1:*@evil.example", "only http on loopback in `dev` and `demo` may leave the port open"),
        ("javascript:alert(1)", "must be a full URL"),
        ("data:text/html,x", "must be a full URL"),
        ("//shop.example/back", "must be https or a registered app link"),
        ("https://shop.example/a#b", "must be a URL without spaces, #"),
        ("https://shop.example\\\\@evil.example", "must be a URL without spaces, #"),
        ("https://user@shop.example/", "must be a full URL such as"),
        ("https:///back", "must be a full URL such as"),
        ("https://shop.example:99999/", "is not a URL"),
        ("ftp://shop.example/", "must be https or a registered app link"),
        ("shop:/back", "must be a full URL"),
    ],
)
def test_a_page_returns_only_to_safe_addresses(tmp_path: Path, url: str, problem: str) -> None:
    found = _problem(tmp_path, *TEST, f'return_urls = ["{url}"]')
    assert found.startswith("applications.shop.return_urls: ")
    assert f": {problem}" in found


@pytest.mark.parametrize(
    ("lines", "situation", "is_allowed"),
    [
        ((*TEST, 'return_urls = ["http://127.0.0.1:*"]'), Situation.DEV, True),
        ((*TEST, 'return_urls = ["http://[::1]:*/*"]'), Situation.DEV, True),
        ((*TEST, 'return_urls = ["http://localhost:3000/back"]'), Situation.DEV, True),
        ((*LIVE, 'return_urls = ["http://localhost:3000/back"]'), Situation.DEV, True),
        ((*LIVE, 'return_urls = ["http://127.0.0.1:*"]'), Situation.DEV, False),
        ((*TEST, 'return_urls = ["http://127.0.0.1:*"]'), Situation.SERVE, False),
        ((*TEST, 'return_urls = ["http://localhost:3000/back"]'), Situation.SERVE, False),
        ((*LIVE, 'return_urls = ["https://shop.example/back?from=w"]'), Situation.SERVE, True),
        ((*LIVE, 'return_urls = ["com.example.shop:/back"]'), Situation.SERVE, True),
        ((*LIVE, 'origins = ["http://localhost:3000"]'), Situation.SERVE, False),
        ((*LIVE, 'origins = ["https://shop.example:8443"]'), Situation.SERVE, True),
    ],
)
def test_loopback_is_for_trying_things_out(
    tmp_path: Path, lines: tuple[str, ...], situation: Situation, *, is_allowed: bool
) -> None:
    if is_allowed:
        _declare(tmp_path, *lines, situation=situation)
    else:
        assert "applications.shop." in _problem(tmp_path, *lines, situation=situation)


@pytest.mark.parametrize(
    "origin",
    [
        "https://shop.example/",
        "https://shop.example/x",
        "https://Shop.example",
        "https://shop.example:443",
        "http://shop.example",
        "https://*.shop.example",
        "com.example.shop:/",
        "null",
        "*",
    ],
)
def test_an_origin_is_written_as_browsers_send_it(tmp_path: Path, origin: str) -> None:
    assert _problem(tmp_path, *LIVE, f'origins = ["{origin}"]').startswith(f"applications.shop.origins: {origin}: ")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('action_types = ["purchase"]', "action_types: purchase is built in and not declared"),
        ('action_types = ["contact_confirmation"]', "action_types: contact_confirmation is built in"),
        ('action_types = ["Pay-out"]', "action_types: Pay-out: a type is up to 64"),
        ('action_types = ["payout", "payout"]', "action_types: payout is listed twice"),
        (f"action_types = {[f'a{number}' for number in range(101)]}", "action_types: must have at most 100 entries"),
        (f'support = "{"x" * 301}"', "support: must have at most 300 characters"),
        ('high_value = { USD = "-1.00" }', "high_value.USD: value is a decimal number"),
        ("high_value = { USD = 500 }", "high_value.USD: must be a text in quotes"),
        ('policy = "missing.toml"', "policy: "),
        ("limits = { tries_per_challenge = true }", "limits.tries_per_challenge: must be a whole number"),
        ("limits = { contact_wait_s = 120 }", "limits.contact_wait_s: 120 is outside 86400 to 604800 seconds"),
        ("limits = { failures_per_user = 30 }", "limits.open_lane_failures: must be below failures_per_user"),
    ],
)
def test_a_wrong_setting_of_an_application_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    assert _problem(tmp_path, *LIVE, line).startswith(f"applications.shop.{problem}")


def test_the_psd2_profile_takes_five_tries_at_most(tmp_path: Path) -> None:
    assert _declare(tmp_path, *LIVE, "limits = { tries_per_challenge = 6 }").application.limits.tries_per_challenge == 6
    found = _problem(tmp_path, *LIVE, 'profile = "psd2"', "limits = { tries_per_challenge = 6 }")
    assert "is at most 5 under the psd2 profile" in found


def test_a_policy_of_its_own_lies_beside_the_settings(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text("# mine\n")
    policy = _declare(tmp_path, *LIVE, 'policy = "policy.toml"').policy
    assert (policy.text, policy.name) == ("# mine\n", str(tmp_path / "policy.toml"))
