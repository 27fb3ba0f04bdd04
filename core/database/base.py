"""The database engine of the settings: a pooled connection is looked at before use, not asked with a query."""

from __future__ import annotations

import select
from typing import Any

from django.db.backends.postgresql import base
from psycopg import Connection
from psycopg_pool import ConnectionPool


def check_open(connection: Connection[Any]) -> None:
    """Raise OperationalError where the server has hung up. A healthy idle connection has nothing to say to us."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    if poll.poll(0):
        ConnectionPool.check_connection(connection)


class DatabaseWrapper(base.DatabaseWrapper):
    """Django's, with that check in place of a round trip per request."""

    @property
    def pool(self) -> Any:
        """The pool of this process."""
        pool = super().pool
        if pool is not None and pool._check is not None:
            pool._check = check_open
        return pool
