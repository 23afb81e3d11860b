"""What the start has made is put aside: the collector looks at it no more, and what comes later is still collected."""

import gc
import weakref

from watchword.adapters.process_memory import settle_memory


class _Ring:
    """Holds itself, so that only the collector can end it."""

    def __init__(self) -> None:
        self.own = self


def test_what_is_there_is_put_aside_and_what_comes_is_collected() -> None:
    try:
        kept = _Ring()
        settle_memory()
        assert not any(one is kept for one in gc.get_objects())
        came = weakref.ref(_Ring())
        gc.collect()
        assert came() is None
    finally:
        gc.unfreeze()
