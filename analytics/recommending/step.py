"""The steps that judge ways of recommending and that recommend, over the facts of a session."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from analytics.engine.session import Session
from analytics.recommending import fitting, neighbours, repurchase
from analytics.recommending.evaluation import AT
from analytics.recommending.histories import Bools, History, best_per_customer, from_columns
from analytics.recommending.neighbours import Ranked

FITS, RECOMMENDATIONS = "recommendation_fits", "recommendations"
# Of ten places so many at most go to what was bought before; new products have the rest, and what is left over.
REPURCHASED = 6
_FOLDER = Path(__file__).parent
_CUSTOMERS = """
SELECT id AS contact_id, CAST(ROW_NUMBER() OVER (ORDER BY id) - 1 AS INT) AS number
FROM contacts WHERE id IN (SELECT contact_id FROM orders)
"""
_PRODUCTS = """
SELECT id AS product_id, CAST(ROW_NUMBER() OVER (ORDER BY id) - 1 AS INT) AS number, COALESCE(active, false) AS active
FROM products
"""
_NUMBERED = (("recommending_customers", _CUSTOMERS), ("recommending_products", _PRODUCTS))


@dataclass(frozen=True)
class _Facts:
    """Columns of history.sql, with how many customers and products are numbered, and which of those are sold."""

    columns: Mapping[str, Any]
    customers: int
    products: int
    active: Bools


def run_fits(session: Session, parameters: Mapping[str, Any]) -> None:
    """Put `recommendation_fits`: every way of recommending with its accuracy, and which is chosen."""
    with _read(session, parameters) as facts:
        fits = fitting.judge(dict(facts.columns), facts.customers, facts.products).fits
    rates = {
        name: np.array([getattr(fit.accuracy, name) for fit in fits], dtype=float) for name in ("hit_rate", "recall")
    }
    columns = {
        "name": np.array([fit.name for fit in fits], dtype=object),
        "kind": np.array([fit.kind for fit in fits], dtype=object),
        "customers": np.array([fit.accuracy.customers for fit in fits]),
        **rates,
        "holdout_days": np.full(len(fits), fitting.HOLDOUT_DAYS),
        "chosen": np.array([fit.chosen for fit in fits]),
    }
    session.put(FITS, columns)


def run(session: Session, parameters: Mapping[str, Any]) -> None:
    """Put `recommendations`: up to ten for each customer, or one open offer where they are long past their rhythm."""
    chosen = {row["kind"]: row["name"] for row in session.rows(f"(SELECT kind, name FROM {FITS} WHERE chosen)")}  # noqa: S608
    with _read(session, parameters) as facts:
        history = from_columns(dict(facts.columns), facts.customers, facts.products)
        columns = _candidates(history, facts.active, chosen)
        session.duck.register("recommending_candidates", columns)
        try:
            query = (_FOLDER / "listed.sql").read_text(encoding="utf-8")
            session.put_query(RECOMMENDATIONS, query, {"as_of": parameters["as_of"], "limit": AT})
        finally:
            session.duck.unregister("recommending_candidates")


@contextmanager
def _read(session: Session, parameters: Mapping[str, Any]) -> Iterator[_Facts]:
    for name, query in _NUMBERED:
        session.duck.execute(f"CREATE OR REPLACE TEMPORARY TABLE {name} AS {query}")
    try:
        query = (_FOLDER / "history.sql").read_text(encoding="utf-8")
        given = {"as_of": parameters["as_of"], "cut": fitting.HOLDOUT_DAYS}
        columns = {name: np.ma.getdata(values) for name, values in session.columns(query, given).items()}
        active = session.columns("SELECT active FROM recommending_products ORDER BY number")["active"]
        counted = session.columns("SELECT COUNT(*) AS n FROM recommending_customers")["n"]
        yield _Facts(columns, int(counted[0]), len(active), np.ma.getdata(active).astype(bool))
    finally:
        for name, _ in _NUMBERED:
            session.duck.execute(f"DROP TABLE IF EXISTS {name}")


def _candidates(history: History, active: Bools, chosen: Mapping[str, str]) -> dict[str, Any]:
    """What may be listed, both kinds together; `because` is -1 where there is none; `times` of new ones are buyers."""
    again = repurchase.again(history)
    score = again.score if chosen["repurchase"] == "repurchase" else repurchase.by_frequency(history)
    open_ = np.flatnonzero(again.is_candidate & active[history.product])
    at = open_[best_per_customer(history.customer[open_], history.product[open_], score[open_], REPURCHASED)]
    new = neighbours.joined(_new(history, active, chosen["new"]))
    count = len(new.customer)
    return {
        "customer": np.r_[history.customer[at], new.customer].astype(np.int32),
        "product": np.r_[history.product[at], new.product].astype(np.int32),
        "place": np.r_[np.full(len(at), 1), np.full(count, 2)].astype(np.int8),
        "score": np.round(np.r_[score[at], new.score], 4),
        "because": np.r_[np.full(len(at), -1), new.because].astype(np.int32),
        "times": np.r_[history.times[at], history.buyers[new.product]].astype(np.int32),
        "age": np.r_[history.age[at], np.zeros(count)].astype(np.int32),
        "gap": np.r_[np.nan_to_num(again.gap[at], nan=-1), np.full(count, -1)].round().astype(np.int32),
    }


def _new(history: History, active: Bools, way: str) -> Iterator[Ranked]:
    if way == "popular":
        return neighbours.popular_products(history, history.buyers, active, AT)
    capped = neighbours.capped(history)
    return neighbours.new_products(history, neighbours.nearest(capped), active, AT)
