"""Gives the tests of the risk layer the environment of the rule language, made once, and the default policy."""

import pytest

from tests.risk.samples import DEFAULT_POLICY
from watchword.risk.policy import Environment, Policy, load_policy, new_environment


@pytest.fixture(scope="session")
def environment() -> Environment:
    return new_environment()


@pytest.fixture(scope="session")
def default_policy(environment: Environment) -> Policy:
    return load_policy(
        DEFAULT_POLICY.read_text(), source_name="default_policy.toml", action_types=(), environment=environment
    )
