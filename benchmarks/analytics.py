"""The lake and the engine against what stands below them: PostgreSQL's own COPY, and hand-written queries."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from django.db import connection, transaction
from psycopg import sql

from analytics import facts, steps
from analytics.engine import results
from analytics.engine import session as engine
from analytics.engine.parameters import parameters_of
from analytics.engine.session import DuckEngine, Session
from analytics.lake import syncing
from analytics.lake.database import own_connection
from analytics.services import targets, write_back
from benchmarks import place
from core.embedded.home import write_json

CONTACTS = int(os.environ.get("BENCH_CONTACTS", "100000"))
ORDERS = int(os.environ.get("BENCH_ORDERS", "1000000"))
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
FILLED = ("crm_contact", "crm_order")


def main() -> None:
    """Fill, measure, print, write `bench-analytics.json`."""
    with place.prepared("bench-analytics") as home:
        _fill()
        found = _measure()
        for name, value in found.items():
            print(f"{name:<34}{value:>10.3f}")
        write_json(home.path / "bench-analytics.json", found)


def _timed(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _measure() -> dict[str, float]:
    floor = _timed(_bare_copy)
    first = _timed(lambda: syncing.sync(at=AS_OF, full=True))
    _change_a_hundredth()
    again = _timed(lambda: syncing.sync(at=AS_OF))
    with engine.opened() as lake:
        session = Session(lake, DuckEngine(lake.duck), results.opened("bench", {}))
        parameters = parameters_of(as_of=AS_OF)
        computed = _timed(lambda: [session.run(each, parameters) for each in steps.in_order()])
        bare = _timed(lambda: _bare_queries(session))
        everything, few = _store(session)
    return {
        "copy_s": floor, "first_sync_s": first, "first_sync_ratio": first / floor,
        "sync_of_1_percent_s": again, "sync_of_1_percent_share": again / first,
        "definitions_s": computed, "bare_queries_s": bare, "definitions_ratio": computed / bare,
        "write_all_s": everything, "write_1_percent_s": few, "write_1_percent_share": few / everything,
    }  # fmt: skip


def _fill() -> None:
    """Contacts, and orders over three years; history and marks are not what is measured."""
    with connection.cursor() as cursor:
        for table in FILLED:
            cursor.execute(f"TRUNCATE {table} CASCADE")
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute(
            "INSERT INTO crm_contact (id, created_at, updated_at, version, last_name, lifecycle_stage, tags, custom) "
            "SELECT md5('c' || n)::uuid, now(), now(), 1, 'Contact ' || n, 'customer', '{}', '{}' "
            "FROM generate_series(1, %s) AS n",
            [CONTACTS],
        )
        cursor.execute(
            "INSERT INTO crm_order (id, created_at, updated_at, version, number, contact_id, placed_at, status, "
            "channel, currency, is_gift, subtotal, discount_total, reimbursed_total, total, returned_total) "
            "SELECT md5('o' || n)::uuid, now(), now(), 1, 'N' || n, "
            "md5('c' || (1 + floor(power(random(), 2) * %(contacts)s))::int)::uuid, "
            "timestamptz '2023-01-01 00:00+00' + make_interval(secs => n * 94600000.0 / %(orders)s), "
            "'completed', 'web', 'USD', false, cents, 0, 0, cents, 0 "
            "FROM (SELECT n, round((random() * 200)::numeric, 2) AS cents "
            "FROM generate_series(1, %(orders)s) AS n) AS r",
            {"contacts": CONTACTS, "orders": ORDERS},
        )
        for table in FILLED:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        cursor.execute("TRUNCATE core_dirty_month, analytics_lake_fact, analytics_lake_file")
        cursor.execute("ANALYZE")


def _bare_copy() -> None:
    """The same rows out of PostgreSQL, thrown away."""
    with own_connection() as own, own.cursor() as cursor:
        for fact in facts.facts():
            with cursor.copy(sql.SQL("COPY ({}) TO STDOUT (FORMAT csv)").format(fact.rows(None, None))) as stream:
                for _ in stream:
                    pass


def _change_a_hundredth() -> None:
    """As changes are in life: of the newest orders."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crm_order SET channel = 'store' WHERE placed_at >= "
            "(SELECT percentile_disc(0.99) WITHIN GROUP (ORDER BY placed_at) FROM crm_order)"
        )


def _bare_queries(session: Session) -> None:
    """What somebody would write by hand for recency, frequency, monetary value and quintiles."""
    session.duck.execute(
        "CREATE OR REPLACE TABLE bare AS WITH t AS (SELECT contact_id, max(placed_at) AS last_order, "
        "min(placed_at) AS first_order, count(*) AS frequency, sum(total - returned_total) AS monetary, "
        "arg_min(total - returned_total, placed_at) AS first_value FROM orders GROUP BY contact_id) "
        "SELECT *, ntile(5) OVER (ORDER BY last_order, contact_id) AS r, "
        "ntile(5) OVER (ORDER BY frequency, contact_id) AS f, ntile(5) OVER (ORDER BY monetary, contact_id) AS m FROM t"
    )


def _store(session: Session) -> tuple[float, float]:
    """Seconds to write all rows, and then again with one in a hundred changed."""

    def store(computed: Session) -> int:
        with transaction.atomic():
            return write_back.store(targets.PROFILES, computed, as_of=AS_OF, at=AS_OF)

    everything = _timed(lambda: store(session))
    later = Session(session.lake, session.engine, results.opened("bench-later", {}))
    step = steps.get(steps.PROFILES)
    columns = "* REPLACE (CASE WHEN contact_id < '028f' THEN frequency + 1 ELSE frequency END AS frequency)"
    later.put_query(step.name, f"SELECT {columns} FROM {step.name}")
    later.show(step.name)
    return everything, _timed(lambda: store(later))
