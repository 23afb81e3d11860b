"""The real data set: its rows as they are published, and the same tables from a file in its form."""

import csv
from datetime import UTC, datetime
from pathlib import Path
from zipfile import ZipFile

import pytest
from rich.console import Console

from bench.risk.attackers import REAL_TAKEOVER
from bench.risk.file_measurement import measure_file
from bench.risk.happenings import Happening
from bench.risk.rba_file import UNKNOWN_ACCOUNTS, Extract, read, size
from bench.risk.traffic import make_traffic

SAMPLE = Path(__file__).with_name("rba_sample.csv")
ROWS = 12


def _read(path: Path, users: int = 1_000) -> Extract:
    return read(path, users=users, progress=lambda _: None)


def test_a_row_is_read_as_it_is_published() -> None:
    first = _read(SAMPLE).happenings[0]
    assert first.user == -3284137479262433373
    assert first.at == 1_580_733_835_873
    assert (first.place.country, first.place.network) == ("NO", 29695)
    assert first.place.address == int.from_bytes(bytes([81, 167, 144, 58]))
    assert (first.agent.kind, first.agent.system, first.agent.system_version) == ("mobile", "iOS", "7.1")
    assert (first.agent.browser, first.agent.browser_version) == ("Android", "2.3.3.2672")
    assert first.is_successful
    assert first.attack == ""
    assert not first.has_token


def test_the_pseudo_user_of_unknown_accounts_is_left_out() -> None:
    extract = _read(SAMPLE)
    assert extract.rows == ROWS
    assert UNKNOWN_ACCOUNTS in extract.left_out_users
    assert UNKNOWN_ACCOUNTS not in {one.user for one in extract.happenings}
    assert 0 < len(extract.happenings) < ROWS


def test_a_zip_is_read_like_the_file_in_it(tmp_path: Path) -> None:
    packed = tmp_path / "rba-dataset.zip"
    with ZipFile(packed, "w") as archive:
        archive.write(SAMPLE, "rba-dataset.csv")
    assert _read(packed) == _read(SAMPLE)
    assert size(packed) == size(SAMPLE) == SAMPLE.stat().st_size


def test_the_progress_comes_to_twice_the_file() -> None:
    told: list[int] = []
    read(SAMPLE, users=10, progress=told.append)
    assert sum(told) == 2 * size(SAMPLE)


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"other\.csv has no column"):
        _read(other)
    empty = tmp_path / "empty.zip"
    with ZipFile(empty, "w"):
        pass
    with pytest.raises(ValueError, match="no CSV"):
        _read(empty)


def test_a_file_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match=r"nobody to borrow from|nothing to test on"):
        measure_file(SAMPLE, Console(quiet=True))


def _row(one: Happening, *, is_takeover: bool) -> dict[str, object]:
    moment = datetime.fromtimestamp(one.at / 1000, tz=UTC)
    number = one.place.address % (1 << 32)
    return {
        "Login Timestamp": f"{moment:%Y-%m-%d %H:%M:%S}.{one.at % 1000:03}",
        "User ID": one.user,
        "IP Address": ".".join(str(byte) for byte in number.to_bytes(4)),
        "Country": one.place.country,
        "ASN": one.place.network,
        "User Agent String": one.agent.text,
        "Browser Name and Version": f"{one.agent.browser} {one.agent.browser_version}",
        "OS Name and Version": f"{one.agent.system} {one.agent.system_version}",
        "Device Type": one.agent.kind,
        "Login Successful": one.is_successful,
        "Is Attack IP": one.is_attack_address,
        "Is Account Takeover": is_takeover,
    }


@pytest.fixture(scope="module")
def made_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file in the form of the data set, with 40 takeovers."""
    happenings = make_traffic(9, users=1_500).happenings
    late = [index for index, one in enumerate(happenings) if one.is_legitimate][-40:]
    rows = [_row(one, is_takeover=index in late) for index, one in enumerate(happenings)]
    path = tmp_path_factory.mktemp("rba") / "made.csv"
    with path.open("w", newline="") as text:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_every_user_who_was_taken_over_is_among_those_drawn(made_file: Path) -> None:
    few = _read(made_file, users=100)
    users = {one.user for one in few.happenings}
    assert 60 < len(users) < 250
    assert sum(one.attack == REAL_TAKEOVER for one in few.happenings) == 40


def test_the_same_tables_come_from_a_file(made_file: Path) -> None:
    page = measure_file(made_file, Console(quiet=True), users=1_500, each=100, draws=20)
    heads = [line for line in page.splitlines() if line.startswith("#")]
    assert heads[0] == "## Sign-ins: made.csv"
    assert "### Real takeovers caught, of users with a history" in heads
    for attacker in ("naive", "VPN", "targeted", "real takeover"):
        assert f"| {attacker} |" in page
    assert "token |" not in page
