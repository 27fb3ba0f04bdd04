"""The lake against PostgreSQL's own COPY: all of it, changes of one row in a hundred, and reading."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from psycopg import sql

from analytics import facts
from analytics.engine import session as engine
from analytics.engine.session import Lake
from analytics.lake import syncing
from analytics.lake.database import own_connection
from core.embedded.home import Home, write_json

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "100000"))
ORDERS = int(os.environ.get("BENCH_ORDERS", "1000000"))
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
FILLED = ("crm_contact", "crm_order")
# One row in a hundred, in one statement each. As changes are in life, the first is of the newest.
CHANGES = {
    "newest": "UPDATE crm_order SET channel = 'store' WHERE placed_at >= "
    "(SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY placed_at) FROM crm_order)",
    "scattered": "UPDATE crm_order SET location = 'x' WHERE id < '028f5c28-0000-0000-0000-000000000000'",
    "contacts": "UPDATE crm_contact SET source = 'web' WHERE id < '028f5c28-0000-0000-0000-000000000000'",
}


def run(home: Home) -> None:
    """Fill, measure, print, write `bench-lake.json`."""
    fill()
    found = measure()
    for name, value in found.items():
        print(f"{name:<34}{value:>10.3f}")
    write_json(home.path / "bench-lake.json", found)


def timed(call: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def measure() -> dict[str, float]:
    """The lake beside COPY; then what changes of so many rows cost, as shares of the first sync."""
    floor = min(timed(_bare_copy) for _ in range(2))
    first = timed(lambda: syncing.sync(at=AS_OF, full=True))
    found = {"copy_s": floor, "first_sync_s": first, "first_sync_ratio": first / floor}
    found["sync_of_nothing_s"] = timed(lambda: syncing.sync(at=AS_OF))
    clean = _scan()
    for name, statement in CHANGES.items():
        with connection.cursor() as cursor:
            cursor.execute(statement)
        again = timed(lambda: syncing.sync(at=AS_OF))
        found |= {f"sync_of_{name}_s": again, f"sync_of_{name}_share": again / first}
        if name == "scattered":
            found |= {"scan_s": clean[0], "scan_with_delta_ratio": _scan()[0] / clean[0]}
            found |= {"groups_s": clean[1], "groups_with_delta_ratio": _scan()[1] / clean[1]}
    found["fold_s"] = timed(lambda: syncing.sync(at=AS_OF, compact=True))
    return found


def _scan() -> tuple[float, float]:
    """Seconds of a sum over all orders, and of sums by contact; the best of five."""
    total = "SELECT sum(total) FROM orders"
    groups = "SELECT max(s) FROM (SELECT contact_id, sum(total) AS s FROM orders GROUP BY contact_id)"
    with engine.opened() as lake:
        return _best(lake, total), _best(lake, groups)


def _best(lake: Lake, query: str) -> float:
    return min(timed(lambda: lake.duck.execute(query).fetchall()) for _ in range(5))


def fill() -> None:
    """Contacts, and orders over three years; history, marks and most indexes are not what is measured."""
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"TRUNCATE {table} CASCADE")
        _drop_indexes(cursor)
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO crm_contact (id, created_at, updated_at, version, last_name, lifecycle_stage, legal_hold, "
            "tags, custom) SELECT md5('c' || n)::uuid, now(), now(), 1, 'Contact ' || n, 'customer', false, '{}', '{}' "
            "FROM generate_series(1, %s) AS n",
            [CONTACTS],
        )
        cursor.execute(
            "INSERT INTO crm_order (id, created_at, updated_at, version, number, contact_id, placed_at, status, "
            "channel, currency, is_gift, subtotal, discount_total, reimbursed_total, total, returned_total, custom) "
            "SELECT md5('o' || n)::uuid, now(), now(), 1, 'N' || n, "
            "md5('c' || (1 + floor(power(random(), 2) * %(contacts)s))::int)::uuid, "
            "timestamptz '2023-01-01 00:00+00' + make_interval(secs => n * 94600000.0 / %(orders)s), "
            "'completed', 'web', 'USD', false, cents, 0, 0, cents, 0, '{}' "
            "FROM (SELECT n, round((random() * 200)::numeric, 2) AS cents "
            "FROM generate_series(1, %(orders)s) AS n) AS r",
            {"contacts": CONTACTS, "orders": ORDERS},
        )
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("CREATE INDEX crm_order_placed_at_idx ON crm_order (placed_at, id)")
        cursor.execute("TRUNCATE core_dirty_month, analytics_lake_fact, analytics_lake_file")
        cursor.execute("VACUUM ANALYZE")


def _drop_indexes(cursor: Any) -> None:
    """All indexes but those of primary keys, and references to other tables: most of the time that filling takes."""
    cursor.execute(
        "SELECT 'DROP INDEX ' || indexrelid::regclass FROM pg_index WHERE NOT indisprimary "
        "AND indrelid = ANY(%(tables)s::regclass[]) UNION ALL "
        "SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname) FROM pg_constraint "
        "WHERE contype = 'f' AND conrelid = ANY(%(tables)s::regclass[])",
        {"tables": list(FILLED)},
    )
    for (statement,) in cursor.fetchall():
        cursor.execute(statement)


def _bare_copy() -> None:
    """The same rows out of PostgreSQL, thrown away."""
    with own_connection() as own, own.cursor() as cursor:
        for fact in facts.facts():
            with cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(fact.rows(None, None))) as stream:
                for _ in stream:
                    pass
