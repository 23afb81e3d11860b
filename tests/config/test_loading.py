"""Loading: what a good file gives, and that everything wrong with a bad one is said at once, with its line."""

import textwrap
from collections.abc import Mapping
from pathlib import Path

import pytest

from watchword.adapters.senders.smtp import Encryption, SmtpKeys
from watchword.config.loading import load_settings
from watchword.config.settings import LogLevel, Settings, Situation
from watchword.domain.errors import ConfigurationError
from watchword.domain.secret import Secret

APPLICATION = """\
[applications.shop]
name = "Shop"
mode = "test"
senders = { email = "inbox" }
"""
MAIL = """\
[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "code@shop.example"
"""


def _load(
    folder: Path,
    text: str,
    *,
    situation: Situation = Situation.DEV,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    path = folder / "watchword.toml"
    path.write_text(textwrap.dedent(text))
    return load_settings(path, situation=situation, environ=environ or {}, overrides=overrides)


def _problems(
    folder: Path,
    text: str,
    *,
    situation: Situation = Situation.DEV,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        _load(folder, text, situation=situation, environ=environ, overrides=overrides)
    return [problem.removeprefix(f"{folder}/") for problem in refused.value.problems]


def test_little_is_enough(tmp_path: Path) -> None:
    settings = _load(tmp_path, APPLICATION)
    assert settings.server.page_base == "http://127.0.0.1:8000"
    assert settings.store_path == tmp_path / "watchword.sqlite3"
    assert (settings.keys.path, settings.keys.text) == (tmp_path / "keys.toml", None)
    assert settings.log_level is LogLevel.INFO
    assert settings.applications[0].application.issuer == "http://127.0.0.1:8000/test"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"nothing\.toml: cannot be read: No such file"):
        load_settings(tmp_path / "nothing.toml", situation=Situation.DEV, environ={})


def test_a_file_that_is_not_utf8_is_named(tmp_path: Path) -> None:
    path = tmp_path / "watchword.toml"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigurationError, match=r"watchword\.toml: is not UTF-8"):
        load_settings(path, situation=Situation.DEV, environ={})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[server]\nport = 1\nport = 2", "watchword.toml:3: not TOML: this key is given twice"),
        ("[log]\n\n[server]\n[log]\n", "watchword.toml:4: not TOML: Cannot declare ('log',) twice"),
        ("[server]\nport =", "watchword.toml:2: not TOML: Invalid value"),
        ("[server", "watchword.toml:1: not TOML: "),
    ],
)
def test_what_is_not_toml_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = _problems(tmp_path, text)
    assert found.startswith(problem)


def test_every_problem_is_said_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = """\
    [server]
    prot = 8000
    host = "0.0.0.0"

    [logs]
    level = "info"

    [applications.shop]
    name = "Shop"
    mode = "test"
    senders = { emial = "inbox" }
    high_value = { USD = "500.123", XXY = "1.00" }

    [applications.shop.limits]
    lifetime_s = 900
    live_time = 5
    """
    assert _problems(tmp_path, text) == [
        "watchword.toml:2: server.prot: there is no such key; did you mean port?",
        "watchword.toml:3: server.host: 0.0.0.0: `dev` and `demo` listen on loopback only, such as 127.0.0.1",
        "watchword.toml:5: logs: there is no such key; did you mean log?",
        "watchword.toml:11: applications.shop.senders.emial: there is no such key; did you mean email?",
        "watchword.toml:11: applications.shop.senders: at least one of sms, voice, whatsapp and email needs a sender",
        "watchword.toml:12: applications.shop.high_value.USD: USD has 2 decimals",
        "watchword.toml:12: applications.shop.high_value.XXY: currency is an active ISO 4217 code such as USD",
        (
            "watchword.toml:15: applications.shop.limits.lifetime_s: "
            "900 is outside 60 to 600 seconds (SP 800-63B-4 §3.1.3.2)"
        ),
        "watchword.toml:16: applications.shop.limits.live_time: there is no such limit; did you mean lifetime_s?",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('[server]\nport = "8000"', "2: server.port: must be a whole number"),
        ("[server]\nport = true", "2: server.port: must be a whole number"),
        ("[server]\nport = 8000.0", "2: server.port: must be a whole number"),
        ("[server]\nport = 65536", "2: server.port: 65536 is outside 0 to 65535"),
        ("[server]\nhost = 127", '2: server.host: must be a text in quotes, such as "…"'),
        ('[server]\nhost = ""', "2: server.host: must have 1 to 1,000 characters"),
        ('[server]\nhost = "a\\nb"', "2: server.host: must not hold line breaks or other control characters"),
        ('[server]\nhost = "a\\u0000b"', "2: server.host: must not hold line breaks or other control characters"),
        ("server = 1", "1: server: must be a table, under [server]"),
        ('[server]\ntrusted_proxies = "10.0.0.0/8"', "2: server.trusted_proxies: must be a list of texts, such as"),
        ("[server]\ntrusted_proxies = [10]", "2: server.trusted_proxies: must be a list of texts, such as"),
        ('[server]\ntrusted_proxies = ["10.0.0.1/8"]', "2: server.trusted_proxies: must be an address or a network"),
        ('[server]\ntrusted_proxies = ["::/0"]', "2: server.trusted_proxies: ::/0 is the whole internet"),
        ("[server]\nworkers = 0", "2: server.workers: 0 is outside 1 to 64"),
        ("[server]\nworkers = 2", "2: server.workers: SQLite has one writing process"),
        ("[server]\nwork = false", "2: server.work: SQLite has one writing process"),
        ("[atlas]\nexample_places = 1", "2: atlas.example_places: must be true or false"),
        ('[atlas]\ntor_lists = ["shipped"]', "2: atlas.tor_lists: no list of Tor exits is shipped"),
        ("[atlas]\nlists_stale_days = 0", "2: atlas.lists_stale_days: 0 is outside 1 to 10000"),
        ('[log]\nlevel = "inf"', "2: log.level: must be debug or info or warning or error; did you mean info?"),
        ("[log]\nlevel = 10", "2: log.level: must be debug or info or warning or error"),
        ('[store]\nurl = "sqlite:///"', "2: store.url: must be sqlite:/// and a path"),
        ('[store]\nurl = "watchword.db"', "2: store.url: must be sqlite:/// and a path"),
        ('[server]\npage_base = "http://shop.example"', "2: server.page_base: must be https; http is for loopback"),
        ('[server]\npage_base = "https://shop.example/x"', "2: server.page_base: must be an origin such as"),
        ("[senders.inbox]\n" + MAIL.partition("\n")[2], "1: senders.inbox: the inbox is built in"),
    ],
)
def test_a_wrong_value_is_refused_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = _problems(tmp_path, f"{text}\n{APPLICATION}")
    assert found.startswith(f"watchword.toml:{problem}")


def test_a_database_password_is_not_repeated(tmp_path: Path) -> None:
    (found,) = _problems(tmp_path, f'[store]\nurl = "postgres://me:hunter2@db/x"\n{APPLICATION}')
    assert "hunter2" not in found


def test_a_postgresql_is_reached_by_its_address_as_it_stands(tmp_path: Path) -> None:
    url = "postgresql://watchword@one:5432,two:5433/shop?target_session_attrs=read-write"
    settings = _load(tmp_path, f'[store]\nurl = "{url}"\nconnections = 8\n{APPLICATION}')
    assert settings.postgres is not None
    assert (settings.postgres.conninfo.reveal(), settings.postgres.connections) == (url, 8)
    assert url not in repr(settings)


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("postgresql://me@db/x", "postgresql://me@db/x?password=p%20%26%3F"),
        ("postgresql://me@db/x?sslmode=require", "postgresql://me@db/x?sslmode=require&password=p%20%26%3F"),
    ],
)
def test_a_database_password_comes_from_a_file(tmp_path: Path, url: str, whole: str) -> None:
    (tmp_path / "secret").write_text("p &?\n")
    settings = _load(tmp_path, f'[store]\nurl = "{url}"\npassword_file = "secret"\n{APPLICATION}')
    assert settings.postgres is not None
    assert settings.postgres.conninfo.reveal() == whole


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('url = "postgresql://me:hunter2@db/x"', "2: store.url: a password does not belong in this file: set"),
        ('url = "postgresql://me@db/x?password=hunter2"', "2: store.url: a password does not belong in this file"),
        (
            'url = "postgresql://me@db/x"\npassword = "hunter2"',
            "3: store.password: does not belong in this file: set WATCHWORD_STORE__PASSWORD, or name a password_file",
        ),
        ('url = "postgresql://me@db"', "2: store.url: names no database"),
        ('url = "postgresql://me@[db/x"', "2: store.url: cannot be read as an address"),
        ('password_file = "watchword.toml"', "1: store.url: a SQLite file has no password"),
    ],
)
def test_a_wrong_way_to_a_postgresql_is_refused(tmp_path: Path, text: str, problem: str) -> None:
    (found,) = _problems(tmp_path, f"[store]\n{text}\n{APPLICATION}")
    assert found.startswith(f"watchword.toml:{problem}")
    assert "hunter2" not in found


def test_without_an_application_there_is_nothing_to_serve(tmp_path: Path) -> None:
    assert _problems(tmp_path, "") == [
        "watchword.toml:1: applications: declare at least one application, under [applications.shop]"
    ]


def test_a_store_path_with_a_fourth_slash_is_absolute(tmp_path: Path) -> None:
    settings = _load(tmp_path, f'[store]\nurl = "sqlite:////var/lib/w.db"\n{APPLICATION}')
    assert settings.store_path == Path("/var/lib/w.db")


def test_serve_needs_to_be_told_its_public_address(tmp_path: Path) -> None:
    found = _problems(tmp_path, f"[server]\nport = 0\n{APPLICATION}", situation=Situation.SERVE)
    assert found[:2] == [
        "watchword.toml:1: server.page_base: is missing: the public origin, such as https://verify.shop.example",
        "watchword.toml:2: server.port: 0 takes any free port in `dev` and `demo`; `serve` needs one that is known",
    ]


def test_what_only_follows_from_a_problem_is_not_said(tmp_path: Path) -> None:
    found = _problems(tmp_path, f"[server]\npage_base = 5\n{APPLICATION}", situation=Situation.SERVE)
    assert [problem for problem in found if "page_base" in problem] == [
        'watchword.toml:2: server.page_base: must be a text in quotes, such as "…"'
    ]


def test_serve_may_listen_anywhere(tmp_path: Path) -> None:
    text = f"""\
[server]
host = "0.0.0.0"
page_base = "https://verify.shop.example/"
trusted_proxies = ["10.0.0.0/8", "2001:db8::1"]
{MAIL}
[applications.shop]
name = "Shop"
mode = "live"
senders = {{ email = "mail" }}
"""
    settings = _load(tmp_path, text, situation=Situation.SERVE)
    assert settings.server.page_base == "https://verify.shop.example"
    assert [str(network) for network in settings.server.trusted_proxies] == ["10.0.0.0/8", "2001:db8::1/128"]
    assert settings.applications[0].application.issuer == "https://verify.shop.example/live"


def test_lists_of_the_atlas_are_ours_unless_the_operator_names_his(tmp_path: Path) -> None:
    untouched = _load(tmp_path, APPLICATION).atlas
    assert (untouched.hosting_lists, untouched.vpn_lists, untouched.tor_lists) == ((None,), (None,), ())
    assert (untouched.listed_networks, untouched.disposable_domains) == ((None,), (None,))
    assert (untouched.places_stale_days, untouched.lists_stale_days) == (90, 180)
    text = '[atlas]\nasn_files = ["a.mmdb"]\nvpn_lists = ["shipped", "own.txt"]\nhosting_lists = []\n'
    changed = _load(tmp_path, f"{text}{APPLICATION}").atlas
    assert changed.asn_files == (tmp_path / "a.mmdb",)
    assert (changed.vpn_lists, changed.hosting_lists) == ((None, tmp_path / "own.txt"), ())


def test_an_ipv6_host_stands_in_brackets_in_the_public_address(tmp_path: Path) -> None:
    settings = _load(tmp_path, f'[server]\nhost = "::1"\n{APPLICATION}', overrides={"server.port": 4711})
    assert settings.server.page_base == "http://[::1]:4711"


def test_a_mail_server_is_read_with_its_password_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n")
    settings = _load(tmp_path, f'{MAIL}username = "me"\npassword_file = "secret"\n{APPLICATION}')
    mail = settings.senders["mail"].keys
    assert isinstance(mail, SmtpKeys)
    assert (mail.host, mail.port, mail.security) == ("mail.shop.example", 587, Encryption.STARTTLS)
    assert mail.password == Secret("hunter2")
    assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            'username = "me"\npassword = "hunter2"',
            "6: senders.mail.password: does not belong in this file: set WATCHWORD_SENDERS__MAIL__PASSWORD",
        ),
        ('username = "me"', "5: senders.mail.username: a user name and a password go together"),
        ('username = "me"\npassword_file = "nope"', "6: senders.mail.password_file: cannot be read: No such file"),
        ('security = "none"', "5: senders.mail.security: none would send codes in the clear to mail.shop.example"),
        ('security = "ssl"', "5: senders.mail.security: must be starttls or tls or none"),
        ('reply_to = "nobody"', "5: senders.mail.reply_to: is not an e-mail address"),
        ("timeout_s = 0", "5: senders.mail.timeout_s: 0 is outside 1 to 120"),
    ],
)
def test_a_wrong_mail_server_is_refused(tmp_path: Path, lines: str, problem: str) -> None:
    found = _problems(tmp_path, f"{MAIL}{lines}\n{APPLICATION}")
    assert any(text.startswith(f"watchword.toml:{problem}") for text in found)
    assert not any("hunter2" in text for text in found)


def test_a_missing_key_is_named_with_the_line_of_its_table(tmp_path: Path) -> None:
    assert _problems(tmp_path, f'{APPLICATION}\n[senders.mail]\nkind = "smtp"') == [
        "watchword.toml:6: senders.mail.host: is missing",
        "watchword.toml:6: senders.mail.from_address: is missing",
    ]


def test_a_mail_server_on_loopback_needs_no_encryption(tmp_path: Path) -> None:
    text = f'{MAIL.replace("mail.shop.example", "127.0.0.1")}security = "none"\n{APPLICATION}'
    mail = _load(tmp_path, text).senders["mail"].keys
    assert isinstance(mail, SmtpKeys)
    assert mail.security is Encryption.NONE


class TestEnvironment:
    """Variables and the command line."""

    def test_variables_win_over_the_file_and_the_command_line_over_them(self, tmp_path: Path) -> None:
        environ = {
            "WATCHWORD_SERVER__PORT": "9000",
            "WATCHWORD_SERVER__HOST": "localhost",
            "WATCHWORD_SERVER__TRUSTED_PROXIES": '["10.0.0.0/8"]',
            "WATCHWORD_APPLICATIONS__SHOP__NAME": "123",
            "WATCHWORD_APPLICATIONS__SHOP__HIGH_VALUE__USD": "99.00",
            "WATCHWORD_APPLICATIONS__SHOP__LIMITS__TRIES_PER_CHALLENGE": "3",
            "WATCHWORD_APPLICATIONS__SHOP__SENDERS__SMS": "inbox",
            "WATCHWORD_ATLAS__EXAMPLE_PLACES": "true",
        }
        settings = _load(tmp_path, APPLICATION, environ=environ, overrides={"server.port": 0})
        application = settings.applications[0].application
        assert (settings.server.host, settings.server.port) == ("localhost", 0)
        assert [str(network) for network in settings.server.trusted_proxies] == ["10.0.0.0/8"]
        assert (application.name, application.limits.tries_per_challenge) == ("123", 3)
        assert str(application.high_value["USD"].value) == "99.00"
        assert list(application.channels) == ["sms", "email"]
        assert settings.atlas.example_places

    @pytest.mark.parametrize(
        ("name", "value", "problem"),
        [
            ("WATCHWORD_SERVER__PORT", "x", "WATCHWORD_SERVER__PORT: server.port: must be a whole number"),
            ("WATCHWORD_SERVER__PORT", "1\n[x]", "WATCHWORD_SERVER__PORT: server.port: must be a whole number"),
            ("WATCHWORD_SERVER__PROT", "1", "WATCHWORD_SERVER__PROT: server.prot: there is no such key; did you mean"),
            ("WATCHWORD_SERVR__PORT", "1", "WATCHWORD_SERVR__PORT: servr: there is no such key; did you mean server?"),
            (
                "WATCHWORD_APPLICATIONS__SHOP__MODE",
                "life",
                "WATCHWORD_APPLICATIONS__SHOP__MODE: applications.shop.mode",
            ),
        ],
    )
    def test_a_wrong_variable_is_named(self, tmp_path: Path, name: str, value: str, problem: str) -> None:
        (found,) = _problems(tmp_path, f"[server]\nport = 1\n{APPLICATION}", environ={name: value})
        assert found.startswith(problem)

    def test_what_the_command_line_says_is_checked_too(self, tmp_path: Path) -> None:
        assert _problems(tmp_path, APPLICATION, overrides={"server.host": "0.0.0.0"}) == [
            "command line: server.host: 0.0.0.0: `dev` and `demo` listen on loopback only, such as 127.0.0.1"
        ]

    def test_other_variables_are_not_ours(self, tmp_path: Path) -> None:
        _load(tmp_path, APPLICATION, environ={"WATCHWORD_SECRET_KEY": "wk_test_x", "SERVER__PORT": "x"})

    def test_the_address_of_a_database_may_bring_its_password_in_a_variable(self, tmp_path: Path) -> None:
        url = "postgresql://me:hunter2@db/x"
        settings = _load(tmp_path, APPLICATION, environ={"WATCHWORD_STORE__URL": url})
        assert settings.postgres is not None
        assert settings.postgres.conninfo.reveal() == url

    def test_a_password_may_come_from_a_variable(self, tmp_path: Path) -> None:
        environ = {"WATCHWORD_SENDERS__MAIL__PASSWORD": "hunter2"}
        settings = _load(tmp_path, f'{MAIL}username = "me"\n{APPLICATION}', environ=environ)
        mail = settings.senders["mail"].keys
        assert isinstance(mail, SmtpKeys)
        assert mail.password == Secret("hunter2")

    def test_the_keys_may_come_from_a_variable(self, tmp_path: Path) -> None:
        keys = _load(tmp_path, APPLICATION, environ={"WATCHWORD_KEYS": "version = 1"}).keys
        assert keys.text is not None
        assert (keys.name, keys.text.reveal()) == ("WATCHWORD_KEYS", "version = 1")

    def test_a_variable_may_name_the_key_file(self, tmp_path: Path) -> None:
        keys = _load(tmp_path, APPLICATION, environ={"WATCHWORD_KEYS_FILE": "/run/secrets/watchword"}).keys
        assert (keys.path, keys.text) == (Path("/run/secrets/watchword"), None)

    def test_keys_from_two_places_are_refused(self, tmp_path: Path) -> None:
        environ = {"WATCHWORD_KEYS_FILE": "/run/secrets/watchword", "WATCHWORD_KEYS": "version = 1"}
        (found,) = _problems(tmp_path, APPLICATION, environ=environ)
        assert found.endswith("WATCHWORD_KEYS and WATCHWORD_KEYS_FILE both bring keys; set one")

    def test_this_process_is_asked_where_nothing_is_given(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("WATCHWORD_LOG__LEVEL", "debug")
        path = tmp_path / "watchword.toml"
        path.write_text(APPLICATION)
        assert load_settings(path, situation=Situation.DEV).log_level is LogLevel.DEBUG
