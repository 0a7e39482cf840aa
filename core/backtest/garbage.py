"""Python's cyclic collector, kept out of the way of a long run: the journal only grows, and none of it is garbage."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_RARE = (5_000_000, 50, 1000)  # net allocations between two young collections


@contextmanager
def no_collections() -> Iterator[None]:
    """Collect nothing meanwhile: what is made is kept, and none of it is garbage; afterwards all is as before."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@contextmanager
def rare_collections() -> Iterator[None]:
    """Leave what exists out of collections, and collect what comes seldom; afterwards all is as before."""
    thresholds = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_RARE)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
        gc.unfreeze()
