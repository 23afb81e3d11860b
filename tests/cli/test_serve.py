"""``serve`` and ``work``: from nothing to a running service, and what they refuse to start with."""

import signal
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from tests.cli.processes import free_port, run, running, taken_port
from watchword.cli import main

SETTINGS = """\
[server]
host = "127.0.0.1"
port = {port}
page_base = "https://verify.shop.example"

[senders.mail]
kind = "smtp"
host = "127.0.0.1"
port = 2525
security = "none"
from_address = "codes@example.com"

[applications.shop]
name = "Shop"
mode = "live"

[applications.shop.senders]
email = "{sender}"
"""


@pytest.fixture
def house(tmp_path: Path) -> Callable[..., Path]:
    """Gives a folder with settings, keys and a migrated store, less what is named."""

    def furnish(*, port: int | None = None, sender: str = "mail", keys: bool = True, store: bool = True) -> Path:
        settings = tmp_path / "watchword.toml"
        settings.write_text(SETTINGS.format(port=port or free_port(), sender="mail"))
        for command, wanted in ((("secrets", "create"), keys), (("migrate",), store)):
            if wanted:
                assert main([*command, "--config", str(settings), "--json"]) == 0
        settings.write_text(settings.read_text().replace('email = "mail"', f'email = "{sender}"'))
        return tmp_path

    return furnish


def _refusal(*arguments: str, cwd: Path) -> str:
    refused = run(*arguments, cwd=cwd)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: ")
    assert "Traceback" not in refused.stderr
    return refused.stderr


def test_serves_until_it_is_told_to_stop(house: Callable[..., Path]) -> None:
    folder = house()
    made = run("keys", "create", "--application", "shop", cwd=folder)
    assert "\n  wk_live_" in made.stdout
    with running("serve", cwd=folder) as server:
        assert server.ready["api"] == "https://verify.shop.example"
        assert httpx2.get(f"{server.ready['listening']}/readyz").status_code == 200
        assert httpx2.get(f"{server.ready['listening']}/dev/inbox").status_code == 404
        assert "another Watchword" in _refusal("serve", cwd=folder)
        code, said, aside = server.stop(signal.SIGTERM)
    assert (code, said) == (0, "")
    assert "Traceback" not in aside


def test_ends_in_order_when_its_terminal_goes(house: Callable[..., Path]) -> None:
    with running("serve", cwd=house()) as server:
        code, said, aside = server.stop(signal.SIGHUP)
    assert (code, said) == (0, "")
    assert "Traceback" not in aside


def test_does_not_work_beside_a_file(house: Callable[..., Path]) -> None:
    assert "`work` needs PostgreSQL" in _refusal("work", cwd=house())


def test_refuses_a_logo_that_is_something_else(house: Callable[..., Path]) -> None:
    folder = house()
    with (folder / "watchword.toml").open("a") as settings:
        settings.write('\n[applications.shop.branding]\nlogo = "logo.png"\n')
    (folder / "logo.png").write_text('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    said = _refusal("serve", cwd=folder)
    assert "applications.shop.branding.logo: " in said
    assert "logo.png is neither PNG nor WebP by its content" in " ".join(said.split())


def test_refuses_the_inbox_as_a_sender(house: Callable[..., Path]) -> None:
    refusal = _refusal("serve", cwd=house(sender="inbox", keys=False, store=False))
    assert "watchword.toml:18: applications.shop.senders.email:" in refusal
    assert "inbox" in refusal


def test_refuses_a_store_that_is_not_migrated(house: Callable[..., Path]) -> None:
    folder = house(store=False)
    assert "watchword migrate" in _refusal("serve", cwd=folder)
    assert not (folder / "watchword.sqlite3").exists()


def test_refuses_to_go_without_keys(house: Callable[..., Path]) -> None:
    folder = house(keys=False)
    assert "watchword secrets create" in _refusal("serve", cwd=folder)
    assert not (folder / "keys.toml").exists()


def test_refuses_a_port_that_is_taken(house: Callable[..., Path]) -> None:
    with taken_port() as taken:
        port = taken.getsockname()[1]
        refusal = _refusal("serve", cwd=house(port=port))
        assert f"port {port} on 127.0.0.1 is taken" in refusal
        assert "choose another with server.port" in refusal, "serve has no option for it"


def test_refuses_several_processes_on_sqlite_and_says_why(house: Callable[..., Path]) -> None:
    refusal = " ".join(_refusal("serve", "--workers", "2", cwd=house(keys=False, store=False)).split())
    assert "server.workers: SQLite has one writing process" in refusal
    assert "name a PostgreSQL in store.url" in refusal


def test_migrating_twice_says_the_same(house: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    settings = house(keys=False) / "watchword.toml"
    capsys.readouterr()
    told = []
    for _ in range(2):
        assert main(["migrate", "--config", str(settings), "--json"]) == 0
        told.append(capsys.readouterr().out)
    assert told[0] == told[1]
    assert told[0].startswith('{"version": ')
