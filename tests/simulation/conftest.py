"""Gives the simulation its length: more steps with ``--simulation-steps``."""

import pytest


@pytest.fixture(scope="session")
def steps(pytestconfig: pytest.Config) -> int:
    """How many steps each seed lives."""
    return int(pytestconfig.getoption("--simulation-steps"))
