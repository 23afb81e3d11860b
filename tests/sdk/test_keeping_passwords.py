"""Hashes of passwords: who knows the password gets in, nobody else does, and an account that is missing looks alike."""

from concurrent.futures import ThreadPoolExecutor

import anyio
import pytest
from argon2 import PasswordHasher, Type, extract_parameters
from hypothesis import given, settings
from hypothesis import strategies as st

from watchword_client.passwords import AsyncPasswordHashes, HashParameters, PasswordHashes

LIGHTEST = HashParameters(memory_kib=7_168, passes=5, lanes=1)
"""What OWASP still allows and takes the least memory: the tests make many hashes."""
GOOD = "quietly harbour marmalade"


@pytest.fixture(scope="module")
def hashes() -> PasswordHashes:
    """Return hashes that are quick to make."""
    return PasswordHashes(parameters=LIGHTEST)


def test_the_default_is_argon2id_as_rfc_9106_recommends() -> None:
    made = extract_parameters(PasswordHashes().hash(GOOD))
    assert (made.type, made.version, made.memory_cost, made.time_cost, made.parallelism) == (Type.ID, 19, 65_536, 3, 4)
    assert (made.salt_len, made.hash_len) == (16, 32)


@settings(max_examples=15)
@given(password=st.text(max_size=20), other=st.text(max_size=20))
def test_the_password_and_no_other_is_right(hashes: PasswordHashes, password: str, other: str) -> None:
    kept = hashes.hash(password)
    assert hashes.verify(kept, password)
    assert kept != hashes.hash(password)
    assert password not in kept or len(password) < 4
    if not any(0xD800 <= ord(letter) < 0xE000 for letter in password + other):
        same = PasswordHashes(parameters=LIGHTEST).verify(kept, other)
        assert same == (hashes.verify(hashes.hash(other), password))


def test_the_form_of_the_characters_does_not_matter(hashes: PasswordHashes) -> None:
    kept = hashes.hash("cafe\N{COMBINING ACUTE ACCENT} １２３")
    assert hashes.verify(kept, "caf\N{LATIN SMALL LETTER E WITH ACUTE} 123")
    assert not hashes.verify(kept, "cafe 123")


def test_no_character_is_cut_off(hashes: PasswordHashes) -> None:
    longest = "a" * 256
    kept = hashes.hash(longest)
    assert hashes.verify(kept, longest)
    assert not hashes.verify(kept, longest[:-1])
    assert not hashes.verify(kept, longest + "a")
    assert not hashes.verify(kept, longest * 10)


def test_nothing_longer_than_the_longest_is_hashed(hashes: PasswordHashes) -> None:
    with pytest.raises(ValueError, match="longer than any may be") as raised:
        hashes.hash("b" * 257)
    assert "bbb" not in str(raised.value)


def test_an_account_that_is_missing_is_checked_like_one_that_is_there(
    hashes: PasswordHashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[tuple[str, int]] = []
    verify = PasswordHasher.verify

    def noting(hasher: PasswordHasher, kept_hash: str, password: bytes) -> bool:
        made = extract_parameters(kept_hash)
        checked.append(
            (f"{made.type} {made.memory_cost} {made.time_cost} {made.parallelism} {made.salt_len}", made.hash_len)
        )
        return verify(hasher, kept_hash, password)

    monkeypatch.setattr(PasswordHasher, "verify", noting)
    kept = hashes.hash(GOOD)
    answers = [
        hashes.verify(kept, "wrong"),
        hashes.verify(None, GOOD),
        hashes.verify(None, ""),
        hashes.verify(kept, "x" * 300),
    ]
    assert answers == [False] * 4
    assert len(checked) == 4
    assert len(set(checked)) == 1


def test_the_work_of_checking_is_bounded_whatever_is_entered(
    hashes: PasswordHashes, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def measuring(hasher: PasswordHasher, kept_hash: str, password: bytes) -> bool:
        sizes.append(len(password))
        return False

    monkeypatch.setattr(PasswordHasher, "verify", measuring)
    for entered in ("a" * 10_000_000, "a" * 257, "🦊" * 256):
        hashes.verify(None, entered)
    assert max(sizes) == 256 * 4


@pytest.mark.parametrize(
    "unreadable", ["", "plain", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuu", "$argon2id$v=19$m=8,t=1,p=1$!!$!!"]
)
def test_a_kept_hash_that_cannot_be_read_lets_nobody_in(hashes: PasswordHashes, unreadable: str) -> None:
    assert not hashes.verify(unreadable, GOOD)
    assert not hashes.verify(unreadable, unreadable)
    assert hashes.needs_rehash(unreadable)


def test_a_hash_is_made_anew_where_the_parameters_have_changed(hashes: PasswordHashes) -> None:
    kept = hashes.hash(GOOD)
    assert not hashes.needs_rehash(kept)
    today = PasswordHashes(parameters=HashParameters(memory_kib=9_216, passes=5, lanes=1))
    assert today.needs_rehash(kept)
    assert today.verify(kept, GOOD)


@pytest.mark.parametrize(
    ("memory_kib", "passes", "lanes"),
    [(47_103, 1, 1), (19_455, 2, 1), (12_287, 3, 4), (7_167, 9, 1), (65_536, 0, 1), (65_536, 3, 0)],
)
def test_parameters_that_are_too_light_are_refused(memory_kib: int, passes: int, lanes: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        HashParameters(memory_kib=memory_kib, passes=passes, lanes=lanes)


@pytest.mark.parametrize(
    ("memory_kib", "passes"), [(47_104, 1), (19_456, 2), (12_288, 3), (9_216, 4), (7_168, 5), (7_168, 9)]
)
def test_what_owasp_calls_equally_hard_is_taken(memory_kib: int, passes: int) -> None:
    assert HashParameters(memory_kib=memory_kib, passes=passes, lanes=1).passes == passes


async def test_no_more_are_computed_at_once_than_said(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = [0], [0]
    compute = PasswordHasher.hash

    def counting(hasher: PasswordHasher, password: bytes) -> str:
        running[0] += 1
        most[0] = max(most[0], running[0])
        try:
            return compute(hasher, password)
        finally:
            running[0] -= 1

    monkeypatch.setattr(PasswordHasher, "hash", counting)
    several = AsyncPasswordHashes(parameters=LIGHTEST, parallel=2)
    async with anyio.create_task_group() as group:
        for number in range(12):
            group.start_soon(several.hash, f"password {number}")
    assert most[0] <= 2
    waiting = PasswordHashes(parameters=LIGHTEST, parallel=1)
    most[0] = 0
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(waiting.hash, [f"password {number}" for number in range(8)]))
    assert most[0] == 1


async def test_the_asynchronous_hashes_do_the_same(hashes: PasswordHashes) -> None:
    several = AsyncPasswordHashes(parameters=LIGHTEST)
    kept = await several.hash(GOOD)
    assert await several.verify(kept, GOOD)
    assert not await several.verify(kept, "wrong")
    assert not await several.verify(None, GOOD)
    assert hashes.verify(kept, GOOD)
    assert not several.needs_rehash(kept)


def test_nothing_that_can_be_printed_holds_a_password(hashes: PasswordHashes) -> None:
    hashes.verify(hashes.hash(GOOD), GOOD)
    assert GOOD not in repr(hashes)
    assert GOOD not in repr(vars(hashes))
