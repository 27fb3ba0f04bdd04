"""The engine and the write-back against what stands below them: hand-written queries. Filled as `lake` is."""

# ruff: noqa: S608 - the SQL is made of names from declarations

from __future__ import annotations

from django.db import transaction

from analytics import steps
from analytics.engine import results
from analytics.engine import session as engine
from analytics.engine.parameters import parameters_of
from analytics.engine.session import DuckEngine, Session
from analytics.lake import syncing
from analytics.services import targets, write_back
from benchmarks import place
from benchmarks.lake import AS_OF, fill, timed
from core.embedded.home import write_json


def main() -> None:
    """Fill, measure, print, write `bench-analytics.json`."""
    with place.prepared("bench-analytics") as home:
        fill()
        found = _measure()
        for name, value in found.items():
            print(f"{name:<34}{value:>10.3f}")
        write_json(home.path / "bench-analytics.json", found)


def _measure() -> dict[str, float]:
    syncing.sync(at=AS_OF, full=True)
    with engine.opened() as lake:
        session = Session(lake, DuckEngine(lake.duck), results.opened("bench", {}))
        parameters = parameters_of(as_of=AS_OF)
        computed = timed(lambda: [session.run(each, parameters) for each in steps.in_order()])
        bare = timed(lambda: _bare_queries(session))
        everything, few = _store(session)
    return {
        "definitions_s": computed, "bare_queries_s": bare, "definitions_ratio": computed / bare,
        "write_all_s": everything, "write_1_percent_s": few, "write_1_percent_share": few / everything,
    }  # fmt: skip


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

    everything = timed(lambda: store(session))
    later = Session(session.lake, session.engine, results.opened("bench-later", {}))
    step = steps.get(steps.PROFILES)
    columns = "* REPLACE (CASE WHEN contact_id < '028f' THEN frequency + 1 ELSE frequency END AS frequency)"
    later.put_query(step.name, f"SELECT {columns} FROM {step.name}")
    later.show(step.name)
    return everything, timed(lambda: store(later))
