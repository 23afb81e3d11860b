"""Which new passwords are taken: lengths, breached lists, guessing, and what is said about the rest."""

import subprocess
import sys
import unicodedata
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.matching import RANKED_DICTIONARIES

from watchword_client.passwords import (
    ALONE,
    ONE_OF_TWO_FACTORS,
    Accepted,
    AsyncPasswordJudge,
    Breached,
    Hint,
    LengthRule,
    LookupAnswer,
    NotChecked,
    NotSeen,
    PasswordJudge,
    TooEasy,
    TooLong,
    TooShort,
    Verdict,
    in_english,
    normalised,
)
from watchword_client.passwords.strength import JUDGED_CHARACTERS, strength_of

GOOD = "quietly harbour marmalade"
WITHOUT_THE_EXTRA = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"argon2", "zxcvbn"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
import watchword_client
print(watchword_client.VERSION)
try:
    import watchword_client.passwords
except ModuleNotFoundError as error:
    print(error, error.name)
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A list of breached passwords that gives one answer, and notes what it was asked."""

    answer: LookupAnswer
    asked: list[str]

    def look_up(self, password: str) -> LookupAnswer:
        self.asked.append(password)
        return self.answer


def _judged(password: str, *own_words: str) -> Verdict:
    return PasswordJudge().judge(password, own_words)


def test_the_client_works_without_the_extra_and_the_package_says_what_is_missing() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_THE_EXTRA], capture_output=True, text=True, check=True)
    version, sentence = done.stdout.splitlines()
    assert version
    assert sentence.endswith("pip install 'watchword-client[passwords]' argon2")


@pytest.mark.parametrize(
    "good", [GOOD, "سلام دنیا این رمز من است", "correct-elephant-battery-lighthouse", "🦊 fox in a violet canoe"]
)
def test_takes_what_is_long_and_not_easy_to_guess(good: str) -> None:
    assert _judged(good) == Accepted()


@pytest.mark.parametrize(("rule", "shortest"), [(ALONE, 15), (ONE_OF_TWO_FACTORS, 8)])
def test_counts_characters_up_to_the_least_length(rule: LengthRule, shortest: int) -> None:
    judge = PasswordJudge(lengths=rule)
    assert judge.judge("x" * (shortest - 1)) == TooShort(shortest=shortest)
    assert not isinstance(judge.judge("x" * shortest), TooShort)


def test_every_character_counts_one_after_normalising() -> None:
    whole, parts = "\N{LATIN SMALL LETTER E WITH ACUTE}", "e\N{COMBINING ACUTE ACCENT}"
    assert _judged("🦊" * 14) == TooShort(shortest=15)
    assert _judged(parts * 14) == TooShort(shortest=15)
    assert not isinstance(_judged(whole * 15), TooShort)
    assert normalised(parts) == normalised(whole) == whole
    assert normalised("１２３ａ") == "123a"


def test_the_greatest_length_is_counted_after_normalising_too() -> None:
    parts = "e\N{COMBINING ACUTE ACCENT}"
    assert not isinstance(_judged(parts * 256), TooLong)
    assert _judged(parts * 257) == TooLong(longest=256)
    # One character that stands for eighteen.
    assert _judged("\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}" * 15) == TooLong(longest=256)
    assert _judged("x" * 10_000_000) == TooLong(longest=256)


def test_no_text_shrinks_to_a_quarter_of_itself_by_normalising() -> None:
    # What is passed by unread relies on it.
    whole = (chr(point) for point in range(sys.maxunicode + 1))
    longest = max(len(unicodedata.normalize("NFD", one)) for one in whole if unicodedata.is_normalized("NFC", one))
    assert longest == 4


@pytest.mark.parametrize("wrong", [{"shortest": 7}, {"shortest": 15, "longest": 63}, {"shortest": 100, "longest": 99}])
def test_refuses_lengths_that_nist_does_not_allow(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="SP 800-63B-4"):
        LengthRule(**wrong)


@pytest.mark.parametrize("least_score", [0, 5])
def test_refuses_a_score_at_which_everything_or_nothing_passes(least_score: int) -> None:
    with pytest.raises(ValueError, match="from 1 to 4"):
        PasswordJudge(least_score=least_score)


@pytest.mark.parametrize(
    ("easy", "hint"),
    [
        ("aaaaaaaaaaaaaaaaaaaa", Hint.REPEATS),
        ("abcdefghijklmnopqrst", Hint.SEQUENCES),
        ("asdfghjkl;'[poiuytre", Hint.KEYBOARD),
        ("ada.lovelace@example.com", Hint.OWN_WORDS),
        ("mysteriouslymysteri0us", Hint.COMMON_WORDS),
        ("anderson19121999", Hint.DATES),
        ("p@$$w0rdp@$$w0rd1", Hint.REPEATS),
    ],
)
def test_names_what_makes_a_password_easy_to_guess(easy: str, hint: Hint) -> None:
    verdict = PasswordJudge(least_score=4).judge(easy, ["ada.lovelace@example.com"])
    assert isinstance(verdict, TooEasy)
    assert hint in verdict.hints
    assert verdict.hints[-1] is Hint.ADD_WORDS
    assert len(set(verdict.hints)) == len(verdict.hints)


def test_the_pieces_of_the_own_words_count() -> None:
    password = "vqxzkjwplmtrhbnfgdcy"
    assert _judged(password) == Accepted()
    verdict = _judged(password, "HBNFGDCY.vqxzkjwplmtr@example.com")
    assert isinstance(verdict, TooEasy)
    assert verdict.hints == (Hint.OWN_WORDS, Hint.ADD_WORDS)


def test_one_customers_words_are_gone_before_the_next_is_judged() -> None:
    words = ["vqxzkjwplmtr", "hbnfgdcysrqw"]
    before = _judged("".join(words))
    assert isinstance(_judged("".join(words), *words), TooEasy)
    assert _judged("".join(words)) == before == Accepted()


@pytest.mark.parametrize(
    "own",
    [
        "adalovelaceexample",
        "Ada-Lovelace-Example",
        "exampleshopadalovelace",
        "lovelace lovelace",
        "ADA LOVELACE SHOP 1",
    ],
)
def test_words_of_the_account_add_nothing_however_many_there_are(own: str) -> None:
    words = ["Ada Lovelace", "ada@example.com", "Example Shop"]
    verdict = _judged(own, *words)
    assert isinstance(verdict, TooEasy)
    assert verdict.hints[0] is Hint.OWN_WORDS
    assert _judged(f"{GOOD} {own}", *words) == Accepted()


def test_no_words_of_a_customer_stay_behind() -> None:
    _judged(GOOD, "vqxzkjwplmtr")
    assert "vqxzkjwplmtr" not in RANKED_DICTIONARIES["user_inputs"]


def test_a_breached_password_is_named_before_its_weakness() -> None:
    assert _judged("PasswordPassword") == Breached(times=None)
    assert _judged("Correct Horse Battery Staple") == Breached(times=None)


def test_a_list_is_asked_for_the_normalised_password() -> None:
    listed = Listed(answer=NotSeen(), asked=[])
    assert PasswordJudge(breached=[listed]).judge("ｑuietly harbour marmalade") == Accepted()
    assert listed.asked == [GOOD]


def test_a_list_without_an_answer_is_told_apart_from_one_that_knows_nothing() -> None:
    silent = Listed(answer=NotChecked(reason="unreadable_file"), asked=[])
    knowing = Listed(answer=Breached(times=3), asked=[])
    assert PasswordJudge(breached=[silent]).judge(GOOD) == NotChecked(reason="unreadable_file")
    assert PasswordJudge(breached=[silent, knowing]).judge(GOOD) == Breached(times=3)
    assert isinstance(PasswordJudge(breached=[silent]).judge("x" * 20), TooEasy)


@pytest.mark.parametrize(
    "verdict",
    [
        Accepted(),
        NotChecked(reason="no_answer"),
        TooShort(shortest=15),
        TooLong(longest=256),
        Breached(times=2),
        TooEasy(score=1, hints=(Hint.DATES, Hint.ADD_WORDS)),
    ],
    ids=lambda verdict: str(verdict.code),
)
def test_no_verdict_can_be_taken_for_a_yes(verdict: Verdict) -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(verdict)
    assert in_english(verdict).endswith(".")


@pytest.mark.parametrize("hint", Hint)
def test_every_hint_has_its_sentence(hint: Hint) -> None:
    told = in_english(TooEasy(score=0, hints=(hint, Hint.ADD_WORDS)))
    assert told.startswith("This password is too easy to guess. ")
    assert (
        told.count(
            in_english(TooEasy(score=0, hints=(Hint.ADD_WORDS,))).removeprefix("This password is too easy to guess. ")
        )
        == 1
    )


@given(password=st.text(max_size=60), own_words=st.lists(st.text(max_size=20), max_size=4))
def test_there_is_a_verdict_on_every_text_and_it_holds_nothing_of_it(password: str, own_words: list[str]) -> None:
    verdict = _judged(password, *own_words)
    length = len(unicodedata.normalize("NFKC", password))
    assert isinstance(verdict, TooShort) == (length < 15)
    if length > 15:
        assert password not in repr(verdict)


def test_a_bounded_part_of_a_long_password_is_judged() -> None:
    easy = "a" * JUDGED_CHARACTERS
    assert strength_of(easy + GOOD + "z" * 1_000, []) == strength_of(easy, [])
    assert strength_of(GOOD + easy * 3, []).score == 4


def test_less_is_judged_of_a_text_whose_every_sign_could_stand_for_a_letter() -> None:
    many, few = "4@8({[<3691!|0$5+7%2", "Gq#wv&zr=Jk^dnB;mhfy"
    assert strength_of(f"{many}password", []) == strength_of(many, [])
    assert strength_of(f"{few}password", []) != strength_of(few, [])


@pytest.mark.parametrize("password", [GOOD, "x" * 20, "short", "passwordpassword", "x" * 300, "\ud800" * 20])
async def test_the_asynchronous_judge_says_the_same(password: str) -> None:
    assert await AsyncPasswordJudge().judge(password, ["Ann"]) == PasswordJudge().judge(password, ["Ann"])
