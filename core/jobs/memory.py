"""How memory is given back while many short-lived objects are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

# Objects made and not yet freed, after which cycles among them are looked for; Python's own 700 are rows at work.
YOUNG = 100_000


@contextmanager
def rarely_collected() -> Iterator[None]:
    """For work on thousands of records at a time: they are freed without the collector, which looks at them in vain."""
    before = gc.get_threshold()
    # What the program itself consists of is not looked through again and again.
    gc.freeze()
    gc.set_threshold(YOUNG, *before[1:])
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()
