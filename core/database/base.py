"""The database engine of the settings: a kept connection is looked at before use, not asked with a query."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base, operations
from psycopg import Connection, OperationalError
from psycopg_pool import ConnectionPool

from core.database.cursors import PreparedCursor


def is_quiet(connection: Connection[Any]) -> bool:
    """Whether nothing has come from the server: a healthy idle connection has nothing to say, a closed one has."""
    poll = select.poll()
    try:
        poll.register(connection.fileno(), select.POLLIN)
    except OperationalError:
        return False
    return not poll.poll(0)


def check_open(connection: Connection[Any]) -> None:
    """The pool's check: raise OperationalError where the server has hung up."""
    if not is_quiet(connection):
        ConnectionPool.check_connection(connection)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, which can also tell what a prepared statement was."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        if isinstance(cursor, PreparedCursor):
            return str(self.compose_sql(sql, params))
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with that look in place of a round trip per request."""

    ops_class = DatabaseOperations

    def is_usable(self) -> bool:
        """Whether the kept connection of this thread still stands."""
        if self.connection is not None and is_quiet(self.connection):
            return True
        return super().is_usable()

    @property
    def pool(self) -> Any:
        """The pool of this process, where the settings have one."""
        pool = super().pool
        if pool is not None and pool._check is not None:
            pool._check = check_open
        return pool
