"""Doing the next piece of work in another thread while the present one is dealt with."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

T = TypeVar("T")
READY = 2


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


_END = object()


class _Ahead(Generic[T]):
    """The thread and what it has made."""

    def __init__(self, items: Iterator[T]) -> None:
        self._items = items
        self._ready: queue.Queue[object] = queue.Queue(READY)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work, name="import-reader", daemon=True)
        self._thread.start()

    def taken(self) -> Iterator[T]:
        while (item := self._ready.get()) is not _END:
            if isinstance(item, _Failed):
                raise item.error
            yield item  # type: ignore[misc]

    def end(self) -> None:
        self._stop.set()
        self._thread.join()
        # Now, while what the items are read from is open.
        if isinstance(self._items, Generator):
            self._items.close()

    def _work(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    return
            self._put(_END)
        except BaseException as error:
            self._put(_Failed(error))

    def _put(self, item: object) -> bool:
        while not self._stop.is_set():
            try:
                self._ready.put(item, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False


@contextmanager
def ahead(items: Iterator[T]) -> Generator[Iterator[T], None, None]:
    """The items, made a few ahead by a thread that asks no database; it ends with the block, whatever happens."""
    machine = _Ahead(items)
    try:
        yield machine.taken()
    finally:
        machine.end()
