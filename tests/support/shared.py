"""Data shared by the tests of a module: made once, in a transaction that every test leaves as it found it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from pytest_django.plugin import DjangoDbBlocker

from core import clock
from tests.support.samples import AT


class _Undo(Exception):
    """Leaves a transaction."""


@contextmanager
def undone() -> Iterator[None]:
    """Whatever is written inside is gone afterwards; triggers and constraints that wait for the commit have run."""
    try:
        with transaction.atomic():
            yield
            connection.check_constraints()
            raise _Undo
    except _Undo:
        pass


@contextmanager
def shared_database(blocker: DjangoDbBlocker) -> Iterator[None]:
    """The worker's database for a whole module, as it was before once it ends."""
    with blocker.unblock(), undone():
        yield


@contextmanager
def stopped_clock() -> Iterator[None]:
    """The same moment for every call, so that answers can be compared with their moments."""
    running: Callable[[], Any] = clock.now
    clock.now = lambda: AT
    try:
        yield
    finally:
        clock.now = running


@contextmanager
def without_limits() -> Iterator[None]:
    """No limit of requests, which thousands of calls in a moment would run into."""
    before = settings.BIFOCAL_RATE_LIMIT
    settings.BIFOCAL_RATE_LIMIT = 0
    try:
        yield
    finally:
        settings.BIFOCAL_RATE_LIMIT = before
