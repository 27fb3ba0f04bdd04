"""Results of campaigns and coupons from facts: the known campaign, coupons before their discount, other currencies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.analytics.attribution.support import Bench, bench

DAY = datetime(2026, 1, 1, 9, tzinfo=UTC).replace(tzinfo=None)
DEFINITIONS = ("order_margins", "attribution_touches", "attribution_journeys", "campaign_results")


def sale(number: int, contact: str, day: float, total: int, **values: Any) -> dict[str, Any]:
    return {
        "id": f"o{number:03}", "contact_id": contact, "placed_at": DAY + timedelta(days=day), "status": "completed",
        "currency": "USD", "total": Decimal(total), "returned_total": Decimal(0),
    } | values  # fmt: skip


def results(made: Bench) -> dict[tuple[str, str], dict[str, Any]]:
    made.define(*DEFINITIONS)
    return {(row["kind"], row["code"]): row for row in made.rows("campaign_results")}


def test_a_mailing() -> None:
    with bench() as made:
        made.duck.execute("INSERT INTO contacts (id) SELECT 'c' || i FROM range(5000) AS r(i)")
        made.duck.execute(
            "INSERT INTO touches (id, contact_id, occurred_at, source, campaign_code, cost, currency) "
            "SELECT 't' || i, 'c' || i, TIMESTAMP '2026-01-01 09:00:00', 'mail', 'SPRING', 20, 'USD' "
            "FROM range(5000) AS r(i)"
        )
        made.duck.execute(
            "INSERT INTO orders (id, contact_id, placed_at, status, currency, total, returned_total) "
            "SELECT 'o' || i, 'c' || (10 * i), TIMESTAMP '2026-01-02 09:00:00', 'completed', 'USD', 10000, 0 "
            "FROM range(500) AS r(i)"
        )
        row = results(made)["campaign", "SPRING"]
    assert (row["recipients"], row["customers"], row["orders"], row["new_customers"]) == (5000, 500, 500, 500)
    assert (row["cost"], row["revenue"], row["margin"]) == (Decimal(100_000), Decimal(5_000_000), None)


def test_a_recipient_touched_twice_counts_once_and_only_what_came_after() -> None:
    with bench() as made:
        made.add("contacts", [{"id": "a"}, {"id": "b"}])
        sent = {"source": "mail", "campaign_code": "X", "occurred_at": DAY}
        made.add("touches", [sent | {"id": "t1", "contact_id": "a"}, sent | {"id": "t2", "contact_id": "a"}])
        made.add("touches", [sent | {"id": "t3", "contact_id": "b", "cost": Decimal(3), "currency": "EUR"}])
        made.add(
            "orders",
            [sale(1, "a", -1, 70), sale(2, "a", 1, 30), sale(3, "a", 99, 5), sale(4, "b", 1, 9, currency="EUR")],
        )
        row = results(made)["campaign", "X"]
    assert (row["touches"], row["recipients"], row["customers"], row["orders"]) == (3, 2, 2, 2)
    assert (row["revenue"], row["other_currency_orders"], row["new_customers"]) == (Decimal(30), 1, 1)
    assert (row["cost"], row["unknown_costs"], row["other_currency_costs"]) == (None, 2, 1)


def test_a_coupon_costs_what_we_gave_and_brings_what_was_sold_before_it() -> None:
    with bench() as made:
        made.add("contacts", [{"id": "a"}, {"id": "b"}])
        made.add(
            "orders",
            [sale(1, "a", 1, 90, coupon_code="TEN"), sale(2, "b", 1, 45), sale(3, "b", 2, 8, coupon_code="OLD")],
        )
        made.add(
            "order_discounts",
            [
                {"id": "d1", "order_id": "o001", "code": "TEN", "amount": Decimal(10), "is_reimbursed": False},
                {"id": "d2", "order_id": "o002", "code": "TEN", "amount": Decimal(5), "is_reimbursed": False},
                {"id": "d3", "order_id": "o002", "code": "MAKER", "amount": Decimal(2), "is_reimbursed": True},
            ],
        )
        found = results(made)
    ten, maker, old = (found["coupon", code] for code in ("TEN", "MAKER", "OLD"))
    assert (ten["orders"], ten["customers"], ten["cost"], ten["revenue"]) == (2, 2, Decimal(15), Decimal(150))
    assert (maker["cost"], maker["revenue"], maker["recipients"]) == (Decimal(0), Decimal(45), None)
    assert (old["cost"], old["unknown_costs"]) == (None, 1)


def test_nothing() -> None:
    with bench() as made:
        assert results(made) == {}
