"""The rounds of the measurement: who plays in which setting, each a piece of work of its own for some process."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from bench.risk.audit import Samples, draw_samples
from bench.risk.calibration import Calibrated, calibrated
from bench.risk.contest import Scores, Setting, play, play_live
from bench.risk.contestant import Contestant
from bench.risk.freeman import FREEMAN, Freeman
from bench.risk.live_attacks import with_live_attacks
from bench.risk.material import Made, Material
from bench.risk.plain_models import DIRICHLET, EXACT_ADDRESS, NEW_DEVICE, Dirichlet, ExactAddress, NewDevice
from bench.risk.watchword_model import WATCHWORD, WatchwordModel

PLAIN: Final = Setting(has_tokens=False)
TOKENS: Final = Setting(has_tokens=True)


def label(name: str, setting: Setting) -> str:
    """Return what a contestant in a setting is called."""
    return f"{name} + token" if setting.has_tokens else name


OURS: Final = label(WATCHWORD, PLAIN)
OURS_TOKEN: Final = label(WATCHWORD, TOKENS)
BASELINES: Final = (FREEMAN, DIRICHLET, NEW_DEVICE, EXACT_ADDRESS)
"""What competes without tokens."""
TOKEN_BASELINES: Final = (FREEMAN, DIRICHLET, label(NEW_DEVICE, TOKENS), EXACT_ADDRESS)
"""What competes with tokens; only the rule about devices looks at them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One contestant in one setting."""

    setting: Setting
    contestant: str
    """Whom ``enter`` makes; a name, because work is handed to other processes."""

    def played(self, material: Material) -> Scores:
        """Return its scores on a stream, named by contestant and setting."""
        contestant = enter(self.contestant)
        scores = play(contestant, material.happenings, material.attacks, self.setting, material.split)
        return _renamed(scores, self.setting)


_ENTRANTS: Final[Mapping[str, Callable[[], Contestant]]] = {
    FREEMAN: Freeman,
    DIRICHLET: Dirichlet,
    NEW_DEVICE: NewDevice,
    EXACT_ADDRESS: ExactAddress,
    WATCHWORD: WatchwordModel,
    "Watchword taken apart": lambda: WatchwordModel(is_taken_apart=True),
}


def enter(contestant: str) -> Contestant:
    """Return a contestant that has seen nothing yet."""
    return _ENTRANTS[contestant]()


_PLAIN_ROUNDS: Final = (
    *(Round(setting=PLAIN, contestant=name) for name in BASELINES),
    Round(setting=TOKENS, contestant=NEW_DEVICE),
)
ROUNDS: Final = (
    Round(setting=PLAIN, contestant="Watchword taken apart"),
    Round(setting=TOKENS, contestant="Watchword taken apart"),
    *_PLAIN_ROUNDS,
)
REALISTIC_ROUNDS: Final = (
    Round(setting=PLAIN, contestant=WATCHWORD),
    Round(setting=TOKENS, contestant=WATCHWORD),
    *_PLAIN_ROUNDS,
)
FILE_ROUNDS: Final = (
    Round(setting=PLAIN, contestant="Watchword taken apart"),
    *(Round(setting=PLAIN, contestant=name) for name in BASELINES),
)
"""For a file, which knows neither tokens nor lists."""
LIVE_ROUNDS: Final = (
    Round(setting=PLAIN, contestant=WATCHWORD),
    Round(setting=TOKENS, contestant=WATCHWORD),
    Round(setting=PLAIN, contestant=FREEMAN),
    Round(setting=PLAIN, contestant=DIRICHLET),
)
"""Rules are not among them: they have no threshold that could be set to a share of challenges."""


def play_made(made: Made, one: Round) -> Scores:
    """Play a round on made traffic; called in a process of its own."""
    return one.played(made.material())


def play_made_live(made: Made, one: Round, threshold: float, poisoners: int) -> Scores:
    """Play a round against attackers who really act."""
    material = made.material()
    stream = with_live_attacks(material.happenings, material.donors, Random(made.seed + 2), poisoners=poisoners)
    return _renamed(play_live(enter(one.contestant), stream, one.setting, threshold), one.setting)


def inspect_made(made: Made) -> tuple[list[Calibrated], Samples]:
    """Return what made traffic is like, and what the audit compares."""
    material = made.material()
    samples = draw_samples(material.happenings, material.attacks, material.donors, Random(made.seed + 3))
    return list(calibrated(material.happenings)), samples


def _renamed(scores: Scores, setting: Setting) -> Scores:
    return Scores(
        names=tuple(label(name, setting) for name in scores.names),
        score=scores.score,
        user=scores.user,
        day=scores.day,
        depth=scores.depth,
        attack=scores.attack,
    )
