"""The policy that a fresh installation runs under, loaded once: checking its rules takes longer than most tests."""

from functools import cache
from importlib.resources import files
from typing import Final

from watchword.risk.policy import Environment, Policy, load_policy, new_environment

NAME: Final = "default_policy.toml"


def text_of_the_default_policy() -> str:
    return (files("watchword.config") / NAME).read_text()


@cache
def environment() -> Environment:
    """Give the environment of the rule language, made once."""
    return new_environment()


@cache
def default_policy(*action_types: str) -> Policy:
    """Give the policy, loaded once for each set of declared types."""
    return load_policy(
        text_of_the_default_policy(), source_name=NAME, action_types=action_types, environment=environment()
    )
