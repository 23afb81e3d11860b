"""The settings that the documentation shows are settings that load."""

import re
from pathlib import Path

from watchword.config.loading import load_settings
from watchword.config.settings import Situation
from watchword.domain.limits import Mode

OPERATIONS = Path(__file__).resolve().parents[2] / "docs" / "operations.md"


def test_the_smallest_settings_for_a_real_shop_load(tmp_path: Path) -> None:
    block = re.search(r"```toml\n(.*?)```", OPERATIONS.read_text(), re.DOTALL)
    assert block is not None
    path = tmp_path / "watchword.toml"
    path.write_text(block[1])
    settings = load_settings(path, situation=Situation.SERVE, environ={})
    assert settings.applications[0].application.mode is Mode.LIVE
