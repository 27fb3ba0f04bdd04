"""Storing what a computation found in PostgreSQL: only the rows that differ from those stored before.

What was stored before is a file of the lake, so what differs is found there, and PostgreSQL only sees that.
Rows that something else has written since (an erasure, a person's hand) are noted by triggers and stored anew.
"""

# ruff: noqa: S608 - the SQL is made of names from declarations, never of input

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db import connection
from psycopg import sql

from analytics import steps
from analytics.engine.duck import quoted
from analytics.engine.session import Session
from analytics.lake import files
from analytics.models import StoredTable
from analytics.models.computed import STORING
from analytics.services.targets import CONTACT, Target

_CHUNK = 1 << 20


@dataclass(frozen=True)
class Difference:
    """CSV files of the rows to store, and of the keys of rows to remove; None: of all that is not among the rows."""

    rows: Path
    gone: Path | None


def store(target: Target, session: Session, *, as_of: datetime, at: datetime) -> int:
    """Make the table equal to what the session computed; return how many rows were added, changed or removed.

    Call it in a transaction, which alone makes it visible. Rows that are equal, made by the same definition, are left.
    """
    version = steps.version(target.step)
    stamp: dict[str, Any] = {"as_of": as_of, "at": at, "version": version, "window": steps.get(target.step).window}
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, 'on', true)", [STORING])
        others = _written_by_others(cursor, target)
        difference = _difference(target, session, version, others)
        _load(cursor, "incoming", target, target.columns, difference.rows)
        if difference.gone is not None:
            _load(cursor, "outgoing", target, target.key, difference.gone)
        stamp["others"] = others
        changed = sum(_count(cursor, statement, stamp) for statement in _statements(target, difference))
        cursor.execute("DROP TABLE IF EXISTS incoming, outgoing")
        cursor.execute("SELECT set_config(%s, 'off', true)", [STORING])
    path = session.results.path(target.step).relative_to(files.root()).as_posix()
    StoredTable.objects.update_or_create(table=target.table, defaults={"path": path, "version": version})
    return changed


def _count(cursor: Any, statement: sql.Composed, stamp: dict[str, Any]) -> int:
    cursor.execute(statement, stamp)
    return int(cursor.rowcount)


def _written_by_others(cursor: Any, target: Target) -> list[str]:
    """Take the notes of contacts whose rows are not as they were stored."""
    cursor.execute(
        'DELETE FROM analytics_stored_elsewise WHERE "table" = %s RETURNING contact_id::text', [target.table]
    )
    return sorted({contact for (contact,) in cursor.fetchall()})


def _difference(target: Target, session: Session, version: str, others: list[str]) -> Difference:
    """What must be written, as files in the session's scratch folder."""
    rows, gone = session.lake.scratch / "incoming.csv", session.lake.scratch / "outgoing.csv"
    before = StoredTable.objects.filter(table=target.table, version=version).first()
    old = files.root() / before.path if before else None
    columns = ", ".join(target.columns)
    if old is None or not old.exists():
        _write_csv(session, f"SELECT {columns} FROM {target.step} ORDER BY {', '.join(target.key)}", rows)
        return Difference(rows, None)
    session.duck.execute("CREATE OR REPLACE TEMPORARY TABLE others (contact_id VARCHAR)")
    if others:
        session.duck.executemany("INSERT INTO others VALUES (?)", [[each] for each in others])
    same_key = " AND ".join(f"o.{name} = n.{name}" for name in target.key)
    source = f"read_parquet({quoted(old)})"
    differs = [f"n.{name} IS DISTINCT FROM o.{name}" for name in target.values]
    by_others = f"{CONTACT} IN (SELECT contact_id FROM others)"
    any_of = " OR ".join([f"o.{CONTACT} IS NULL", f"n.{by_others}", *differs])
    listed = ", ".join(f"n.{name}" for name in target.columns)
    ordered = ", ".join(f"n.{name}" for name in target.key)
    _write_csv(
        session,
        f"SELECT {listed} FROM {target.step} AS n LEFT JOIN {source} AS o ON {same_key} WHERE {any_of} "
        f"ORDER BY {ordered}",
        rows,
    )
    keys = ", ".join(f"o.{name}" for name in target.key)
    _write_csv(
        session,
        f"SELECT {keys} FROM {source} AS o ANTI JOIN {target.step} AS n ON {same_key} ORDER BY {keys}",
        gone,
    )
    return Difference(rows, gone)


def _write_csv(session: Session, query: str, target: Path) -> None:
    session.duck.execute(f"COPY ({query}) TO {quoted(target)} (FORMAT csv, HEADER false, NULLSTR '')")


def _load(cursor: Any, name: str, target: Target, names: tuple[str, ...], source: Path) -> None:
    columns, table = _names(names), sql.Identifier(target.table)
    cursor.execute(
        sql.SQL("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
            sql.Identifier(name), columns, table
        )
    )
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(name), columns)
    with cursor.copy(statement) as stream, source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            stream.write(chunk)
    cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(name)))


def _names(names: Iterable[str], prefix: str = "") -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(prefix, name) if prefix else sql.Identifier(name) for name in names)


def _same_key(target: Target, other: str) -> sql.Composed:
    parts = (sql.SQL("{} = {}").format(sql.Identifier(other, k), sql.Identifier("m", k)) for k in target.key)
    return sql.SQL(" AND ").join(parts)


def _update(target: Target) -> sql.Composed:
    assignments = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Identifier("i", name)) for name in target.values
    )
    return sql.SQL(
        "UPDATE {table} AS m SET {assignments}, as_of = %(as_of)s, computed_at = %(at)s, updated_at = %(at)s, "
        'definition_version = %(version)s, "window" = %(window)s, version = m.version + 1 '
        "FROM incoming AS i WHERE {same_key} AND "
        '(({old}, m.definition_version, m."window") IS DISTINCT FROM ({new}, %(version)s, %(window)s))'
    ).format(
        table=sql.Identifier(target.table),
        assignments=assignments,
        same_key=_same_key(target, "i"),
        old=_names(target.values, "m"),
        new=_names(target.values, "i"),
    )


def _insert(target: Target) -> sql.Composed:
    """A contact that was removed since the lake was synced gets no row; others cannot go before we commit."""
    key = sql.SQL(" || '/' || ").join(sql.SQL("{}::text").format(sql.Identifier("i", name)) for name in target.key)
    own_id = sql.SQL("i.contact_id") if target.key == (CONTACT,) else sql.SQL("md5({})::uuid").format(key)
    return sql.SQL(
        "INSERT INTO {table} (id, {columns}, as_of, computed_at, created_at, updated_at, definition_version, "
        '"window", version) SELECT {own_id}, {new}, %(as_of)s, %(at)s, %(at)s, %(at)s, %(version)s, %(window)s, 1 '
        "FROM incoming AS i JOIN crm_contact AS c ON c.id = i.contact_id "
        "WHERE NOT EXISTS (SELECT FROM {table} AS m WHERE {same_key}) "
        "ORDER BY {order} FOR KEY SHARE OF c"
    ).format(
        table=sql.Identifier(target.table),
        columns=_names(target.columns),
        own_id=own_id,
        new=_names(target.columns, "i"),
        same_key=_same_key(target, "i"),
        order=_names(target.key, "i"),
    )


def _statements(target: Target, difference: Difference) -> tuple[sql.Composed, ...]:
    return (*_deletes(target, difference), _update(target), _insert(target))


def _deletes(target: Target, difference: Difference) -> Iterator[sql.Composed]:
    """Of rows that are no longer found; among all, where it is not known which were stored before."""
    table, same_key = sql.Identifier(target.table), _same_key(target, "i")
    missing = sql.SQL("NOT EXISTS (SELECT FROM incoming AS i WHERE {})").format(same_key)
    if difference.gone is None:
        yield sql.SQL("DELETE FROM {} AS m WHERE {}").format(table, missing)
        return
    yield sql.SQL("DELETE FROM {} AS m USING outgoing AS i WHERE {}").format(table, same_key)
    yield sql.SQL("DELETE FROM {} AS m WHERE contact_id = ANY(%(others)s::uuid[]) AND {}").format(table, missing)
