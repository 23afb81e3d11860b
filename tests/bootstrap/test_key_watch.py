"""Keys that were rotated: taken up by every process, and at once where something made with a new one comes in."""

from pathlib import Path

import pytest

from watchword.adapters.key_file import KeyKind
from watchword.adapters.key_set import KeySet
from watchword.adapters.system import SystemClock, SystemEntropy
from watchword.bootstrap.key_source import KeyWatch, open_keys, rotate_key
from watchword.config.settings import KeySource
from watchword.domain.errors import ConfigurationError
from watchword.domain.instant import Instant
from watchword.ports.keyring import Purpose

Process = tuple[KeySet, KeyWatch]


@pytest.fixture
def source(tmp_path: Path) -> KeySource:
    """Gives keys in a file."""
    source = KeySource(name="keys", path=tmp_path / "keys.toml", text=None)
    open_keys(source, create=True)
    return source


def _process(source: KeySource) -> Process:
    keys = open_keys(source, create=False)
    return keys, KeyWatch(source, keys)


@pytest.mark.parametrize("kind", [KeyKind.MAC, KeyKind.SEALING, KeyKind.SIGNING])
def test_what_another_process_has_made_with_a_new_key_is_known_at_once(source: KeySource, kind: KeyKind) -> None:
    (here, watch), (there, other_watch) = _process(source), _process(source)
    rotate_key(source, kind.value)
    assert other_watch.look()
    match kind:
        case KeyKind.MAC:
            mac, key_id = there.mac(Purpose.CODE, b"part"), there.mac_key_id()
            assert here.mac(Purpose.CODE, b"part", key_id=key_id) == mac
        case KeyKind.SEALING:
            assert here.open("place", there.seal("place", b"plain")) == b"plain"
        case _:
            claims = here.verify(there.sign({"sub": "ann"}).reveal())
            assert claims is not None
            assert claims["sub"] == "ann"
    assert watch.look(), "contacts are still to be sealed anew"
    assert not watch.look()


def test_a_token_under_a_new_key_is_no_forged_one(source: KeySource) -> None:
    (here, _), (there, other_watch) = _process(source), _process(source)
    rotate_key(source, KeyKind.MAC.value)
    other_watch.look()
    mac = there.mac(Purpose.CODE, b"part")
    assert here.is_mac(Purpose.CODE, mac, b"part")
    assert not here.is_mac(Purpose.CODE, mac, b"other")


def test_a_key_that_nobody_made_stays_unknown(source: KeySource) -> None:
    here, watch = _process(source)
    foreign = open_keys(KeySource(name="keys", path=source.path.parent / "foreign.toml", text=None), create=True)
    with pytest.raises(ValueError, match="not here"):
        here.open("place", foreign.seal("place", b"plain"))
    assert here.verify(foreign.sign({"sub": "ann"}).reveal()) is None
    with pytest.raises(KeyError):
        here.mac(Purpose.CODE, b"part", key_id=foreign.mac_key_id())
    assert not watch.look()


def test_a_file_that_is_wrong_refuses_what_is_unknown_and_is_told_with_the_next_round(source: KeySource) -> None:
    (here, watch), (there, other_watch) = _process(source), _process(source)
    rotate_key(source, KeyKind.SEALING.value)
    other_watch.look()
    source.path.write_text("nothing of keys")
    with pytest.raises(ValueError, match="not here"):
        here.open("place", there.seal("place", b"plain"))
    with pytest.raises(ConfigurationError):
        watch.look()


def test_a_key_whose_time_has_not_come_is_known_and_makes_nothing(source: KeySource) -> None:
    (here, watch), old = _process(source), open_keys(source, create=False).mac_key_id()
    waiting = rotate_key(source, KeyKind.MAC.value, delay_s=3_600)
    assert watch.look()
    assert not watch.look()
    assert here.mac_key_id() == old
    assert here.is_mac(Purpose.CODE, here.mac(Purpose.CODE, b"part", key_id=waiting.id), b"part")
    assert (waiting.newest, waiting.is_waiting) == (False, True)


def test_a_key_makes_values_once_its_time_has_come_though_the_file_stayed_the_same(source: KeySource) -> None:
    now = SystemClock().now()
    rotate_key(source, KeyKind.SIGNING.value)
    keys = KeySet.from_toml(source.path.read_text(), source="keys", entropy=SystemEntropy(), now=Instant(now - 1))
    watch, due = KeyWatch(source, keys), keys.next_due
    assert due is not None
    assert due >= now
    before = keys.sign({"sub": "ann"})
    assert watch.look()
    assert keys.next_due is None
    assert keys.sign({"sub": "ann"}) != before
    assert not watch.look()
