"""Connections beside Django's, for what must not happen in a transaction, and locks that live as long as they do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connections

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def alone(space: int, key: int) -> Iterator[Connection | None]:
    """A connection in autocommit that holds an advisory lock; None where another process holds it.

    The server lets go of the lock when the connection ends, however the process does: what is still at work on the
    server after a kill keeps it until it is over.
    """
    parameters = connections["default"].get_connection_params()
    for name in ("pool", "context", "cursor_factory", "server_side_binding"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as connection:
        row = connection.execute("SELECT pg_try_advisory_lock(%s, %s)", [space, key]).fetchone()
        yield connection if row and row[0] else None
