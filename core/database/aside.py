"""A connection beside Django's: for what must be committed by itself, or be seen as of another moment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

Connection = psycopg.Connection[tuple[Any, ...]]


@contextmanager
def own_connection() -> Iterator[Connection]:
    """A connection of its own to the same database, in autocommit."""
    parameters = connections[DEFAULT_DB_ALIAS].get_connection_params()
    for name in ("pool", "context", "cursor_factory", "server_side_binding"):
        parameters.pop(name, None)
    with psycopg.connect(**parameters, autocommit=True) as connection:
        yield connection
