"""Senders made from the settings: what only their libraries can tell is said by the sender's name."""

import sys
from pathlib import Path

import pytest

from watchword.bootstrap.reception import Reception
from watchword.bootstrap.ways_out import make_senders
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation
from watchword.domain.errors import ConfigurationError

FILE = """
[server]
page_base = "https://verify.shop.example"

[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "no-reply@shop.example"
dkim_selector = "codes"

[senders.centre]
kind = "smpp"
host = "smpp.carrier.example"
system_id = "shop"
source = "Example"

[senders.ses]
kind = "amazon_ses"
region = "eu-central-1"
from_address = "no-reply@shop.example"
topic_arn = "arn:aws:sns:eu-central-1:123456789012:mail"

[applications.shop]
name = "Shop"
mode = "live"

[applications.shop.senders]
sms = "centre"
email = ["ses", "mail"]
"""


def settings(folder: Path, dkim_key: str) -> Settings:
    (folder / "watchword.toml").write_text(FILE)
    environ = {
        "WATCHWORD_SENDERS__CENTRE__PASSWORD": "secret",
        "WATCHWORD_SENDERS__MAIL__DKIM_KEY": dkim_key,
    }
    return load_settings(folder / "watchword.toml", situation=Situation.SERVE, environ=environ)


async def test_every_sender_that_cannot_be_made_is_named_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "watchword.adapters.senders.amazon_calls", raising=False)
    monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(ConfigurationError) as failure:
        make_senders(settings(tmp_path, "nonsense"), Reception().hearing, None)
    mail, ses = failure.value.problems
    assert mail.startswith("senders.mail: dkim_key is no private key")
    assert ses.startswith("senders.ses: such a sender needs boto3")
    assert "nonsense" not in str(failure.value)
