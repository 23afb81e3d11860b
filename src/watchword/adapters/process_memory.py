"""The memory of this process, as the interpreter looks after it."""

import gc


def settle_memory() -> None:
    """Put aside what the start has made, which stays to the end.

    Afterwards the collector looks at new things only. A look at all of it would hold up every request: with the hundred
    thousand objects of a served shop 70 ms, measured, and less than one without them.
    """
    gc.collect()
    gc.freeze()
