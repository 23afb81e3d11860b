"""The order of the contest: rated before learned, attackers never learned, and what a setting hides."""

import numpy as np

from bench.risk.contest import Setting, Split, play, play_live, together
from bench.risk.happenings import Happening
from tests.bench.streams import DESK, HOME, at, sign_in

ALL = Setting(has_tokens=True)
SPLIT = Split(rated_from=2, validation_from=3, test_from=4)


class Diary:
    """A contestant that writes down what it is asked and told; its score is the day."""

    def __init__(self) -> None:
        self.names = ("diary",)
        self.entries: list[tuple[str, Happening]] = []

    def score(self, happening: Happening) -> tuple[float, ...]:
        self.entries.append(("asked", happening))
        return (float(happening.place.address),)

    def learn(self, happening: Happening) -> None:
        self.entries.append(("told", happening))


def test_a_sign_in_is_rated_before_it_is_learned_and_not_at_all_in_the_warm_up() -> None:
    diary, stream = Diary(), [sign_in(0), sign_in(1), sign_in(2)]
    scores = play(diary, stream, {}, ALL, SPLIT)
    assert [what for what, _ in diary.entries] == ["told", "told", "asked", "told"]
    assert (scores.day.tolist(), scores.depth.tolist(), scores.attack.tolist()) == ([2], [2], [""])


def test_an_attacker_is_rated_in_the_state_of_his_victim_and_never_learned() -> None:
    diary, stream = Diary(), [sign_in(0), sign_in(2), sign_in(3)]
    attacker = sign_in(2, place=at(address=5), attack="naive")
    scores = play(diary, stream, {1: [attacker]}, ALL, SPLIT)
    assert [one for what, one in diary.entries if what == "told"] == stream
    assert [one for what, one in diary.entries[1:4] if what == "asked"] == [stream[1], attacker]
    chosen = scores.attack == "naive"
    assert (scores.depth[chosen].tolist(), scores.of("diary")[chosen].tolist()) == ([1], [5.0])


def test_a_takeover_of_the_stream_itself_is_rated_and_never_learned() -> None:
    takeover = sign_in(3, attack="real takeover")
    diary = Diary()
    scores = play(diary, [sign_in(0), takeover], {}, ALL, SPLIT)
    assert ("told", takeover) not in diary.entries
    assert scores.attack.tolist() == ["real takeover"]


def test_a_failed_attempt_is_told_and_not_rated() -> None:
    failed = sign_in(3, is_successful=False, attack="guess")
    diary = Diary()
    assert len(play(diary, [sign_in(0), failed], {}, ALL, SPLIT).score) == 0
    assert diary.entries[-1] == ("told", failed)


def test_a_setting_hides_tokens_from_everything() -> None:
    assert ALL.seen(sign_in(has_token=True)) == sign_in(has_token=True)
    assert Setting(has_tokens=False).seen(sign_in(has_token=True)) == sign_in(has_token=False)


def test_a_place_can_be_seen_as_if_no_list_named_it() -> None:
    named = at(is_hosting=True, is_vpn=True, is_tor=True, is_listed=True)
    assert named.is_named
    assert not HOME.is_named
    assert named.unnamed() == HOME


def test_who_really_acts_is_learned_only_where_he_goes_through() -> None:
    stream = [
        sign_in(0),
        sign_in(1, place=at(address=9), attack="poisoner 1"),
        sign_in(2, place=at(address=3), attack="poisoner 2"),
        sign_in(3, agent=DESK),
    ]
    diary = Diary()
    scores = play_live(diary, stream, ALL, threshold=5.0)
    assert [one for what, one in diary.entries if what == "told"] == [stream[0], stream[2], stream[3]]
    assert scores.attack.tolist() == ["poisoner 1", "poisoner 2"]


def test_users_of_several_streams_stay_apart() -> None:
    one = play(Diary(), [sign_in(0), sign_in(2)], {}, ALL, SPLIT)
    both = together([one, one])
    assert len(np.unique(both.user)) == 2
