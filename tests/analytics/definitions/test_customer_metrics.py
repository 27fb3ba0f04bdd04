"""Metrics of customers, against cases done by hand and against a plain computation on random orders."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.analytics.definitions.support import AS_OF, Order, computed, expected


def _at(days_ago: int, hour: int = 9) -> datetime:
    return datetime(2026, 3, 1, hour, tzinfo=UTC) - timedelta(days=days_ago)


def _by_contact(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["contact_id"]: row for row in rows}


def test_ten_customers_by_hand(tmp_path: Path) -> None:
    # Customer n bought n times, last n days ago, each time for 10 n.
    contacts = [f"c{n:02}" for n in range(1, 11)]
    orders = [Order(f"o{n}-{k}", f"c{n:02}", _at(n + k), Decimal(10 * n)) for n in range(1, 11) for k in range(n)]
    rows = _by_contact(computed("customer_metrics", contacts, orders, tmp_path))
    third = rows["c03"]
    assert (third["recency_days"], third["frequency"], third["monetary"]) == (3, 3, Decimal(90))
    assert (third["tenure_days"], third["average_order_value"], third["first_order_value"]) == (5, 30, 30)
    assert [rows[c]["recency_quintile"] for c in contacts] == [5, 5, 4, 4, 3, 3, 2, 2, 1, 1]
    assert [rows[c]["frequency_quintile"] for c in contacts] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [c for c in contacts if rows[c]["is_top20"]] == ["c09", "c10"]
    # First orders are 10, 20, .. 100: the median is 55.
    assert third["first_order_threshold"] == Decimal(55)
    assert [rows[c]["first_order_band"] for c in contacts] == ["under"] * 5 + ["over"] * 5
    assert rows["c10"]["rfm_segment"] == "Cannot lose them"
    (concentration,) = computed("concentration", contacts, orders, tmp_path)
    # 10 (1 + 4 + .. + 100) = 3850, of which 810 + 1000.
    assert (concentration["revenue"], concentration["top20_revenue"]) == (Decimal(3850), Decimal(1810))
    assert concentration["top20_share"] == pytest.approx(1810 / 3850)


def test_averages_round_half_up_in_cents(tmp_path: Path) -> None:
    orders = [Order(f"o{n}", "c1", _at(n), Decimal(value)) for n, value in enumerate(("0.01", "1.00"))]
    (row,) = computed("customer_metrics", ["c1"], orders, tmp_path)
    assert row["average_order_value"] == Decimal("0.51")


def test_returns_lower_what_an_order_brought(tmp_path: Path) -> None:
    orders = [
        Order("o1", "c1", _at(9), Decimal(100), Decimal("30.50")),
        Order("o2", "c1", _at(1), Decimal(20), Decimal(20)),
    ]
    (row,) = computed("customer_metrics", ["c1"], orders, tmp_path)
    assert (row["monetary"], row["first_order_value"], row["frequency"]) == (Decimal("69.50"), Decimal("69.50"), 2)


def test_orders_after_as_of_are_left_out_and_counted(tmp_path: Path) -> None:
    orders = [
        Order("o1", "c1", AS_OF, Decimal(10)),
        Order("o2", "c1", AS_OF + timedelta(microseconds=1), Decimal(7)),
        Order("o3", "c1", _at(1), Decimal(5), status="cancelled"),
        Order("o4", None, _at(1), Decimal(3)),
        Order("o5", "gone", _at(1), Decimal(2)),
    ]
    (row,) = computed("customer_metrics", ["c1"], orders, tmp_path)
    assert (row["frequency"], row["monetary"]) == (1, Decimal(10))
    left_out = {
        item["reason"]: (item["orders"], item["amount"]) for item in computed("left_out", ["c1"], orders, tmp_path)
    }
    assert left_out == {"after_as_of": (1, 7), "cancelled": (1, 5), "no_contact": (1, 3), "deleted_contact": (1, 2)}


def test_currencies_are_never_added(tmp_path: Path) -> None:
    orders = [
        Order("o1", "c1", _at(5), Decimal(100), currency="EUR"),
        Order("o2", "c1", _at(4), Decimal(10)),
        Order("o3", "c2", _at(3), Decimal(50), currency="EUR"),
    ]
    rows = _by_contact(computed("customer_metrics", ["c1", "c2"], orders, tmp_path))
    assert (rows["c1"]["monetary"], rows["c1"]["frequency"], rows["c1"]["other_currency_orders"]) == (Decimal(10), 2, 1)
    # The first order was in another currency: its value is not known here, and is not taken from the second.
    assert rows["c1"]["first_order_value"] is None
    assert rows["c2"]["monetary"] is None
    assert rows["c2"]["recency_days"] == 3
    (left_out,) = computed("left_out", ["c1", "c2"], orders, tmp_path)
    assert left_out == {"reason": "other_currency", "currency": "EUR", "orders": 2, "amount": Decimal(150)}


def test_too_few_customers_have_no_quintiles(tmp_path: Path) -> None:
    orders = [Order(f"o{n}", f"c{n}", _at(n), Decimal(10)) for n in range(4)]
    rows = computed("customer_metrics", [f"c{n}" for n in range(6)], orders, tmp_path)
    assert {row["recency_quintile"] for row in rows} == {None}
    assert {row["is_top20"] for row in rows} == {None}
    (concentration,) = computed("concentration", [f"c{n}" for n in range(6)], orders, tmp_path)
    assert (concentration["customers"], concentration["revenue"]) == (4, Decimal(40))
    assert concentration["top20_share"] is None


@pytest.mark.parametrize("contacts", [[], ["c1"]])
def test_without_orders_nothing_is_made_up(tmp_path: Path, contacts: list[str]) -> None:
    rows = computed("customer_metrics", contacts, [], tmp_path)
    assert [(row["frequency"], row["monetary"], row["recency_days"], row["average_order_value"]) for row in rows] == [
        (0, Decimal(0), None, None)
    ] * len(contacts)
    (concentration,) = computed("concentration", contacts, [], tmp_path)
    assert concentration["top20_share"] is None
    assert computed("rfm_segments", contacts, [], tmp_path) == []
    assert computed("first_order_bands", contacts, [], tmp_path) == []


def test_equal_customers_rank_by_id(tmp_path: Path) -> None:
    contacts = [f"c{n}" for n in range(10)]
    orders = [Order(f"o{n}", f"c{n}", _at(3), Decimal(10)) for n in range(10)]
    rows = _by_contact(computed("customer_metrics", contacts, orders, tmp_path))
    assert [rows[c]["monetary_quintile"] for c in contacts] == [1, 1, 2, 2, 3, 3, 4, 4, 5, 5]
    assert [c for c in contacts if rows[c]["is_top20"]] == ["c8", "c9"]
    assert {row["first_order_band"] for row in rows.values()} == {"over"}


def test_bands_by_a_given_threshold(tmp_path: Path) -> None:
    orders = [
        Order("o1", "c1", _at(9), Decimal("99.99")),
        Order("o2", "c1", _at(8), Decimal(50)),
        Order("o3", "c2", _at(9), Decimal(100)),
    ]
    over, under = sorted(
        computed("first_order_bands", ["c1", "c2"], orders, tmp_path, Decimal(100)), key=lambda row: row["band"]
    )
    assert (under["customers"], under["revenue"], under["average_value"]) == (1, Decimal("149.99"), Decimal("149.99"))
    assert (over["customers"], over["average_first_order"]) == (1, Decimal(100))


def _random_orders(dice: random.Random, contacts: list[str]) -> list[Order]:
    orders = []
    for number in range(dice.choice([0, 1, 5, 60, 200])):
        # Few distinct values, so that there are ties of every kind.
        total = Decimal(dice.choice([0, 1, 333, 1000, dice.randrange(100_000)])) / 100
        moment = AS_OF - timedelta(days=dice.randrange(-3, 40), seconds=dice.choice([0, 0, 43_200, 43_201, 86_399]))
        orders.append(
            Order(
                f"o{dice.randrange(10**9):09}-{number}",
                dice.choice([*contacts, "gone", None]),
                moment,
                total.quantize(Decimal("0.01")),
                dice.choice([Decimal(0), Decimal(0), total]),
                dice.choice(["USD"] * 6 + ["EUR"]),
                dice.choice(["completed"] * 6 + ["cancelled", "pending"]),
            )
        )
    return orders


@pytest.mark.parametrize("seed", range(40))
def test_random_orders_against_a_plain_computation(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    contacts = [f"c{n:03}" for n in range(dice.choice([1, 4, 5, 6, 23, 50]))]
    orders = _random_orders(dice, contacts)
    threshold = dice.choice([None, None, Decimal("5.005")])
    rows = computed("customer_metrics", contacts, orders, tmp_path, threshold)
    assert _by_contact(rows) == expected(contacts, orders, threshold)
