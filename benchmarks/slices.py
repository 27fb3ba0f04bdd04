"""Slices over 10 million orders of a million customers: four callers of the web server, and bare queries."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
from django.conf import settings

from analytics import facts
from analytics.engine.duck import quoted
from analytics.selectors.slice_columns import root
from analytics.services.slice_store import CURRENT
from analytics.slicing.build import ProfileColumn, build
from benchmarks import place, seed
from benchmarks.latency import Client, Page, percentiles
from core.embedded import Home
from core.embedded.home import write_json

CUSTOMERS = int(os.environ.get("BENCH_CUSTOMERS", "1000000"))
ORDERS = int(os.environ.get("BENCH_ORDERS", "10000000"))
CALLERS = 4
ROUNDS = 8
AS_OF = datetime(2026, 1, 1, tzinfo=UTC)
VERSION = f"bench-{CUSTOMERS}-{ORDERS}"
YEAR = {"period": {"last": "12mo"}}
# Each with the bare query of the same figures over the raw files.
ASKED: dict[str, dict[str, Any]] = {
    "region, a year": {"dimensions": ["region"], "measures": ["customers", "orders", "revenue"], **YEAR},
    "source by segment, with intervals": {
        "dimensions": ["acquisition_source", "rfm_segment"],
        "measures": ["customers", "revenue", "average_revenue", "average_order_value"], **YEAR,
    },
    "first orders under and over 100, all time": {
        "dimensions": ["first_order_band"], "first_order_threshold": "100",
        "measures": ["customers", "revenue", "average_revenue", "lifetime_value"],
    },
    "retention by region, with trend": {
        "dimensions": ["region"], "measures": ["customers", "retention", "revenue"], "compare": True,
        "period": {"previous": "quarter"},
    },
    "revenue by month and channel, a year": {"dimensions": ["order_month", "channel"], "measures": ["revenue"], **YEAR},
    "product lines, a quarter": {
        "dimensions": ["product_line"], "measures": ["customers", "revenue", "gross_margin"],
        "period": {"previous": "quarter"},
    },
    "product lines by tier of spending, a year": {
        "dimensions": ["product_line", "rfm_segment"], "measures": ["revenue", "units"], **YEAR,
    },
    "cohorts by quarter, filtered": {
        "dimensions": ["cohort_quarter"], "measures": ["customers", "revenue", "average_revenue"], **YEAR,
        "filter": {"and": [
            {"field": "region", "op": "in", "value": ["region 1", "region 2"]},
            {"field": "lifecycle_stage", "op": "eq", "value": "customer"},
        ]},
    },
    "odd days": {
        "dimensions": ["region", "acquisition_source"], "measures": ["customers", "revenue", "discount_share"],
        "period": {"from": "2025-03-07", "to": "2025-08-19"},
    },
}  # fmt: skip
_YEAR_OF = "o.placed_at > TIMESTAMP '2025-01-01' AND o.placed_at <= TIMESTAMP '2026-01-01'"
BARE = {
    "region, a year": (
        "SELECT region, count(DISTINCT contact_id), count(*), sum(total - returned_total) FROM orders AS o "
        f"JOIN contacts AS c ON c.id = o.contact_id WHERE {_YEAR_OF} GROUP BY 1"
    ),
    "source by segment, with intervals": (
        "WITH t AS (SELECT contact_id, count(*) AS n, sum(total - returned_total) AS net FROM orders AS o "
        f"WHERE {_YEAR_OF} GROUP BY 1) SELECT source, rfm_segment, count(*), sum(net), avg(net), stddev_samp(net), "
        "sum(net) / sum(n) FROM t JOIN contacts AS c ON c.id = t.contact_id "
        "JOIN profiles AS p ON p.contact_id = t.contact_id GROUP BY 1, 2"
    ),
}


def run(home: Home) -> None:
    """Fill, measure, print, write `bench-slices.json`."""
    found: dict[str, Any] = {}
    with _facts(home.path / "facts") as duck:
        found |= _build(duck)
        bare = {name: _median(lambda sql=sql: duck.execute(sql).fetchall()) for name, sql in BARE.items()}  # type: ignore[misc]
    with place.product(home) as server:
        key = seed.api_key()
        warm = Client(server, key)
        for name in ASKED:
            warm.ask(_page(name))
        times = _measured(lambda: Client(server, key))
        found["web_process_mb"] = _memory(server.pid)
    for name, values in times.items():
        found[name] = percentiles(values)
        ratio = f"{bare[name] / found[name]['p50_ms']:8.1f}x" if name in bare else ""
        print(f"{name:46}{found[name]['p50_ms']:9.1f}{found[name]['p99_ms']:9.1f}{ratio}")
    found["all"] = percentiles([each for values in times.values() for each in values])
    found["bare_ms"] = bare
    print(
        found["all"], {name: value for name, value in found.items() if name.startswith(("build", "store", "web"))}, bare
    )
    write_json(home.path / "bench-slices.json", found)


def _page(name: str) -> Page:
    return Page(name, "POST", "/api/v1/analytics/slices", ASKED[name] | {"as_of": AS_OF.isoformat()})


def _measured(client: Callable[[], Client]) -> dict[str, list[float]]:
    """Four callers at once, each asking everything in an order of its own."""
    times: dict[str, list[float]] = {name: [] for name in ASKED}
    names = list(ASKED)

    def call(number: int) -> None:
        mine = client()
        for turn in range(ROUNDS * len(names)):
            name = names[(turn * (number * 2 + 1) + number * 2) % len(names)]
            times[name].append(mine.timed(_page(name)))

    threads = [threading.Thread(target=call, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def _median(call: Callable[[], object]) -> float:
    took = []
    for _ in range(3):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return round(sorted(took)[1], 1)


def _memory(pid: int) -> float:
    """Megabytes of the greatest worker's own (not the columns, which are the page cache's), by the kernel."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    sizes = []
    for child in children:
        rollup = Path(f"/proc/{child}/smaps_rollup").read_text(encoding="ascii").splitlines()
        sizes.append(
            sum(int(line.split()[1]) for line in rollup if line.startswith(("Private_Dirty", "Anonymous:"))) / 2048
        )
    return round(max(sizes), 1)


def _build(duck: duckdb.DuckDBPyConnection) -> dict[str, float]:
    folder = root() / VERSION
    shutil.rmtree(root(), ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.perf_counter()
    profile = [ProfileColumn("rfm_segment", is_dimension=True), ProfileColumn("lifetime_value", places=2)]
    build(duck, folder, base_currency="USD", custom=(), profile=profile, at=AS_OF, lake_synced_at=AS_OF)
    took = time.perf_counter() - began
    (root() / CURRENT).write_text(VERSION, encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.iterdir()) / 1e6
    return {"build_s": round(took, 1), "store_mb": round(size, 1)}


@contextmanager
def _facts(folder: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The lake's facts as Parquet, as a sync would leave them; made once."""
    folder.mkdir(parents=True, exist_ok=True)
    scratch = folder / "scratch"
    config = {
        "memory_limit": settings.ANALYTICS_MEMORY_LIMIT,
        "threads": settings.ANALYTICS_THREADS,
        "temp_directory": str(scratch),
    }
    with duckdb.connect(config=config) as duck:
        for name, query in _generated().items():
            path = folder / f"{name}-{CUSTOMERS}-{ORDERS}.parquet"
            if query and not path.exists():
                duck.execute(f"COPY ({query}) TO {quoted(path)} (FORMAT parquet, COMPRESSION zstd)")
            if name == "profiles":
                duck.execute(f"CREATE VIEW profiles AS SELECT * FROM read_parquet({quoted(path)})")
                continue
            columns = ", ".join(_column(item, query) for item in facts.fact(name).columns)
            source = f"read_parquet({quoted(path)}) AS f" if query else "(SELECT 1) AS f WHERE false"
            duck.execute(f"CREATE VIEW {name} AS SELECT {columns} FROM {source}")
        yield duck
    shutil.rmtree(scratch, ignore_errors=True)


def _column(item: facts.Column, query: str) -> str:
    value = f"f.{item.name}" if f" AS {item.name}" in query else "NULL"
    return f'CAST({value} AS {item.type}) AS "{item.name}"'


def _generated() -> dict[str, str]:
    """The rows, each from its number alone: the same in every run."""

    def chance(salt: int, of: str = "n") -> str:
        return f"(hash({of}, {salt}) % 1000000 / 1000000.0)"

    who = f"md5(CAST(CAST(floor(pow({chance(1)}, 1.6) * {CUSTOMERS}) AS BIGINT) AS VARCHAR))"
    placed = f"TIMESTAMP '2023-01-01' + to_microseconds(CAST(n * {94_694_400_000_000 / ORDERS} AS BIGINT))"
    cents = f"CAST(round({chance(2)} * 200, 2) AS DECIMAL(18, 2))"
    contact, order = "CAST(CAST(%s AS UUID) AS VARCHAR)", "CAST(CAST(md5('o' || n) AS UUID) AS VARCHAR)"
    return {
        "contacts": (
            f"SELECT {contact % 'md5(CAST(n AS VARCHAR))'} AS id, 'region ' || (n % 8) AS region, "
            "['banner', 'newsletter', 'store', 'referral'][1 + n % 4] AS source, "
            "['lead', 'customer'][1 + (n % 10 > 2)::INT] AS lifecycle_stage, '{}' AS custom "
            f"FROM range({CUSTOMERS}) AS r (n) ORDER BY id"
        ),
        "orders": (
            f"SELECT {order} AS id, {contact % who} AS contact_id, {placed} AS placed_at, 'completed' AS status, "
            f"['web', 'store', 'phone'][1 + n % 3] AS channel, 'USD' AS currency, {cents} AS subtotal, "
            f"CAST(0 AS DECIMAL(18, 2)) AS discount_total, {cents} AS total, "
            "CAST(0 AS DECIMAL(18, 2)) AS returned_total "
            f"FROM range({ORDERS}) AS r (n)"
        ),
        "order_lines": (
            f"SELECT CAST(n AS VARCHAR) AS id, {order} AS order_id, 'p' || (hash(n, 5) % 400) AS product_id, "
            f"{placed} AS placed_at, CAST(1 AS DECIMAL(18, 3)) AS quantity, CAST(7 AS DECIMAL(18, 4)) AS unit_cost, "
            f"{cents} AS subtotal, CAST(0 AS DECIMAL(18, 2)) AS discount_total, {cents} AS total, "
            f"CAST(0 AS DECIMAL(18, 3)) AS returned_quantity FROM range({ORDERS}) AS r (n)"
        ),
        "products": (
            "SELECT 'p' || n AS id, 'Product ' || n AS name, 'P' || n AS sku, 'l' || (n % 12) AS line_id, "
            "'category ' || (n % 40) AS category FROM range(400) AS r (n)"
        ),
        "product_lines": "SELECT 'l' || n AS id, 'Line ' || n AS name FROM range(12) AS r (n)",
        "touches": (
            f"SELECT CAST(n AS VARCHAR) AS id, {contact % 'md5(CAST(n AS VARCHAR))'} AS contact_id, "
            "TIMESTAMP '2025-06-01' AS occurred_at, CAST(2 AS DECIMAL(18, 2)) AS cost, 'USD' AS currency "
            f"FROM range({CUSTOMERS}) AS r (n)"
        ),
        "companies": "",
        "order_returns": "",
        "profiles": (
            f"SELECT {contact % 'md5(CAST(n AS VARCHAR))'} AS contact_id, 'segment ' || (n % 10) AS rfm_segment, "
            f"CAST(n % 900 AS DECIMAL(18, 2)) AS lifetime_value FROM range({CUSTOMERS}) AS r (n)"
        ),
    }
