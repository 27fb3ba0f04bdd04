"""Cursors for the few statements that run all the time: the server parses and plans each once per connection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import psycopg
from django.db import DEFAULT_DB_ALIAS, connections

_KEPT = "_bifocal_cursor"


class PreparedCursor(psycopg.Cursor[Any]):
    """Binds on the server and prepares at the first use; not where the settings leave out `prepare_threshold`."""

    def execute(self, query: Any, params: Any = None, **_: Any) -> PreparedCursor:
        return super().execute(query, params, prepare=True)


def wrapper() -> Any:
    """This thread's connection itself: the proxy that Django names `connection` looks it up at every attribute."""
    return connections[DEFAULT_DB_ALIAS]


def run_prepared(query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """The rows of a statement, in Django's transaction and seen by its query counts; none where it gives none."""
    connection = wrapper()
    connection.close_if_health_check_failed()
    if connection.connection is None:
        connection.ensure_connection()
    cursor: Any = _cursor_of(connection.connection)
    if connection.queries_logged or connection.execute_wrappers:
        cursor = connection._prepare_cursor(cursor)
    # What Django's wrapper would do, without its layers: they take as long as the driver.
    connection.validate_no_broken_transaction()
    with connection.wrap_database_errors:
        cursor.execute(query, parameters)
        # The description would be built column by column, only to be asked whether it is there.
        return [] if cursor.rownumber is None else cast("list[tuple[Any, ...]]", cursor.fetchall())


def _cursor_of(connection: Any) -> PreparedCursor:
    """One cursor for all of a connection's prepared statements: each is fetched before the next is run."""
    found: PreparedCursor | None = getattr(connection, _KEPT, None)
    if found is None:
        found = PreparedCursor(connection)
        setattr(connection, _KEPT, found)
    return found
