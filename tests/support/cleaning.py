"""What a test committed is taken back: the tables that it changed, and no other, are as the migrations left them.

Django's own way, TRUNCATE of every table and the making of all permissions and roles anew, takes longer than most
tests do.
"""

from __future__ import annotations

from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

Rows = dict[str, list[bytes]]

TABLES = """
    SELECT relname FROM pg_class
    WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
    ORDER BY relname
"""
# Partitions are read through their table; the rows of others by its name, which leaves out generated columns.
_PARTITIONED = "SELECT relname FROM pg_class WHERE relkind = 'p'"
_COPY = {True: sql.SQL("COPY (SELECT * FROM {}) TO STDOUT"), False: sql.SQL("COPY {} TO STDOUT")}


def clean_after_tests_that_commit() -> None:
    """Have this worker's database put back as it is now after every `transaction=True` test."""
    migrated = _rows(_filled())

    def put_back(_test: TransactionTestCase) -> None:
        _put_back(migrated)

    TransactionTestCase._fixture_teardown = put_back  # type: ignore[attr-defined]


def _put_back(migrated: Rows) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        changed = set(_filled()) - set(migrated)
        changed |= {name for name, rows in _rows(list(migrated)).items() if rows != migrated[name]}
        # No history of the cleaning, and no refusal of it either.
        for name in sorted(changed):
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name)))
        for name in sorted(changed):
            cursor.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(name)))
        for name in sorted(changed & set(migrated)):
            with cursor.copy(sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(name))) as copy:
                for row in migrated[name]:
                    copy.write(row)
        # A table with checks still to be done cannot be altered.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in sorted(changed):
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(name)))


def _filled() -> list[str]:
    """Return the tables that have rows."""
    with connection.cursor() as cursor:
        cursor.execute(TABLES)
        one = sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})")
        each = [one.format(sql.Literal(name), sql.Identifier(name)) for (name,) in cursor.fetchall()]
        cursor.execute(sql.SQL(" UNION ALL ").join(each))
        return [name for (name,) in cursor.fetchall()]


def _rows(tables: list[str]) -> Rows:
    """Return what the tables hold, in whatever order they hold it."""
    found: Rows = {}
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONED)
        partitioned = {name for (name,) in cursor.fetchall()}
        for name in tables:
            with cursor.copy(_COPY[name in partitioned].format(sql.Identifier(name))) as copy:
                found[name] = sorted(bytes(row) for row in copy)
    return found
