"""Giving back the memory of arrays: glibc keeps what is below its threshold, which many large arrays raise."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache


@cache
def _trim() -> Callable[[int], int] | None:
    """glibc's malloc_trim; None with another C library."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)


def give_back() -> None:
    """Return freed memory to the operating system, where the C library can."""
    trim = _trim()
    if trim is not None:
        trim(0)
