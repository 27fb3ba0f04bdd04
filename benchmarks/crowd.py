"""A crowd: millions of interactions and events behind the million contacts, made by SQL in minutes."""

# ruff: noqa: S608 - the SQL is made of names from models

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from django.db import connection

from benchmarks.people import BEGAN, DAYS
from crm.models import Event, Interaction
from crm.services import event_partitions

INTERACTIONS, EVENTS = 5_000_000, 10_000_000
MONTHS = [datetime(BEGAN.year + index // 12, index % 12 + 1, 1, tzinfo=UTC).date() for index in range(DAYS // 30 + 2)]

# Some contacts much more often than others, as with customers.
_SOMEBODY = "1 + floor(power(random(), 3) * (SELECT count(*) FROM crowd))::int"
_WHEN = f"timestamptz '{BEGAN:%Y-%m-%d} 00:00+00' + make_interval(secs => random() * {DAYS * 86_400})"

_INTERACTIONS = f"""
    INSERT INTO crm_interaction (id, created_at, updated_at, version, channel, kind, direction, occurred_at, minutes,
                                 subject, data, custom, contact_id)
    SELECT gen_random_uuid(), r.at, r.at, 1, (array['email', 'call', 'chat', 'visit', 'meeting', 'web'])[1 + r.n %% 6],
           (array['demo', 'question', 'complaint', 'offer'])[1 + r.n %% 4], 'inbound', r.at, r.n %% 60,
           'Talk ' || r.n, '{{}}', '{{}}', c.id
    FROM (SELECT n, {_WHEN} AS at, {_SOMEBODY} AS who FROM generate_series(1, %s) AS n) r
    JOIN crowd c ON c.n = r.who
"""
_EVENTS = f"""
    INSERT INTO crm_event (id, created_at, updated_at, version, name, occurred_at, received_at, contact_id,
                           source, is_offline, properties, context)
    SELECT gen_random_uuid(), r.at, r.at, 1, (array['Page Viewed', 'Product Viewed', 'Cart Updated'])[1 + r.n %% 3],
           r.at, r.at, c.id, 'web', false, jsonb_build_object('page', r.n %% 500), '{{}}'
    FROM (SELECT n, {_WHEN} AS at, {_SOMEBODY} AS who FROM generate_series(1, %s) AS n) r
    JOIN crowd c ON c.n = r.who
"""


def fill() -> None:
    """Make what is missing of the interactions and events."""
    event_partitions.ensure(MONTHS)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE crowd AS SELECT row_number() OVER (ORDER BY id) AS n, id FROM crm_contact"
        )
        cursor.execute("ALTER TABLE crowd ADD PRIMARY KEY (n)")
        cursor.execute("ANALYZE crowd")
    for model, count, statement in ((Interaction, INTERACTIONS, _INTERACTIONS), (Event, EVENTS, _EVENTS)):
        table = model._meta.db_table
        missing = count - model.objects.count()
        if missing <= count // 100:
            continue
        with _bare(table), connection.cursor() as cursor:
            cursor.execute(statement, [missing])
        with connection.cursor() as cursor:
            cursor.execute(f"VACUUM ANALYZE {table}")


@contextmanager
def _bare(table: str) -> Iterator[None]:
    """Without triggers and without the indexes that no constraint needs: they are made anew faster than kept."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "WHERE i.indrelid = %s::regclass AND NOT i.indisunique",
            [table],
        )
        indexes = cursor.fetchall()
        cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET maintenance_work_mem = '1GB'")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for _, definition in indexes:
                # What pg_get_indexdef says of a partitioned index is said of its parent alone.
                cursor.execute(definition.replace(" ON ONLY ", " ON "))
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
