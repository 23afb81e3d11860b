"""Tables of senders: each kind has keys of its own, secrets never stand in the file, and other packages bring kinds."""

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from watchword.adapters.senders import GROUP, kind_names, sender_kinds
from watchword.config.loading import load_settings
from watchword.config.settings import DeclaredRoute, Settings, Situation
from watchword.domain.contact import Channel
from watchword.domain.errors import ConfigurationError

SHOP = """\
[applications.shop]
name = "Shop"
mode = "test"
senders = { email = "inbox" }
"""
PIGEON = '''\
"""A kind of sender that another package brings."""
from typing import Annotated
from msgspec import Meta, Struct
from watchword.adapters.senders.kind import SenderKind
from watchword.domain.contact import Channel
from watchword.domain.secret import Secret

class PigeonKeys(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """Carrier pigeons."""
    loft: Annotated[str, Meta(description="Where they start.")]
    birds: Annotated[int, Meta(ge=1, le=9, description="How many.")] = 1
    whistle: Annotated[Secret, Meta(description="What calls them back.")]

class Pigeons:
    def __init__(self, keys):
        self.keys = keys

def problems(keys):
    if keys.loft == "sea":
        yield "loft", "there are no pigeons at sea"

def why_not(keys, channel):
    return "needs three birds" if channel is Channel.VOICE and keys.birds < 3 else None

KIND = SenderKind(
    name="pigeon", channels=(Channel.SMS, Channel.VOICE), keys=PigeonKeys,
    make=lambda keys, _: Pigeons(keys), problems=problems, why_not=why_not,
)
NOTHING = object()
'''
POINTS = """\
[watchword.senders]
pigeon = pigeon_post:KIND
owl = pigeon_post:KIND
dodo = extinct_birds:KIND
egg = pigeon_post:NOTHING
shell = pigeon_post:MISSING
smtp = pigeon_post:KIND
"""
LOFT = '[senders.post]\nkind = "pigeon"\nloft = "north"\n'
WHISTLE = {"WATCHWORD_SENDERS__POST__WHISTLE": "tweet"}
HEADER = '[[applications.shop.routes]]\nchannel = "sms"'
ROUTES = f"{LOFT}test_sender = true\n{SHOP}\n{HEADER}"


def _load(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> Settings:
    path = folder / "watchword.toml"
    path.write_text(text)
    return load_settings(path, situation=Situation.DEV, environ=environ or {})


def _problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        _load(folder, text, environ)
    return [problem.removeprefix(f"{folder}/watchword.toml:") for problem in refused.value.problems]


@pytest.fixture
def _other_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package with kinds of senders, installed as packages are."""
    site = tmp_path / "site"
    described = site / "pigeon_post-1.0.dist-info"
    described.mkdir(parents=True)
    (described / "METADATA").write_text("Metadata-Version: 2.1\nName: pigeon-post\nVersion: 1.0\n")
    (described / "entry_points.txt").write_text(POINTS)
    (site / "pigeon_post.py").write_text(PIGEON)
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "pigeon_post", raising=False)


def test_every_kind_of_ours_can_be_used() -> None:
    assert GROUP == "watchword.senders"
    assert [name for name, kind in sender_kinds().items() if kind.name != name or not kind.channels] == []


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("", "2: senders.post.kind: is missing: smtp"),
        ("kind = 5", '3: senders.post.kind: must be a text in quotes, such as "smtp"'),
        ('kind = "smpt"', "3: senders.post.kind: must be smtp"),
    ],
)
def test_a_table_without_a_kind_that_there_is_has_that_one_problem(tmp_path: Path, line: str, problem: str) -> None:
    shop = SHOP.replace("inbox", "post")
    (found,) = _problems(tmp_path, f"\n[senders.post]\n{line}\nhost = 5\n{shop}")
    assert found.startswith(problem)
    assert found.endswith("did you mean smtp?") or "smpt" not in line


def test_a_sender_is_no_table_or_has_an_unknown_key(tmp_path: Path) -> None:
    assert _problems(tmp_path, f"[senders]\npost = 5\n{SHOP}") == [
        f"2: senders.post.kind: is missing: {' or '.join(kind_names())}"
    ]
    mail = '[senders.mail]\nkind = "smtp"\nhosst = "a"\nhost = "a"\nfrom_address = "a@shop.example"\n'
    assert _problems(tmp_path, f"{mail}{SHOP}") == ["3: senders.mail.hosst: there is no such key; did you mean host?"]


@pytest.mark.parametrize("name", ['"my mail"', '"a/b"', '"ä"', "-a", "a" * 33, '""'])
def test_a_name_can_stand_in_an_address(tmp_path: Path, name: str) -> None:
    mail = f'[senders.{name}]\nkind = "smtp"\nhost = "a.example"\nfrom_address = "a@shop.example"\n'
    (found,) = _problems(tmp_path, f"{mail}{SHOP}")
    assert found.endswith("a sender's name is up to 32 of letters, digits, _ and -: it stands in addresses")


def test_a_whole_sender_can_come_from_the_environment(tmp_path: Path) -> None:
    environ = {
        "WATCHWORD_SENDERS__MAIL__KIND": "smtp",
        "WATCHWORD_SENDERS__MAIL__HOST": "mail.shop.example",
        "WATCHWORD_SENDERS__MAIL__PORT": "2525",
        "WATCHWORD_SENDERS__MAIL__FROM_ADDRESS": "code@shop.example",
        "WATCHWORD_SENDERS__MAIL__USERNAME": "123",
        "WATCHWORD_SENDERS__MAIL__PASSWORD": "456",
    }
    keys = _load(tmp_path, SHOP, environ).senders["mail"].keys
    assert "Secret(…)" in repr(keys)
    assert "port=2525, security=<Encryption.STARTTLS: 'starttls'>, username='123'" in repr(keys)
    with pytest.raises(ConfigurationError, match=r"WATCHWORD_SENDERS__MAIL__KIND: senders\.mail\.kind: must be smtp"):
        _load(tmp_path, SHOP, {"WATCHWORD_SENDERS__MAIL__KIND": "smptp"})


@pytest.mark.usefixtures("_other_package")
class TestOtherPackages:
    """Kinds that come by the entry point group."""

    def test_their_kinds_are_there_under_their_names(self) -> None:
        assert set(kind_names()) >= {"smtp", "pigeon"}

    def test_their_keys_are_checked_like_ours(self, tmp_path: Path) -> None:
        declared = _load(tmp_path, f"{LOFT}{SHOP}", WHISTLE).senders["post"]
        assert (declared.kind.name, declared.is_test_sender) == ("pigeon", False)
        assert _problems(tmp_path, f"{LOFT}birds = 12\nlof = 1\n{SHOP}", WHISTLE) == [
            "4: senders.post.birds: 12 is outside 1 to 9",
            "5: senders.post.lof: there is no such key; did you mean loft?",
        ]
        assert _problems(tmp_path, LOFT.replace("north", "sea") + SHOP, WHISTLE) == [
            "3: senders.post.loft: there are no pigeons at sea"
        ]

    def test_a_secret_never_stands_in_the_file(self, tmp_path: Path) -> None:
        variable = "WATCHWORD_SENDERS__POST__WHISTLE"
        assert _problems(tmp_path, f"{LOFT}{SHOP}") == [
            f"1: senders.post.whistle: is missing: set {variable}, or name a whistle_file"
        ]
        assert _problems(tmp_path, f'{LOFT}whistle = "tweet"\n{SHOP}') == [
            f"4: senders.post.whistle: does not belong in this file: set {variable}, or name a whistle_file"
        ]
        assert _problems(tmp_path, f'{LOFT}whistle_file = "gone"\n{SHOP}') == [
            "4: senders.post.whistle_file: cannot be read: No such file or directory"
        ]
        (tmp_path / "whistle").write_text("tweet\n")
        named = f'{LOFT}whistle_file = "whistle"\n{SHOP}'
        assert repr(_load(tmp_path, named).senders["post"].keys) == (
            "PigeonKeys(loft='north', birds=1, whistle=Secret(…))"
        )
        assert _problems(tmp_path, named, WHISTLE) == [
            "4: senders.post.whistle_file: there is a whistle already; give one of the two"
        ]

    def test_a_sender_takes_the_channels_that_its_settings_allow(self, tmp_path: Path) -> None:
        shop = SHOP.replace('email = "inbox"', 'email = "inbox", voice = "post", sms = ["inbox", "post"]')
        text = f"{LOFT}test_sender = true\n"
        assert _problems(tmp_path, f"{text}{shop}", WHISTLE) == [
            "8: applications.shop.senders.voice: post needs three birds"
        ]
        declared = _load(tmp_path, f"{text}birds = 3\n{shop}", WHISTLE).applications[0]
        assert declared.senders == {
            Channel.SMS: ("inbox", "post"),
            Channel.VOICE: ("post",),
            Channel.EMAIL: ("inbox",),
        }
        assert _problems(tmp_path, f"{text}{SHOP.replace('inbox', 'post')}", WHISTLE) == [
            "8: applications.shop.senders.email: post takes sms and voice only"
        ]

    @pytest.mark.parametrize(
        ("kind", "problem"),
        [
            ("owl", "what is installed as owl is no kind of sender with that name"),
            ("egg", "what is installed as egg is no kind of sender with that name"),
            ("dodo", "extinct_birds:KIND cannot be loaded (ModuleNotFoundError)"),
            ("shell", "pigeon_post:MISSING cannot be loaded (AttributeError)"),
        ],
    )
    def test_what_cannot_be_used_is_said(self, tmp_path: Path, kind: str, problem: str) -> None:
        text = LOFT.replace("pigeon", kind)
        assert _problems(tmp_path, f"{text}{SHOP}") == [f"2: senders.post.kind: {problem}"]

    def test_nobody_takes_the_name_of_a_kind_of_ours(self, tmp_path: Path) -> None:
        mail = '[senders.mail]\nkind = "smtp"\nhost = "a.example"\nfrom_address = "a@shop.example"\n'
        assert _load(tmp_path, f"{mail}{SHOP}").senders["mail"].kind.channels == (Channel.EMAIL,)

    def test_countries_may_have_an_order_of_their_own(self, tmp_path: Path) -> None:
        shop = SHOP.replace('email = "inbox"', 'sms = "inbox"')
        text = f'{ROUTES.replace(SHOP, shop)}\ncountries = ["DE", "AT"]\nsenders = ["post", "inbox"]\n'
        more = f'{text}{HEADER}\ncountries = ["FR"]\nsenders = "post"\n'
        assert _load(tmp_path, more, WHISTLE).applications[0].routes == (
            DeclaredRoute(channel=Channel.SMS, countries=("DE", "AT"), senders=("post", "inbox")),
            DeclaredRoute(channel=Channel.SMS, countries=("FR",), senders=("post",)),
        )

    @pytest.mark.parametrize(
        ("lines", "problems"),
        [
            (
                ('countries = ["UK", "DE", "DE"]', 'senders = ["post", "pots"]'),
                [
                    "12: applications.shop.routes.1.countries: DE is listed twice",
                    "12: applications.shop.routes.1.countries: UK: must be a country as ISO 3166 has it, such as DE",
                    "13: applications.shop.routes.1.senders: there is no sender pots; did you mean post?",
                ],
            ),
            (
                ("countries = []", "senders = []"),
                [
                    "12: applications.shop.routes.1.countries: must name at least one country, such as DE",
                    "13: applications.shop.routes.1.senders: must name at least one sender",
                ],
            ),
            (
                ('countries = ["DE"]', 'senders = "post"', HEADER, 'countries = ["DE"]', 'senders = "inbox"'),
                ["16: applications.shop.routes.2.countries: DE is named for sms above"],
            ),
            (
                ('countries = "DE"', 'sender = "post"'),
                [
                    "10: applications.shop.routes.1.senders: is missing",
                    '12: applications.shop.routes.1.countries: must be a list of texts, such as ["one", "two"]',
                    "13: applications.shop.routes.1.sender: there is no such key; did you mean senders?",
                ],
            ),
        ],
    )
    def test_a_route_that_makes_no_sense_is_refused(
        self, tmp_path: Path, lines: tuple[str, ...], problems: list[str]
    ) -> None:
        text = ROUTES.replace("email", "sms")
        assert _problems(tmp_path, "\n".join((text, *lines)), WHISTLE) == problems

    def test_a_channel_is_there_for_all_countries_or_for_none(self, tmp_path: Path) -> None:
        assert _problems(tmp_path, f'{ROUTES}\ncountries = ["DE"]\nsenders = "post"\n', WHISTLE) == [
            "11: applications.shop.routes.1.channel: sms has no sender under senders, for all other countries"
        ]


def test_routes_are_tables(tmp_path: Path) -> None:
    shop = SHOP.replace('mode = "test"', 'mode = "test"\nroutes = "DE"')
    assert _problems(tmp_path, shop) == [
        "4: applications.shop.routes: must be a list of tables, each under [[applications.shop.routes]]"
    ]
