"""A real demo, a real Chromium, and the four ways in which a customer may sit before it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from tests.demo.real_demo import RealDemo, running_demo
from tests.plays.customer import PATIENCE_MS, Cast, Situation

DESK: Final = Situation(name="desktop", width=1280, height=800, scripts=True)
SITUATIONS: Final = (
    DESK,
    Situation(name="phone-plain", width=390, height=844, scripts=False),
    Situation(name="desktop-plain", width=1280, height=800, scripts=False),
    Situation(name="phone", width=390, height=844, scripts=True),
)
EACH_TIME: Final = 2
"""The first two differ in everything: each play is played in one of them each time, and in all four by `make plays`."""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Have every play played in all four ways, and mark the three that `make plays` adds."""
    if "cast" in metafunc.fixturenames:
        chosen = crc32(metafunc.function.__name__.encode()) % EACH_TIME
        ways = [
            pytest.param(one, id=one.name, marks=() if number == chosen else pytest.mark.crossed)
            for number, one in enumerate(SITUATIONS)
        ]
        metafunc.parametrize("cast", ways, indirect=True)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealDemo]:
    """Run ``watchword demo`` once for each worker: every play makes up customers of its own."""
    with running_demo(tmp_path_factory.mktemp("demo") / "data") as running:
        yield running


@pytest.fixture(scope="module")
def chromium_window(chromium: str) -> Iterator[Browser]:
    """Start Chromium once for each file."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        yield browser
        browser.close()


@pytest.fixture
def cast(request: pytest.FixtureRequest, demo: RealDemo, chromium_window: Browser) -> Iterator[Cast]:
    """Let customers come in, in each of the four ways."""
    yield from _play(request, demo, chromium_window, request.param)


@pytest.fixture
def desktop(request: pytest.FixtureRequest, demo: RealDemo, chromium_window: Browser) -> Iterator[Cast]:
    """Let customers come in one way only: for what takes its time and shows the same in all of them."""
    yield from _play(request, demo, chromium_window, DESK)


def _play(request: pytest.FixtureRequest, demo: RealDemo, window: Browser, situation: Situation) -> Iterator[Cast]:
    """Play; what a browser complains about fails the play."""
    folder = Path("build/screenshots/plays") / request.node.originalname.removeprefix("test_")
    cast = Cast(demo=demo, browser=window, situation=situation, pictures=folder)
    yield cast
    cast.leave()
    assert cast.complaints == []
