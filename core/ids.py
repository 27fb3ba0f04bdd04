"""Identifiers of records: UUID version 7 (RFC 9562), so that the primary key is also the order of creation."""

from __future__ import annotations

import os
import threading
import time
from uuid import UUID, SafeUUID

_MILLISECOND = 1_000_000
_RANDOM = (1 << 62) - 1
# Random numbers are drawn so many at a time: each call of the system lets another thread go first.
_DRAWN = 512


class _Source:
    """The process's clock of ids, and its store of random numbers."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._drawn: list[int] = []

    def next(self, count: int) -> tuple[int, list[int]]:
        """The first of so many moments, in 4096ths of a millisecond, and a number of 62 bits for each."""
        whole, rest = divmod(time.time_ns(), _MILLISECOND)
        moment = whole << 12 | (rest << 12) // _MILLISECOND
        with self._lock:
            moment = max(moment, self._last + 1)
            self._last = moment + count - 1
            while len(self._drawn) < count:
                raw = os.urandom(8 * _DRAWN)
                self._drawn += [int.from_bytes(raw[at : at + 8], "big") & _RANDOM for at in range(0, len(raw), 8)]
            left = len(self._drawn) - count
            chances = self._drawn[left:]
            del self._drawn[left:]
        return moment, chances

    def forked(self) -> None:
        """A child makes other numbers than its parent, and waits for none of its threads."""
        self._lock = threading.Lock()
        self._drawn = []


_source = _Source()
os.register_at_fork(after_in_child=_source.forked)


def new_id() -> UUID:
    """A new UUIDv7; ids made later in one process compare greater.

    The clock counts 4096ths of a millisecond (section 6.2, method 3): many ids made at once do not run ahead of it,
    and so of the ids that other processes make meanwhile.
    """
    moment, (chance,) = _source.next(1)
    return _uuid((moment >> 12) << 80 | 0x7 << 76 | (moment & 0xFFF) << 64 | 0b10 << 62 | chance)


def new_ids(count: int) -> list[UUID]:
    """So many new ids in their order: half of the work of making them one by one."""
    first, chances = _source.next(count)
    return [
        _uuid((moment >> 12) << 80 | 0x7 << 76 | (moment & 0xFFF) << 64 | 0b10 << 62 | chance)
        for moment, chance in enumerate(chances, first)
    ]


def _uuid(number: int) -> UUID:
    """`UUID(int=number)` without looking at what else could have been given: half of the work of a new id."""
    made = object.__new__(UUID)
    _set(made, "int", number)
    _set(made, "is_safe", SafeUUID.unknown)
    return made


_set = object.__setattr__
