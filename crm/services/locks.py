"""Advisory locks for rules that no row lock can keep; held until the transaction ends."""

from __future__ import annotations

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


def exclusively(subject: Subject) -> None:
    """Wait until nobody else holds the lock in either way."""
    _take("pg_advisory_xact_lock", subject)


def shared(subject: Subject) -> None:
    """Wait until nobody holds the lock exclusively."""
    _take("pg_advisory_xact_lock_shared", subject)


def _take(function: str, subject: Subject) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s, %s)", [SPACE, int(subject)])
