"""Advisory locks for rules that no row lock can keep; held until the transaction ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum

from django.db import connection

# Our own half of the key space, so that no other part of the program takes the same lock by chance.
SPACE = 0x43524D


class Subject(IntEnum):
    """What is locked as a whole."""

    COMPANY_HIERARCHY = 1
    TAGS = 2
    SERVICE_LEVELS = 3
    # Shared by who writes events, exclusive for who drops months of them.
    EVENT_MONTHS = 41
    NEW_EVENT_MONTHS = 42
    CUSTOM_FIELDS = 20
    CUSTOM_INDEXES = 21
    RETENTION = 14
    RETENTION_REQUEST = 15
    REFERRALS = 43
    DUPLICATE_SCAN = 16
    DUPLICATE_SCAN_REQUEST = 17


def exclusively(subject: Subject) -> None:
    """Wait until nobody else holds the lock in either way."""
    _take("pg_advisory_xact_lock", subject)


def shared(subject: Subject) -> None:
    """Wait until nobody holds the lock exclusively."""
    _take("pg_advisory_xact_lock_shared", subject)


@contextmanager
def held(subject: Subject) -> Iterator[bool]:
    """Hold the lock beyond transactions, for as long as the process lives; False where another has it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [SPACE, int(subject)])
        taken = bool(cursor.fetchone()[0])
    try:
        yield taken
    finally:
        if taken and connection.connection is not None and not connection.connection.closed:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [SPACE, int(subject)])


def _take(function: str, subject: Subject) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [SPACE, int(subject)])
