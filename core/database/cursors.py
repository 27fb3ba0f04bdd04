"""Cursors for the few statements that run all the time: the server parses and plans each once per connection."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.utils import CursorWrapper


class PreparedCursor(psycopg.Cursor[Any]):
    """Binds on the server and prepares at the first use; not where the settings leave out `prepare_threshold`."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> PreparedCursor:
        super().execute(query, params, **({"prepare": True} | options))
        return self


def wrapper() -> Any:
    """This thread's connection itself: the proxy that Django names `connection` looks it up at every attribute."""
    return connections[DEFAULT_DB_ALIAS]


def prepared_cursor() -> CursorWrapper:
    """A cursor on Django's connection, in its transaction and seen by its query counts."""
    connection = wrapper()
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor: CursorWrapper = connection._prepare_cursor(PreparedCursor(connection.connection))
    return cursor
