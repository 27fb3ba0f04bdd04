"""Cursors for the few statements that run all the time: the server parses and plans each once per connection."""

from __future__ import annotations

from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper


class PreparedCursor(psycopg.Cursor[Any]):
    """Binds on the server and prepares at the first use; not where the settings leave out `prepare_threshold`."""

    def execute(self, query: Any, params: Any = None, **options: Any) -> PreparedCursor:
        super().execute(query, params, **({"prepare": True} | options))
        return self


def prepared_cursor() -> CursorWrapper:
    """A cursor on Django's connection, in its transaction and seen by its query counts."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    wrapper: Any = connection
    with wrapper.wrap_database_errors:
        cursor: CursorWrapper = wrapper._prepare_cursor(PreparedCursor(wrapper.connection))
    return cursor
