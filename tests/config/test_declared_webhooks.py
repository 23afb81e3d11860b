"""The servers that an application has told what happens, as they are declared."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.errors import ConfigurationError
from watchword.domain.event import EventType
from watchword.domain.reach import Reach
from watchword.domain.webhook import PUBLIC_FIELDS, Endpoint
from watchword.domain.webhook_signature import write_secret

SECRET = write_secret(bytes(range(32)))
OTHER_SECRET = write_secret(bytes(range(1, 33)))
VARIABLE = "WATCHWORD_APPLICATIONS__SHOP__WEBHOOKS__ORDERS__SECRET"
MAIL = """
[server]
page_base = "https://verify.shop.example"

[senders.mail]
kind = "smtp"
host = "mail.example"
from_address = "shop@shop.example"

[applications.shop]
name = "Shop"
mode = "live"
[applications.shop.senders]
email = "mail"
"""


def _declared(
    folder: Path, table: str, *, situation: Situation = Situation.SERVE, environ: Mapping[str, str] | None = None
) -> Endpoint:
    path = folder / "watchword.toml"
    path.write_text(f"{MAIL}[applications.shop.webhooks.orders]\n{table}\n")
    given = {VARIABLE: SECRET} if environ is None else environ
    (endpoint,) = load_settings(path, situation=situation, environ=given).applications[0].webhooks
    return endpoint


def _problems(
    folder: Path, table: str, *, situation: Situation = Situation.SERVE, environ: Mapping[str, str] | None = None
) -> str:
    with pytest.raises(ConfigurationError) as refused:
        _declared(folder, table, situation=situation, environ=environ)
    (problem,) = refused.value.problems
    return problem.partition(": ")[2]


def test_an_endpoint_is_told_of_every_public_event_unless_it_says_otherwise(tmp_path: Path) -> None:
    endpoint = _declared(tmp_path, 'url = "https://shop.example/hooks?a=b"')
    assert (endpoint.application_id, endpoint.name, endpoint.url) == (
        "shop",
        "orders",
        "https://shop.example/hooks?a=b",
    )
    assert endpoint.types == frozenset(PUBLIC_FIELDS)
    assert [secret.key for secret in endpoint.secrets] == [bytes(range(32))]
    assert endpoint.reach is Reach.PUBLIC


def test_an_endpoint_may_name_its_events(tmp_path: Path) -> None:
    endpoint = _declared(tmp_path, 'url = "https://shop.example/"\nevents = ["action.disputed", "challenge.approved"]')
    assert endpoint.types == {EventType.ACTION_DISPUTED, EventType.CHALLENGE_APPROVED}


def test_an_event_that_is_not_public_is_refused_with_a_hint(tmp_path: Path) -> None:
    problem = _problems(tmp_path, 'url = "https://shop.example/"\nevents = ["action.disputd"]')
    assert problem == (
        "applications.shop.webhooks.orders.events: there is no event action.disputd to be told of;"
        " did you mean action.disputed?"
    )
    assert "challenge.bound" in _problems(tmp_path, 'url = "https://shop.example/"\nevents = ["challenge.bound"]')


def test_two_secrets_stand_side_by_side_while_one_takes_the_place_of_the_other(tmp_path: Path) -> None:
    (tmp_path / "new").write_text(f"{OTHER_SECRET}\n")
    (tmp_path / "old").write_text(SECRET)
    table = 'url = "https://shop.example/"\nsecret_file = "new"\nprevious_secret_file = "old"'
    endpoint = _declared(tmp_path, table, environ={})
    assert [secret.key[0] for secret in endpoint.secrets] == [1, 0]


def test_a_secret_in_the_file_is_refused_and_not_quoted(tmp_path: Path) -> None:
    problem = _problems(tmp_path, f'url = "https://shop.example/"\nsecret = "{SECRET}"', environ={})
    assert f"set {VARIABLE}, or name a secret_file" in problem
    assert SECRET not in problem


def test_a_missing_secret_says_how_to_make_one(tmp_path: Path) -> None:
    problem = _problems(tmp_path, 'url = "https://shop.example/"', environ={})
    variable = "WATCHWORD_APPLICATIONS__SHOP__WEBHOOKS__ORDERS__SECRET"
    how = f"set {variable}, or name a secret_file; `watchword webhooks new-secret` makes one"
    assert problem.endswith(f"webhooks.orders.secret: is missing: {how}")


@pytest.mark.parametrize("secret", ["hunter2", "whsec_", "whsec_c2hvcnQ=", "whsec_***", f"x{SECRET}", SECRET[:-1]])
def test_a_secret_that_is_none_is_refused(tmp_path: Path, secret: str) -> None:
    problem = _problems(tmp_path, 'url = "https://shop.example/"', environ={VARIABLE: secret})
    assert problem.endswith("must be whsec_ and the base64 of 24 to 64 random bytes")


@pytest.mark.parametrize(
    "url",
    [
        *("http://shop.example/", "https://127.0.0.1/", "https://localhost/", "https://10.0.0.1/", "https://[::1]/"),
        *("https://169.254.169.254/", "https://2130706433/", "https://a@shop.example/", "ftp://shop.example/", "shop"),
        *("http://127.0.0.1:9000/", "https://shop.example:9000/", "https://shop.example:22/"),
    ],
)
def test_an_address_that_is_not_public_is_refused_at_start(tmp_path: Path, url: str) -> None:
    assert _problems(tmp_path, f'url = "{url}"').startswith("applications.shop.webhooks.orders.url: ")


@pytest.mark.parametrize("url", ["http://shop.example/", "https://10.0.0.1/", "http://0.0.0.0:9000/"])
def test_whoever_develops_names_no_other_machine_inside(tmp_path: Path, url: str) -> None:
    assert _problems(tmp_path, f'url = "{url}"', situation=Situation.DEV)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9000/hooks", "http://localhost:9000/", "https://[::1]:9000/"])
def test_whoever_develops_may_name_his_own_machine(tmp_path: Path, url: str) -> None:
    assert _declared(tmp_path, f'url = "{url}"', situation=Situation.DEV).reach is Reach.THIS_MACHINE


@pytest.mark.parametrize("url", ["http://10.0.0.1:9000/", "http://hooks.internal/", "https://192.168.1.4:8080/"])
def test_the_operator_may_name_his_own_networks(tmp_path: Path, url: str) -> None:
    endpoint = _declared(tmp_path, f'url = "{url}"\nallow_private = true')
    assert endpoint.reach is Reach.PRIVATE


@pytest.mark.parametrize("url", ["http://169.254.169.254/latest", "http://0.0.0.0/", "http://[fd00:ec2::254]/"])
def test_nobody_may_name_where_metadata_is(tmp_path: Path, url: str) -> None:
    assert "lies where nothing of yours can be" in _problems(tmp_path, f'url = "{url}"\nallow_private = true')


def test_two_endpoints_need_two_secrets(tmp_path: Path) -> None:
    (tmp_path / "same").write_text(SECRET)
    table = 'url = "https://shop.example/"\nsecret_file = "same"\n'
    problem = _problems(tmp_path, f"{table}[applications.shop.webhooks.risk]\n{table}", environ={})
    assert problem == "applications.shop.webhooks.risk: has a secret of orders; each endpoint needs its own"
