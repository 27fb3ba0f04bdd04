"""The pool hands out no connection that the server has closed, and asks nothing of a healthy one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg_pool import ConnectionPool

from core.database.base import check_open


@pytest.fixture
def pool() -> Iterator[ConnectionPool[Any]]:
    with ConnectionPool(os.environ["DATABASE_URL"], min_size=1, max_size=1, check=check_open, timeout=20) as pool:
        pool.wait()
        yield pool


def _pid(connection: psycopg.Connection[Any]) -> int:
    return connection.info.backend_pid


def test_a_healthy_connection_is_handed_out_again(pool: ConnectionPool[Any]) -> None:
    with pool.connection() as connection:
        first = _pid(connection)
        connection.execute("SELECT 1")
    with pool.connection() as connection:
        assert _pid(connection) == first


def test_a_closed_connection_is_replaced(pool: ConnectionPool[Any]) -> None:
    with pool.connection() as connection:
        first = _pid(connection)
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [first])
    with pool.connection() as connection:
        assert _pid(connection) != first
        assert connection.execute("SELECT 1").fetchone() == (1,)
