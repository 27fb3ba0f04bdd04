"""The step that values everybody who brought others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from analytics.advocates import graph
from analytics.engine.session import Session

NAME = "advocates"
_EDGES = """
SELECT DISTINCT r.referrer_id, r.referred_id, r.is_counted
FROM referrals AS r
JOIN contacts AS a ON a.id = r.referrer_id
JOIN contacts AS b ON b.id = r.referred_id
WHERE r.occurred_at <= CAST($as_of AS TIMESTAMP)
"""
_NODES = """
SELECT id, CAST(ROW_NUMBER() OVER (ORDER BY id) - 1 AS BIGINT) AS number
FROM (SELECT referrer_id AS id FROM advocate_edges UNION SELECT referred_id FROM advocate_edges) AS listed
"""
_VALUES = """
SELECT
  CAST(COALESCE(SUM(m.margin) * 100, 0) AS BIGINT) AS cents,
  COUNT(m.order_id) - COUNT(m.margin) AS unvalued,
  CASE WHEN COUNT(m.order_id) > 0 THEN 1 ELSE 0 END AS customers
FROM advocate_nodes AS n
LEFT JOIN order_margins AS m ON m.contact_id = n.id
GROUP BY n.number ORDER BY n.number
"""
_NUMBERED = """
SELECT a.number AS referrer, b.number AS referred, MAX(CASE WHEN e.is_counted THEN 1 ELSE 0 END) AS counted
FROM advocate_edges AS e
JOIN advocate_nodes AS a ON a.id = e.referrer_id
JOIN advocate_nodes AS b ON b.id = e.referred_id
GROUP BY a.number, b.number ORDER BY b.number, a.number
"""
_FOUND = """
SELECT
  n.id AS contact_id,
  CAST(f.score AS DOUBLE) AS advocate_score,
  CAST(f.contacts AS INT) AS referred_contacts,
  CAST(f.customers AS INT) AS referred_customers,
  CAST(CAST(f.cents AS DECIMAL(18, 0)) * CAST(0.01 AS DECIMAL(3, 2)) AS DECIMAL(18, 2)) AS referred_value,
  CAST(f.unvalued AS INT) AS referred_unvalued_orders
FROM advocates_found AS f
JOIN advocate_nodes AS n ON n.number = f.number
"""


def run(session: Session, parameters: Mapping[str, Any]) -> None:
    """Put `advocates`: a row for everybody who brought somebody for whom they are counted as the first to do so."""
    session.duck.execute(
        f"CREATE OR REPLACE TEMPORARY TABLE advocate_edges AS {_EDGES}", {"as_of": parameters["as_of"]}
    )
    session.duck.execute(f"CREATE OR REPLACE TEMPORARY TABLE advocate_nodes AS {_NODES}")
    session.duck.register("advocates_found", _found(session))
    try:
        session.put_query(NAME, _FOUND)
    finally:
        session.duck.unregister("advocates_found")
        session.duck.execute("DROP TABLE advocate_nodes; DROP TABLE advocate_edges")


def _found(session: Session) -> dict[str, Any]:
    edges = {name: np.ma.getdata(each).astype(np.int64) for name, each in session.columns(_NUMBERED).items()}
    own = {name: np.ma.getdata(each).astype(np.int64) for name, each in session.columns(_VALUES).items()}
    nodes = len(own["cents"])
    counted = edges["counted"] == 1
    parent = np.full(nodes, -1, dtype=np.int64)
    parent[edges["referred"][counted]] = edges["referrer"][counted]
    names = ("cents", "unvalued", "customers")
    below = graph.downstream(parent, np.column_stack([own[name] for name in names]))
    rank = graph.page_rank(nodes, edges["referred"], edges["referrer"])
    direct = np.bincount(parent[parent >= 0], minlength=nodes)
    brought = np.flatnonzero(direct)
    return {
        "number": brought,
        "score": graph.scores(below[brought, 0], rank[brought]),
        "contacts": direct[brought],
        **{name: below[brought, place] for place, name in enumerate(names)},
    }
