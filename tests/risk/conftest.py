"""Gives the tests of the risk layer the environment of the rule language, made once, and the default policy."""

import pytest

from tests.kit.default_policy import default_policy as the_default_policy
from tests.kit.default_policy import environment as the_environment
from watchword.risk.policy import Environment, Policy


@pytest.fixture(scope="session")
def environment() -> Environment:
    return the_environment()


@pytest.fixture(scope="session")
def default_policy() -> Policy:
    return the_default_policy()
