"""The senders that docs/senders.md shows are senders that load, and every kind of ours is shown there."""

import re
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from watchword.adapters.senders import our_kinds
from watchword.config.loading import load_settings
from watchword.config.settings import Situation

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "senders.md").read_text()
BLOCKS = [block for block in re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL) if "[senders." in block]
HEAD = '[server]\npage_base = "https://verify.shop.example"\n'
TAIL = '[applications.shop]\nname = "Shop"\nmode = "live"\n'
SECRETS = {
    "private_key": None,
    "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=",
    "url": "clicksend://user:key@{digits}",
}


def _write_secrets(folder: Path, block: str) -> None:
    for key, file in re.findall(r'^(\w+)_file = "([^"]+)"', block, re.MULTILINE):
        text = SECRETS.get(key, "a secret of some length")
        (folder / file).write_text(_private_key() if text is None else text)


def _private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode()


@pytest.mark.parametrize("block", BLOCKS)
def test_what_the_page_shows_loads(tmp_path: Path, block: str) -> None:
    _write_secrets(tmp_path, block)
    path = tmp_path / "watchword.toml"
    path.write_text(f"{HEAD}{block}\n{TAIL}")
    settings = load_settings(path, situation=Situation.SERVE, environ={})
    assert set(re.findall(r"^\[senders\.(\w+)\]", block, re.MULTILINE)) == set(settings.senders)


def test_every_kind_of_ours_is_shown() -> None:
    shown = set(re.findall(r'^kind = "(\w+)"', "\n".join(BLOCKS), re.MULTILINE))
    assert shown == {kind.name for kind in our_kinds()}
    assert [kind.name for kind in our_kinds() if f"`{kind.name}`" not in PAGE] == []
