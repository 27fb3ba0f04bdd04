"""What comes of referrals, by hand and against a plain walk."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.advocates import graph, step
from tests.analytics.tables import AS_OF, Bench, by, compute, facts_of, line, order, rows_of

PARAMETERS = {"as_of": AS_OF.strftime("%Y-%m-%d %H:%M:%S.%f")}
BEFORE = AS_OF - timedelta(days=9)


@given(st.integers(1, 9).flatmap(lambda n: st.lists(st.integers(-1, n - 1), min_size=n, max_size=n)), st.data())
@settings(deadline=None)
def test_downstream_is_everybody_reached_once(parents: list[int], data: st.DataObject) -> None:
    parent = np.array([-1 if above == node else above for node, above in enumerate(parents)])
    values = data.draw(st.lists(st.integers(-9, 9), min_size=len(parents), max_size=len(parents)))
    got = graph.downstream(parent, np.array(values).reshape(-1, 1))[:, 0].tolist()
    wanted = []
    for node in range(len(parent)):
        reached: set[int] = set()
        edge = {node}
        while edge:
            edge = {child for child in range(len(parent)) if parent[child] in edge} - reached
            reached |= edge
        wanted.append(sum(values[each] for each in reached - {node}))
    assert got == wanted


@given(st.integers(1, 8).flatmap(lambda n: st.tuples(st.just(n), st.lists(st.tuples(*[st.integers(0, n - 1)] * 2)))))
@settings(deadline=None)
def test_page_rank_solves_its_equation(case: tuple[int, list[tuple[int, int]]]) -> None:
    nodes, edges = case
    referred, referrer = np.array(edges, dtype=np.int64).reshape(-1, 2).T
    matrix = np.zeros((nodes, nodes))
    for source, target in edges:
        matrix[target, source] += 1
    outgoing = matrix.sum(axis=0)
    matrix = np.where(outgoing > 0, matrix / np.where(outgoing > 0, outgoing, 1), 1 / nodes)
    wanted = np.linalg.solve(np.eye(nodes) - 0.85 * matrix, np.full(nodes, 0.15 / nodes))
    assert graph.page_rank(nodes, referred, referrer) == pytest.approx(wanted, abs=1e-10)


def test_a_long_chain_and_nobody() -> None:
    parent = np.arange(-1, 4999)
    below = graph.downstream(parent, np.ones((5000, 1), dtype=np.int64))
    assert below[:, 0].tolist() == list(range(4999, -1, -1))
    assert len(graph.page_rank(0, np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))) == 0


def _advocates(pairs: list[tuple[str, str, bool]], bought: dict[str, Any], **more: Any) -> dict[str, dict[str, Any]]:
    """pairs: referrer, referred, whether counted. bought: by contact the price of one order, whose goods cost 6."""
    people = sorted({each for pair in pairs for each in pair[:2]} | set(bought))
    referrals = [
        {"id": f"r{n}", "referrer_id": a, "referred_id": b, "is_counted": c, "occurred_at": BEFORE}
        for n, (a, b, c) in enumerate(pairs)
    ]
    orders = [order(n, who, BEFORE, price, **more) for n, (who, price) in enumerate(bought.items())]
    lines = [line(n, each["id"], "p", BEFORE) for n, each in enumerate(orders)]
    contacts = [{"id": who} for who in people]
    with facts_of(contacts=contacts, referrals=referrals, orders=orders, order_lines=lines) as duck:
        compute(duck, "order_margins")
        bench: Any = Bench(duck)
        step.run(bench, PARAMETERS)
        return by(rows_of(duck, "SELECT * FROM advocates"))


def test_the_margin_of_the_whole_tree_to_the_cent() -> None:
    bought = {"b": Decimal("10.01"), "c": Decimal("20.02"), "d": Decimal("30.03")}
    found = _advocates([("a", "b", True), ("b", "c", True), ("b", "d", True)], bought)
    # 60.06 less goods for 18, and 50.05 less goods for 12.
    assert {who: row["referred_value"] for who, row in found.items()} == {"a": Decimal("42.06"), "b": Decimal("38.05")}
    assert [(found[who]["referred_contacts"], found[who]["referred_customers"]) for who in "ab"] == [(1, 3), (2, 2)]
    assert [found[who]["advocate_score"] for who in "ab"] == [1.0, 0.5]


def test_only_the_first_referral_counts_and_page_rank_breaks_ties() -> None:
    found = _advocates([("a", "c", True), ("b", "c", False), ("b", "d", True), ("e", "b", False)], {})
    assert set(found) == {"a", "b"}
    # Both brought nothing in money; b was named by two.
    assert found["b"]["advocate_score"] > found["a"]["advocate_score"]


def test_people_who_brought_each_other_are_counted_once() -> None:
    found = _advocates([("a", "b", True), ("b", "a", True)], {"a": 10, "b": 20})
    assert {who: row["referred_value"] for who, row in found.items()} == {"a": Decimal(14), "b": Decimal(4)}


def test_orders_whose_margin_is_unknown_are_said() -> None:
    found = _advocates([("a", "b", True)], {"b": 20}, currency="EUR")
    assert (found["a"]["referred_value"], found["a"]["referred_unvalued_orders"]) == (Decimal(0), 1)


def test_without_referrals_there_are_no_advocates() -> None:
    assert _advocates([], {"a": 10}) == {}
