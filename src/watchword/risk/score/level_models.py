"""The constants of the model, level by level, each with where it comes from."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelModel:
    """The constants of one level."""

    novelty: float
    """Share of new values among legitimate actions of users with a history, where the level above is known."""
    tail: float
    """Share of legitimate new values that the application never saw, before it learned its own."""
    spread: float
    """One over how many such values there may be."""
    at_home: float
    """What others show: as the users of the same country do,"""
    anywhere: float
    """as all users do,"""
    uniform: float
    """any value at all,"""
    copied: float
    """or one of the values that this user is remembered by, each as likely. So somebody who was let in once gains
    little by it: for the user himself that value stays a rare one."""
    counted: float
    """How much counts of what a seen value says. A fifth for what a user agent says: it is copied without effort, and
    with all of it, 54 instead of 83 of 100 takeovers from abroad were caught at 1 % challenged (seed 101)."""
    seen_least: float
    """Bounds in nats, so that no level decides alone. All bounds were chosen on the traffic of seeds 100 and 101 of
    ``bench/risk`` and looked at on 102. The shares of new values follow from those published of the RBA data set (doi
    10.1145/3546069); the mixtures of what others show are judgements made before there was traffic to measure."""
    seen_most: float
    novel_least: float
    novel_most: float


MODELS: Final = (
    LevelModel(  # COUNTRY
        novelty=0.01,
        tail=0.1,
        spread=1 / 200,
        at_home=0.0,
        anywhere=0.5,
        uniform=0.5,
        copied=0.05,
        counted=1.0,
        seen_least=-1.0,
        seen_most=0.3,
        novel_least=1.5,
        novel_most=4.5,
    ),
    LevelModel(  # NETWORK
        novelty=0.09,
        tail=0.1,
        spread=1 / 10_000,
        at_home=0.45,
        anywhere=0.3,
        uniform=0.25,
        copied=0.05,
        counted=1.0,
        seen_least=-1.8,
        seen_most=0.1,
        novel_least=0.6,
        novel_most=4.6,
    ),
    LevelModel(  # ADDRESS
        novelty=0.35,
        tail=1.0,
        spread=1.0,
        at_home=0.0,
        anywhere=0.0,
        uniform=1.0,
        copied=0.02,
        counted=1.0,
        seen_least=-4.5,
        seen_most=-0.5,
        novel_least=0.2,
        novel_most=3.0,
    ),
    LevelModel(  # KIND
        novelty=0.06,
        tail=0.01,
        spread=1 / 5,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.1,
        novel_least=0.5,
        novel_most=5.0,
    ),
    LevelModel(  # SYSTEM
        novelty=0.1,
        tail=0.02,
        spread=1 / 50,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.1,
        novel_least=0.4,
        novel_most=2.5,
    ),
    LevelModel(  # BROWSER
        novelty=0.1,
        tail=0.03,
        spread=1 / 100,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.1,
        novel_least=0.3,
        novel_most=2.5,
    ),
    LevelModel(  # AGENT
        novelty=0.35,
        tail=0.1,
        spread=1 / 2_000,
        at_home=0.0,
        anywhere=0.9,
        uniform=0.1,
        copied=0.1,
        counted=0.2,
        seen_least=-0.5,
        seen_most=0.0,
        novel_least=0.1,
        novel_most=1.8,
    ),
)
"""By ``Level``."""
