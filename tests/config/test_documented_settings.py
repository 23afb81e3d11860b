"""The settings that the documentation shows are settings that load."""

import re
from pathlib import Path

from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.limits import Mode

DOCS = Path(__file__).resolve().parents[2] / "docs"
OPERATIONS = DOCS / "operations.md"
MAIL = """
[server]
page_base = "https://verify.shop.example"
[senders.mail]
kind = "smtp"
host = "mail.shop.example"
from_address = "code@shop.example"
"""


def test_the_smallest_settings_for_a_real_shop_load(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", OPERATIONS.read_text(), re.DOTALL)
    assert block is not None
    path = tmp_path / "watchword.toml"
    path.write_text(block[1])
    settings = load_settings(path, situation=Situation.SERVE, environ={})
    assert settings.applications[0].application.mode is Mode.LIVE


def test_the_brands_of_the_page_about_branding_load(tmp_path: Path) -> None:
    whole, framed = re.findall(r"```toml\n(.*?)```", (DOCS / "branding.md").read_text(), re.DOTALL)
    path = tmp_path / "watchword.toml"
    for name in ("logo.png", "logo-dark.png"):
        (tmp_path / name).write_bytes(b"not looked into here")
    path.write_text(MAIL + whole)
    branding = load_settings(path, situation=Situation.SERVE, environ={}).applications[0].application.branding
    assert (branding.accent is None, branding.support_url) == (False, "https://shop.example/help")
    path.write_text(f'{MAIL}{framed}[applications.shop.senders]\nemail = "mail"\n')
    branding = load_settings(path, situation=Situation.SERVE, environ={}).applications[0].application.branding
    assert branding.frame_origins == ("https://shop.example",)


def test_the_challenge_budget_of_the_policy_page_loads(tmp_path: Path) -> None:
    page = (DOCS / "policy.md").read_text()
    block = re.search(r"```toml\n(\[applications\.shop]\nchallenge_budget.*?)```", page, re.DOTALL)
    assert block is not None
    path = tmp_path / "watchword.toml"
    path.write_text(f'{block[1]}name = "Shop"\nmode = "test"\nsenders = {{ email = "inbox" }}\n')
    settings = load_settings(path, situation=Situation.DEV, environ={})
    assert settings.applications[0].application.challenge_budget == {"purchase": 2.0, "sign_in": 5.0}
