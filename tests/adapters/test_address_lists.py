"""What the lists say of an address: networks, AS numbers, domains, with a wrong line refused at its place."""

import gzip
import os
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

import pytest

from tests.adapters.mmdb_writer import Value, write_mmdb
from watchword.adapters.file_atlas import FileAtlas
from watchword.adapters.file_atlas.compact_building import build_compact
from watchword.adapters.file_atlas.compact_file import Credit, Fact
from watchword.adapters.file_atlas.source_files import SHIPPED
from watchword.domain.atlas_facts import NetworkFacts
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import DAY_MS, Instant

SHIPPED_LISTS: Mapping[Fact, Sequence[Path | None]] = dict.fromkeys(SHIPPED, (None,))
CREDIT = Credit(source="a test", dated=date(2026, 11, 1), licence="none")


def _write(folder: Path, text: str, name: str = "list.txt") -> Path:
    (folder / name).write_text(text)
    return folder / name


def _facts(ip: str, *, country: Path | None = None, asn: Path | None = None, **lists: Path) -> NetworkFacts:
    atlas = FileAtlas.open(
        [country] if country else [],
        asn_files=[asn] if asn else [],
        lists={Fact(name): [path] for name, path in lists.items()},
    )
    try:
        return atlas.facts(ip)
    finally:
        atlas.close()


LIST = """\
# a heading; and a remark
; another
192.0.2.0/25
198.51.100.7      # one address
203.0.113.8-203.0.113.11, "a range, with words"
2001:db8:1::/48 ; IPv6
::ffff:192.0.2.200
"""


@pytest.mark.parametrize("name", ["hosting", "vpn", "tor", "listed"])
@pytest.mark.parametrize(
    ("ip", "is_in"),
    [
        ("192.0.2.0", True),
        ("192.0.2.127", True),
        ("192.0.2.128", False),
        ("191.255.255.255", False),
        ("198.51.100.7", True),
        ("198.51.100.8", False),
        ("203.0.113.7", False),
        ("203.0.113.8", True),
        ("203.0.113.11", True),
        ("203.0.113.12", False),
        ("2001:db8:1:ffff::1", True),
        ("2001:db8:2::", False),
        ("::ffff:192.0.2.1", True),
    ],
)
def test_an_address_is_in_a_list_or_not(tmp_path: Path, name: str, ip: str, *, is_in: bool) -> None:
    facts = _facts(ip, **{name: _write(tmp_path, LIST)})
    assert [fact for fact in ("hosting", "vpn", "tor", "listed") if getattr(facts, fact)] == [name] * is_in
    assert name not in facts.no_data


def test_an_as_number_lists_all_addresses_of_its_system(tmp_path: Path) -> None:
    asn = _write(tmp_path, "network,asn,name\n192.0.2.0/24,AS64500,Example Transit\n2001:db8::/32,64501\n", "asn.csv")
    listed = _write(tmp_path, 'ASN,Entity\n64500,"Example, Inc."\n AS64502\n')
    facts = _facts("192.0.2.9", asn=asn, listed=listed)
    assert (facts.asn, facts.asn_name, facts.listed) == (64500, "Example Transit", True)
    facts = _facts("2001:db8::1", asn=asn, listed=listed)
    assert (facts.asn, facts.asn_name, facts.listed) == (64501, None, False)
    facts = _facts("198.51.100.1", asn=asn, listed=listed)
    assert (facts.asn, facts.listed, facts.no_data) == (None, False, ("country", "hosting", "vpn", "tor"))


def test_as_numbers_say_nothing_where_no_file_tells_the_system(tmp_path: Path) -> None:
    facts = _facts("192.0.2.9", listed=_write(tmp_path, "AS64500\n"))
    assert not facts.listed
    assert "listed" in facts.no_data


def test_without_files_there_is_no_data() -> None:
    no_data = ("country", "asn", "hosting", "vpn", "tor", "listed")
    assert FileAtlas.open().facts("192.0.2.1") == NetworkFacts(no_data=no_data)


def test_an_address_that_is_not_on_the_internet_is_in_no_list(tmp_path: Path) -> None:
    facts = _facts("10.1.2.3", vpn=_write(tmp_path, "0.0.0.0/0\n"))
    assert (facts.country, facts.vpn) == ("local", False)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("192.0.2.0/24\nhome\n", "list.txt:2: 'home' does not appear to be an IPv4 or IPv6 network"),
        ("192.0.2.1/24\n", "list.txt:1: 192.0.2.1/24 has host bits set"),
        ("192.0.2.0/33\n", "list.txt:1: "),
        ("192.0.2.256\n", "list.txt:1: "),
        ("0192.0.2.0/24\n", "list.txt:1: "),
        ("192.00.2.0/24\n", "list.txt:1: "),
        ("192.0.02.0/24\n", "list.txt:1: "),
        ("192.0.2.00/24\n", "list.txt:1: "),
        ("192.0.2.9-192.0.2.1\n", "list.txt:1: 192.0.2.9 to 192.0.2.1 is no range of addresses"),
        ("192.0.2.9-2001:db8::1\n", "list.txt:1: "),
        ("AS0\n", "list.txt:1: an AS number is between 1 and 4294967295"),
        ("AS4294967296\n", "list.txt:1: an AS number is between 1 and 4294967295"),
        ("# nothing\n", "list.txt: there is no network in this list"),
        ("", "list.txt: there is no network in this list"),
        ("<html>\n", "list.txt:1: "),
        ("192.0.2.0/24\n" * 100_001, "list.txt: a list has at most 100,000 lines; `watchword atlas build`"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(tmp_path: Path, text: str, problem: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        _facts("192.0.2.1", vpn=_write(tmp_path, text))
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"\xff\xfe", "the list is not UTF-8"), (b"\x1f\x8bnot gzip", "the gzip file is damaged or too large")],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, problem: str) -> None:
    (tmp_path / "list.txt").write_bytes(content)
    with pytest.raises(ConfigurationError, match=problem):
        _facts("192.0.2.1", vpn=tmp_path / "list.txt")


@pytest.mark.parametrize("name", ["vpn", "disposable", "asn", "country"])
def test_a_file_that_is_not_there_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match=r"missing.*No such file"):
        _facts("192.0.2.1", **{name: tmp_path / "missing"})


def test_no_list_of_tor_exits_is_shipped() -> None:
    with pytest.raises(ConfigurationError, match="no tor list comes with Watchword"):
        FileAtlas.open(lists={Fact.TOR: [None]})


@pytest.mark.parametrize(
    ("record", "asn", "name"),
    [
        ({"autonomous_system_number": b"\xc2\xfb\xf4", "autonomous_system_organization": "E T"}, 64500, "E T"),
        ({"asn": "AS64500", "as_name": "E\n  T \x07"}, 64500, "E T"),
        ({"asn": "64500"}, 64500, None),
        ({"asn": "AS0"}, None, None),
        ({"asn": "many"}, None, None),
        ({"autonomous_system_organization": "E T"}, None, None),
    ],
)
def test_a_database_tells_systems_in_each_layout(
    tmp_path: Path, record: Value, asn: int | None, name: str | None
) -> None:
    write_mmdb(tmp_path / "a.mmdb", {"81.2.69.0/24": record, "81.3.0.0/24": {"asn": "AS64501"}})
    facts = _facts("81.2.69.1", asn=tmp_path / "a.mmdb")
    assert (facts.asn, facts.asn_name) == (asn, name)
    assert _facts("81.2.70.1", asn=tmp_path / "a.mmdb").asn is None


COMBINED = """\
192.0.2.0\t192.0.2.255\t64500\tUS\t"EXAMPLE unbalanced
198.51.100.0\t198.51.101.255\t0\tNone\tNot routed
203.0.113.0\t203.0.113.255\t64501\tDE\tEXAMPLE, Inc.
2001:db8::\t2001:db8:ffff:ffff:ffff:ffff:ffff:ffff\t64502\tGB\tEXAMPLE SIX
"""


def test_one_compact_file_tells_countries_and_systems_of_a_table(tmp_path: Path) -> None:
    source = tmp_path / "combined.tsv.gz"
    source.write_bytes(gzip.compress(COMBINED.encode()))
    built = tmp_path / "places.atlas"
    built.write_bytes(build_compact({Fact.COUNTRY: [source], Fact.ASN: [source]}, CREDIT))
    found = [_facts(ip, country=built, asn=built) for ip in ("192.0.2.1", "198.51.100.1", "203.0.113.9", "2001:db8::9")]
    assert [(facts.country, facts.asn, facts.asn_name) for facts in found] == [
        ("US", 64500, '"EXAMPLE unbalanced'),
        (None, None, None),
        ("DE", 64501, "EXAMPLE, Inc."),
        ("GB", 64502, "EXAMPLE SIX"),
    ]


def test_equal_sources_are_built_into_equal_bytes(tmp_path: Path) -> None:
    first, second = _write(tmp_path, LIST), _write(tmp_path, "AS64500\n192.0.2.128/25\n", "more.txt")
    both = build_compact({Fact.VPN: [first, second]}, CREDIT)
    assert both == build_compact({Fact.VPN: [second, first]}, CREDIT)
    (tmp_path / "x.atlas").write_bytes(both)
    assert _facts("192.0.2.200", vpn=tmp_path / "x.atlas").vpn
    assert _facts("198.51.100.7", vpn=tmp_path / "x.atlas").vpn


@pytest.mark.parametrize(
    ("domain", "is_disposable"),
    [
        ("throwaway.example", True),
        ("Mail.THROWAWAY.example.", True),
        ("notthrowaway.example", False),
        ("example", False),
        ("wegwerf-müll.example", True),
        ("WEGWERF-MÜLL.example", True),
        ("", False),
        ("." * 400, False),
        ("a." * 150 + "throwaway.example", False),
        ("a" * 100_000, False),
        ("\udcff.example", False),
        ("ü" * 70 + ".example", False),
    ],
)
def test_a_domain_and_what_lies_under_it_is_disposable(tmp_path: Path, domain: str, *, is_disposable: bool) -> None:
    names = _write(tmp_path, "# throw away\nThrowaway.example\nxn--wegwerf-mll-1hb.example\n")
    atlas = FileAtlas.open(lists={Fact.DISPOSABLE: [names]})
    assert atlas.email_is_disposable(domain) is is_disposable


@pytest.mark.parametrize("text", ["", "no domain\n", "a.example\n-.example\n", "com\n", "192.0.2.0/24\n"])
def test_a_list_of_domains_with_something_else_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"list\.txt"):
        FileAtlas.open(lists={Fact.DISPOSABLE: [_write(tmp_path, text)]})


def test_the_shipped_lists_tell_what_they_are_for() -> None:
    atlas = FileAtlas.open(lists=SHIPPED_LISTS)
    assert atlas.facts("52.95.110.1").hosting  # Amazon Web Services
    assert not atlas.facts("84.212.1.1").hosting  # a Norwegian household
    vpn = atlas.facts("2.26.157.9")
    assert (vpn.hosting, vpn.vpn, vpn.tor) == (True, True, False)
    assert atlas.facts("2001:550:1d05::1").vpn
    assert atlas.email_is_disposable("mailinator.com")
    assert not atlas.email_is_disposable("gmail.com")
    assert {file.fact: file.holds for file in atlas.files} == {
        Fact.HOSTING: "34,341 ranges",
        Fact.VPN: "6,892 ranges",
        Fact.LISTED: "723 AS numbers",
        Fact.DISPOSABLE: "8,335 domains",
    }
    assert all(file.credit is not None and file.credit.licence for file in atlas.files)


def test_the_age_of_a_file_is_what_it_says_or_else_when_it_was_written(tmp_path: Path) -> None:
    now = Instant(1_793_836_800_000)  # 2026-11-05
    names = _write(tmp_path, "192.0.2.0/24\n")
    os.utime(names, (now // 1_000 - 10 * 86_400 - 5,) * 2)
    write_mmdb(tmp_path / "c.mmdb", {"192.0.2.0/24": {"country": "US"}})  # built at 1,790,000,000
    (tmp_path / "x.atlas").write_bytes(build_compact({Fact.TOR: [names]}, CREDIT))
    atlas = FileAtlas.open(
        [tmp_path / "c.mmdb"], lists={Fact.VPN: [names], Fact.TOR: [tmp_path / "x.atlas"]}, example_places=True
    )
    assert [(file.fact, file.age_days(now)) for file in atlas.files] == [
        (Fact.COUNTRY, None),
        (Fact.COUNTRY, (now - 1_790_000_000_000) // DAY_MS),
        (Fact.VPN, 10),
        (Fact.TOR, 4),
    ]
    atlas.close()
