"""Counting the queries of a call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

# What only keeps transactions apart. Whether a test has one open around everything changes their number.
_APART = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT", "SET CONSTRAINTS", "BEGIN", "COMMIT")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements that were sent, as they were written."""
    sent: list[str] = []

    def note(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = sql if isinstance(sql, str) else str(sql)
        if not text.startswith(_APART):
            sent.append(text)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield sent
