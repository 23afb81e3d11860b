"""What the start has made is put aside: the collector looks at it no more, and what comes later is still collected."""

import gc
import weakref
from collections.abc import Iterator

import pytest

from watchword.adapters.process_memory import settle_memory


class _Ring:
    """Holds itself, so that only the collector can end it."""

    def __init__(self) -> None:
        self.own = self


@pytest.fixture(autouse=True)
def _own_collector() -> Iterator[None]:
    threshold = gc.get_threshold()
    yield
    gc.unfreeze()
    gc.set_threshold(*threshold)


def test_what_is_there_is_put_aside_and_what_comes_is_collected() -> None:
    kept = _Ring()
    settle_memory()
    assert not any(one is kept for one in gc.get_objects())
    came = weakref.ref(_Ring())
    gc.collect()
    assert came() is None


def test_the_collector_still_looks_by_itself() -> None:
    settle_memory()
    came = weakref.ref(_Ring())
    kept = [[number] for number in range(50_000)]
    assert came() is None
    assert kept
