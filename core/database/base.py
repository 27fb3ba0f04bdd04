"""The database engine of the settings: a pooled connection is looked at before use, not asked with a query."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base, operations
from psycopg import Connection
from psycopg_pool import ConnectionPool

from core.database.cursors import PreparedCursor


def check_open(connection: Connection[Any]) -> None:
    """Raise OperationalError where the server has hung up. A healthy idle connection has nothing to say to us."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, which can also tell what a prepared statement was."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        if isinstance(cursor, PreparedCursor):
            return str(self.compose_sql(sql, params))
        return super().last_executed_query(cursor, sql, params)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with that check in place of a round trip per request."""

    ops_class = DatabaseOperations

    @property
    def pool(self) -> Any:
        """The pool of this process."""
        pool = super().pool
        if pool is not None and pool._check is not None:
            pool._check = check_open
        return pool
