"""The atlas: countries from files of every layout, networks that are counted together, names that a person knows."""

from collections.abc import Iterator
from ipaddress import IPv6Address
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.adapters.mmdb_writer import Value, write_mmdb
from watchword.adapters.file_atlas import FileAtlas
from watchword.domain.errors import ConfigurationError

if TYPE_CHECKING:
    from watchword.ports.atlas import Atlas

WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"


@pytest.fixture(scope="module")
def atlas() -> Iterator["Atlas"]:
    opened = FileAtlas.open(example_places=True)
    opened.warm_up()
    yield opened
    opened.close()


@pytest.mark.parametrize(
    ("ip", "country"),
    [
        ("192.0.2.255", "US"),
        ("198.51.100.7", "DE"),
        ("203.0.113.7", "GB"),
        ("::ffff:203.0.113.7", "GB"),
        ("2001:db8::1", "US"),
        ("2001:db8:4000::1", "DE"),
        ("2001:db8:bfff::1", "GB"),
        ("2001:db8:c000::1", "JP"),
        ("8.8.8.8", None),
        ("2001:db9::1", None),
        ("100.64.0.1", None),
    ],
)
def test_the_networks_for_documentation_lie_in_made_up_countries(atlas: "Atlas", ip: str, country: str | None) -> None:
    assert atlas.country(ip) == country


@pytest.mark.parametrize(
    "ip",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.1.1",
        "::1",
        "fe80::1",
        "fd00::1",
        "::ffff:10.0.0.1",
    ],
)
def test_an_address_that_is_not_on_the_internet_is_local(atlas: "Atlas", ip: str) -> None:
    assert atlas.country(ip) == "local"


@pytest.mark.parametrize("ip", ["172.32.0.1", "11.0.0.1", "169.253.0.1", "fec0::1"])
def test_its_neighbours_are_not(atlas: "Atlas", ip: str) -> None:
    assert atlas.country(ip) is None


def test_without_files_every_country_is_unknown() -> None:
    assert FileAtlas.open().country("203.0.113.7") is None


@pytest.mark.parametrize(
    ("record", "country"),
    [
        ({"country": {"iso_code": "FR"}}, "FR"),
        ({"country": {"iso_code": "FR"}, "registered_country": {"iso_code": "US"}}, "FR"),
        ({"country_code": "fr"}, "FR"),
        ({"country": "FR"}, "FR"),
        ({"country": {"names": {"en": "France"}}}, None),
        ({"country_code": "ZZ"}, None),
        ({"country_code": "France"}, None),
        ({"country_code": ""}, None),
        ({"continent": "EU"}, None),
        ("FR", None),
    ],
)
def test_a_database_is_read_in_each_layout(tmp_path: Path, record: Value, country: str | None) -> None:
    write_mmdb(
        tmp_path / "c.mmdb", {"81.2.69.0/24": record, "2a00:1450::/32": record, "81.3.0.0/24": {"country": "SE"}}
    )
    opened = FileAtlas.open([tmp_path / "c.mmdb"])
    assert opened.country("81.2.69.142") == country
    assert opened.country("2a00:1450::1") == country
    assert opened.country("81.2.70.1") is None
    opened.close()


def test_a_database_for_ipv4_alone_knows_no_ipv6(tmp_path: Path) -> None:
    write_mmdb(tmp_path / "c.mmdb", {"81.2.69.0/24": {"country_code": "GB"}}, ip_version=4)
    opened = FileAtlas.open([tmp_path / "c.mmdb"])
    assert (opened.country("81.2.69.1"), opened.country("2a00:1450::1")) == ("GB", None)
    assert opened.country("::ffff:81.2.69.1") == "GB"
    opened.close()


def test_a_damaged_place_of_a_database_knows_nothing(tmp_path: Path) -> None:
    path = tmp_path / "c.mmdb"
    write_mmdb(path, {"81.3.0.0/24": {"country_code": "GB"}, "81.2.69.0/24": {"country_code": "SE"}}, ip_version=4)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"\xe1\x4ccountry_code", b"\x23\xff\xffountry_code", 1))
    assert path.read_bytes() != data
    opened = FileAtlas.open([path])
    assert (opened.country("81.3.0.1"), opened.country("81.2.69.1")) == (None, "SE")
    opened.close()


def test_a_database_that_tells_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "asn.mmdb"
    write_mmdb(path, {"81.2.69.0/24": {"asn": "AS64500"}})
    with pytest.raises(ConfigurationError, match=r"asn\.mmdb: this file \(Country\) does not tell any country"):
        FileAtlas.open([path])
    write_mmdb(path, {"81.2.69.0/24": {"country": "SE"}})
    with pytest.raises(ConfigurationError, match=r"does not tell any AS number"):
        FileAtlas.open(asn_files=[path])


def test_the_first_file_that_knows_answers(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("network,country\n81.2.69.0/25,FR\n")
    write_mmdb(tmp_path / "c.mmdb", {"81.2.69.0/24": {"country_code": "GB"}})
    opened = FileAtlas.open([tmp_path / "own.csv", tmp_path / "c.mmdb"], example_places=True)
    assert (opened.country("81.2.69.1"), opened.country("81.2.69.200")) == ("FR", "GB")
    assert opened.country("192.0.2.1") == "US"
    opened.close()


def test_the_narrowest_network_of_a_list_counts(tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("# ours\n\n81.0.0.0/8, gb \n81.2.69.0/24,FR\n81.2.69.7,DE\n2a00::/16,IE\n0.0.0.0/0,US\n")
    opened = FileAtlas.open([path])
    found = [opened.country(ip) for ip in ("81.9.9.9", "81.2.69.1", "81.2.69.7", "2a00::1", "8.8.8.8", "2b00::1")]
    assert found == ["GB", "FR", "DE", "IE", "US", None]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("81.2.69.0/24", "own.csv:2: a line is a network and a country of two letters"),
        ("81.2.69.0/24,Britain", "own.csv:2: a line is a network and a country of two letters"),
        ("81.2.69.1/24,GB", "own.csv:2: 81.2.69.1/24 has host bits set"),
        ("home,GB", "own.csv:2: 'home' does not appear to be an IPv4 or IPv6 network"),
    ],
)
def test_a_wrong_line_of_a_list_is_refused(tmp_path: Path, line: str, problem: str) -> None:
    (tmp_path / "own.csv").write_text(f"network,country\n{line}\n")
    with pytest.raises(ConfigurationError) as refused:
        FileAtlas.open([tmp_path / "own.csv"])
    assert problem in str(refused.value)


def test_a_file_of_another_kind_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.mmdb").write_text("network,country\n")
    with pytest.raises(ConfigurationError, match=r"c\.mmdb: this is not a file in MaxMind's format"):
        FileAtlas.open([tmp_path / "c.mmdb"])


def test_an_empty_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "c.mmdb").touch()
    with pytest.raises(ConfigurationError, match=r"c\.mmdb: "):
        FileAtlas.open([tmp_path / "c.mmdb"])


@pytest.mark.parametrize("name", ["missing.mmdb", "missing.csv"])
def test_a_missing_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name}: .*: No such file"):
        FileAtlas.open([tmp_path / name])


@pytest.mark.parametrize(
    ("ip", "network", "counted_as"),
    [
        ("203.0.113.7", "203.0.113.0/24", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.0/24", "203.0.113.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1::/48", "2001:db8:1:2::/64"),
        ("::1", "::/48", "::/64"),
    ],
)
def test_neighbours_are_counted_together(atlas: "Atlas", ip: str, network: str, counted_as: str) -> None:
    assert (atlas.network(ip), atlas.counted_as(ip)) == (network, counted_as)


@given(st.integers(min_value=1 << 64, max_value=(1 << 128) - 1), st.integers(min_value=0, max_value=(1 << 64) - 1))
def test_whoever_shares_an_ipv6_64_is_counted_as_one(atlas: "Atlas", address: int, host: int) -> None:
    sibling = address >> 64 << 64 | host
    assert atlas.counted_as(str(IPv6Address(sibling))) == atlas.counted_as(str(IPv6Address(address)))


@pytest.mark.parametrize("ip", ["", "localhost", "203.0.113", "203.0.113.7:80"])
def test_what_is_no_address_is_an_error(atlas: "Atlas", ip: str) -> None:
    for ask in (atlas.country, atlas.network, atlas.counted_as):
        with pytest.raises(ValueError, match="does not appear to be"):
            ask(ip)


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36", "Chrome on Windows"),
        (f"{WINDOWS} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.0.0", "Edge on Windows"),
        (f"{IPHONE} Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{IPHONE} CriOS/126.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"{IPHONE.replace('iPhone;', 'iPad;')} Version/17.5 Mobile/15E148 Safari/604.1", "Safari on iPad"),
        ("Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox on Linux"),
        ("Mozilla/5.0 (Android 14; Mobile; rv:127.0) Gecko/127.0 Firefox/127.0", "Firefox on Android"),
        (f"{MAC} Version/17.4 Safari/605.1.15", "Safari on macOS"),
        (f"{WINDOWS}", "an unknown browser on Windows"),
        ("curl/8.1", "an unknown browser"),
        ("", "an unknown browser"),
        (None, "an unknown browser"),
        ("x" * 100_000, "an unknown browser"),
        ("\x00\udcff", "an unknown browser"),
    ],
)
def test_a_device_has_a_name_that_a_person_recognises(atlas: "Atlas", agent: str | None, name: str) -> None:
    assert atlas.device_name(agent) == name


@pytest.mark.parametrize(
    "agent",
    [
        "Call-0900-12345/1.0 (Windows NT 10.0) evil.example",
        "Mozilla/5.0 (evil.example; U; evil.example) evil.example/1.0 Mobile evil.example",
        "evil.exampleBot/1.0 (+https://evil.example)",
        "Mozilla/5.0 (Linux; Android 9; evil.example Build/X) evil.exampleBrowser/1.0",
    ],
)
def test_no_word_of_a_stranger_gets_into_a_name(atlas: "Atlas", agent: str) -> None:
    assert "evil" not in atlas.device_name(agent)
    assert "0900" not in atlas.device_name(agent)


@given(st.text(max_size=300))
def test_any_agent_has_a_name_of_our_words(atlas: "Atlas", agent: str) -> None:
    assert len(atlas.device_name(agent)) <= 60
