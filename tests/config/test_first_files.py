"""The first files: they load as they are, say what the product promises, and never overwrite anything."""

import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from watchword.config.first_files import write_default, write_demo
from watchword.config.loading import load_settings
from watchword.config.settings import Settings, Situation
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError
from watchword.domain.limits import Limits, Mode

WRITERS = pytest.mark.parametrize("write", [write_default, write_demo])


def _written(folder: Path, write: Callable[[Path], bool]) -> Settings:
    path = folder / "watchword.toml"
    assert write(path)
    return load_settings(path, situation=Situation.DEV, environ={})


@WRITERS
def test_it_loads_as_it_is_with_what_needs_no_template_in_the_inbox(
    tmp_path: Path, write: Callable[[Path], bool]
) -> None:
    (declared,) = _written(tmp_path, write).applications
    assert declared.application.mode is Mode.TEST
    assert declared.senders == dict.fromkeys((Channel.SMS, Channel.VOICE, Channel.EMAIL), ("inbox",))
    assert {code: str(money.value) for code, money in declared.application.high_value.items()} == {"USD": "500.00"}


@WRITERS
@pytest.mark.parametrize("url", ["http://127.0.0.1:5001/checkout", "http://localhost:80/", "http://[::1]:9/x"])
def test_a_page_may_return_to_any_port_of_this_machine(tmp_path: Path, write: Callable[[Path], bool], url: str) -> None:
    (declared,) = _written(tmp_path, write).applications
    assert declared.application.allows_return_to(url)


@WRITERS
def test_the_issuer_is_the_same_on_every_port(tmp_path: Path, write: Callable[[Path], bool]) -> None:
    path = tmp_path / "watchword.toml"
    write(path)
    issuers = {
        load_settings(path, situation=Situation.DEV, environ={}, overrides={"server.port": port})
        .applications[0]
        .application.issuer
        for port in (8000, 8001)
    }
    assert len(issuers) == 1


@WRITERS
def test_an_existing_file_stays(tmp_path: Path, write: Callable[[Path], bool]) -> None:
    path = tmp_path / "watchword.toml"
    path.write_text("# mine\n")
    assert not write(path)
    assert path.read_text() == "# mine\n"


@WRITERS
def test_a_folder_that_is_not_there_is_a_clear_error(tmp_path: Path, write: Callable[[Path], bool]) -> None:
    with pytest.raises(ConfigurationError, match=r"(watchword\.toml|fernwick\.png): cannot be written: No such file"):
        write(tmp_path / "missing" / "watchword.toml")


def test_dev_runs_under_the_limits_of_the_product(tmp_path: Path) -> None:
    (declared,) = _written(tmp_path, write_default).applications
    assert (declared.application.id, declared.application.limits) == ("shop", Limits())


def test_the_demo_relaxes_what_a_visitor_would_run_into_and_not_the_failure_budget(tmp_path: Path) -> None:
    (declared,) = _written(tmp_path, write_demo).applications
    assert declared.application.id == "demo"
    assert declared.application.limits == Limits(
        sends_per_contact_hour=60,
        sends_per_contact_day=200,
        open_lane_sends_per_contact_hour=40,
        open_lane_sends_per_contact_day=150,
        starts_per_hour=100,
        contact_wait_s=120,
        reset_wait_s=120,
    )


def test_the_demo_brings_its_logos_along(tmp_path: Path) -> None:
    (declared,) = _written(tmp_path, write_demo).applications
    for file, name in ((declared.logo, "fernwick.png"), (declared.logo_dark, "fernwick-dark.png")):
        assert file is not None
        assert file.name == str(tmp_path / name)
        assert file.content.startswith(b"\x89PNG")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["fernwick-dark.png", "fernwick.png", "watchword.toml"]
    assert str(declared.application.branding.accent) == "#1f5a43"


def test_a_picture_that_lies_there_already_stays(tmp_path: Path) -> None:
    (tmp_path / "fernwick.png").write_bytes(b"mine")
    assert write_demo(tmp_path / "watchword.toml")
    assert (tmp_path / "fernwick.png").read_bytes() == b"mine"


def test_where_there_are_settings_nothing_is_written_beside_them(tmp_path: Path) -> None:
    (tmp_path / "watchword.toml").write_text("# mine\n")
    assert not write_demo(tmp_path / "watchword.toml")
    assert [path.name for path in tmp_path.iterdir()] == ["watchword.toml"]


def test_every_relaxed_limit_of_the_demo_says_why(tmp_path: Path) -> None:
    path = tmp_path / "watchword.toml"
    write_demo(path)
    text = path.read_text()
    for name in tomllib.loads(text)["applications"]["demo"]["limits"]:
        (line,) = (line for line in text.splitlines() if line.startswith(name))
        assert "# product: " in line
