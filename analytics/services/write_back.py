"""Storing what a computation found: by COPY into a temporary table, then only the rows that differ."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg import sql

from analytics.definitions import Definition

TABLE = sql.Identifier("analytics_contact_metrics")
KEY = "contact_id"
VALUES = (
    "recency_days", "frequency", "monetary", "other_currency_orders", "tenure_days", "first_order_at", "last_order_at",
    "average_order_value", "first_order_value", "first_order_band", "recency_quintile", "frequency_quintile",
    "monetary_quintile", "rfm_segment", "is_top20",
)  # fmt: skip
COLUMNS = (KEY, *VALUES)
_CHUNK = 1 << 20


def contact_metrics(*, source: Path, definition: Definition, as_of: datetime, at: datetime) -> int:
    """Make the table equal to the CSV file of COLUMNS; return how many rows were added, changed or removed.

    Call it in a transaction. Rows that are equal, made by the same definition, are left as they are.
    """
    stamp = {"as_of": as_of, "at": at, "version": definition.version, "window": definition.window}
    with connection.cursor() as cursor:
        _load(cursor, source)
        return sum(_count(cursor, statement, stamp) for statement in (_update(), _insert(), _delete()))


def _count(cursor: Any, statement: sql.Composed, stamp: dict[str, Any]) -> int:
    cursor.execute(statement, stamp)
    return int(cursor.rowcount)


def _load(cursor: Any, source: Path) -> None:
    columns = _names(COLUMNS)
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE incoming ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            columns, TABLE
        )
    )
    statement = sql.SQL("COPY incoming ({}) FROM STDIN (FORMAT csv)").format(columns)
    with cursor.copy(statement) as stream, source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            stream.write(chunk)
    cursor.execute("ANALYZE incoming")


def _names(names: tuple[str, ...], prefix: str = "") -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in names)


def _update() -> sql.Composed:
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("i", name)) for name in VALUES
    )
    return sql.SQL(
        "UPDATE {table} AS m SET {assignments}, as_of = %(as_of)s, computed_at = %(at)s, updated_at = %(at)s, "
        'definition_version = %(version)s, "window" = %(window)s, version = m.version + 1 '
        "FROM incoming AS i WHERE i.contact_id = m.contact_id AND "
        '(({old}, m.definition_version, m."window") IS DISTINCT FROM ({new}, %(version)s, %(window)s))'
    ).format(table=TABLE, assignments=assignments, old=_names(VALUES, "m"), new=_names(VALUES, "i"))


def _insert() -> sql.Composed:
    """A contact that was removed since the lake was synced gets no row; others cannot go before we commit."""
    return sql.SQL(
        "INSERT INTO {table} (id, {columns}, as_of, computed_at, created_at, updated_at, definition_version, "
        '"window", version) SELECT i.contact_id, {new}, %(as_of)s, %(at)s, %(at)s, %(at)s, %(version)s, %(window)s, 1 '
        "FROM incoming AS i JOIN crm_contact AS c ON c.id = i.contact_id "
        "WHERE NOT EXISTS (SELECT FROM {table} AS m WHERE m.contact_id = i.contact_id) "
        "ORDER BY i.contact_id FOR KEY SHARE OF c"
    ).format(table=TABLE, columns=_names(COLUMNS), new=_names(COLUMNS, "i"))


def _delete() -> sql.Composed:
    return sql.SQL(
        "DELETE FROM {table} AS m WHERE NOT EXISTS (SELECT FROM incoming AS i WHERE i.contact_id = m.contact_id)"
    ).format(table=TABLE)
