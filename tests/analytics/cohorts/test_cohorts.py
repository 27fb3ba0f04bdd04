"""Cohorts: the definition against a plain computation, and the triangle that is made of it."""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from analytics.cohorts.calendar import first_day, is_over, number
from analytics.cohorts.triangle import Activity, pooled, triangle
from tests.analytics.definitions.people import counted, net, random_contacts, random_lines, random_orders
from tests.analytics.definitions.tables import AS_OF, Tables

CENT = Decimal("0.01")


def _day(month: int) -> date:
    return first_day(month, "month")


def _margin(order: dict[str, Any], lines: list[dict[str, Any]]) -> Decimal | None:
    mine = [each for each in lines if each["order_id"] == order["id"]]
    worth = net(order)
    if worth is None or not mine or any(each["unit_cost"] is None for each in mine):
        return None
    cost = sum((each["unit_cost"] * (each["quantity"] - each["returned_quantity"]) for each in mine), Decimal(0))
    return worth - cost.quantize(CENT, ROUND_HALF_UP)


def _added(values: list[Decimal | None]) -> Decimal | None:
    known = [each for each in values if each is not None]
    return sum(known, Decimal(0)) if known else None


def _plain(contacts: Any, orders: Any, lines: Any, granularity: str, split: str) -> dict[Any, Any]:
    """Cells of cohorts of the first order."""
    firsts: dict[str, Any] = {}
    cells: dict[Any, list[Any]] = defaultdict(list)
    mine = counted(orders, contacts)
    for order in mine:
        firsts.setdefault(order["contact_id"], order)
    sources = {each["id"]: each["acquisition_source"] or "(none)" for each in contacts}
    for order in mine:
        start = firsts[order["contact_id"]]["placed_at"]
        member = sources[order["contact_id"]] if split == "source" else ""
        days = (first_day(number(each.date(), granularity), granularity) for each in (start, order["placed_at"]))
        cells[member, *days].append(order)
    return {
        key: (
            len({order["contact_id"] for order in found}),
            len(found),
            sum(net(order) is None for order in found),
            _added([net(order) for order in found]),
            _added([_margin(order, lines) for order in found]),
        )
        for key, found in cells.items()
    }


@pytest.mark.parametrize("seed", range(25))
def test_random_orders_against_a_plain_computation(seed: int) -> None:
    dice = random.Random(seed)
    contacts = random_contacts(dice)
    orders = random_orders(dice, contacts)
    lines = random_lines(dice, orders)
    tables = Tables({"contacts": contacts, "orders": orders, "order_lines": lines})
    rows = tables.rows("cohorts")
    sizes = tables.rows("cohort_sizes")
    revenue = sum((net(order) or Decimal(0) for order in counted(orders, contacts)), Decimal(0))
    for basis in ("first_order", "acquisition"):
        for granularity in ("month", "quarter", "year"):
            for split in ("all", "source", "band"):
                wanted = {"basis": basis, "granularity": granularity, "split": split}
                cells = [row for row in rows if wanted.items() <= row.items()]
                # Whatever the split, nothing is lost and nothing counted twice.
                assert sum((row["revenue"] or Decimal(0) for row in cells), Decimal(0)) == revenue
                assert sum(row["orders"] for row in cells) == len(counted(orders, contacts))
                if basis == "first_order" and split != "band":
                    found = {
                        (row["member"], _day(row["cohort"]), _day(row["period"])): (
                            row["active"], row["orders"], row["other_currency_orders"], row["revenue"], row["margin"],
                        )
                        for row in cells
                    }  # fmt: skip
                    assert found == _plain(contacts, orders, lines, granularity, split)
                    first_cells = {key[:2]: cell[0] for key, cell in found.items() if key[1] == key[2]}
                    begun = [row for row in sizes if wanted.items() <= row.items()]
                    assert {(row["member"], _day(row["cohort"])): row["contacts"] for row in begun} == first_cells


def test_those_who_were_acquired_and_never_bought_are_in_the_cohort() -> None:
    when = datetime(2026, 1, 5, tzinfo=UTC)
    contacts = [
        {"id": "c1", "acquisition_at": when},
        {"id": "c2", "acquisition_at": when},
        {"id": "c3", "acquisition_at": datetime(2026, 4, 1, tzinfo=UTC)},
    ]
    orders = [
        {"id": f"o{place}", "contact_id": "c1", "placed_at": moment, "status": "completed", "currency": "USD",
         "total": Decimal(10), "returned_total": Decimal(0)}
        for place, moment in enumerate([datetime(2025, 12, 31, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)])
    ]  # fmt: skip
    tables = Tables({"contacts": contacts, "orders": orders})
    wanted = {"basis": "acquisition", "granularity": "month", "split": "all"}
    (size,) = [row for row in tables.rows("cohort_sizes") if wanted.items() <= row.items()]
    assert (_day(size["cohort"]), size["contacts"]) == (date(2026, 1, 1), 2)
    cells = [row for row in tables.rows("cohorts") if wanted.items() <= row.items()]
    # What was bought before the acquisition is in no cohort, and is not lost.
    assert [(row["cohort"] and _day(row["cohort"]), _day(row["period"]), row["revenue"]) for row in cells] == [
        (None, date(2025, 12, 1), Decimal(10)),
        (date(2026, 1, 1), date(2026, 2, 1), Decimal(10)),
    ]


@pytest.mark.parametrize("basis", ["first_order", "acquisition"])
def test_without_orders_there_are_no_cells(basis: str) -> None:
    tables = Tables({"contacts": [{"id": "c1"}]})
    assert tables.rows("cohorts") == []
    assert [row for row in tables.rows("cohort_sizes") if row["basis"] == basis] == []


def test_cells_end_with_the_present_and_say_whether_it_is_over() -> None:
    january, february, march = date(2026, 1, 1), date(2026, 2, 1), date(2026, 3, 1)
    first, second = triangle(
        {january: 4, march: 1},
        {(january, january): Activity(4, 4, revenue=Decimal(40)), (january, march): Activity(1, 2, 2, revenue=None)},
        granularity="month",
        as_of=AS_OF,
    )
    assert [cell.period for cell in first.cells] == [january, february, march]
    assert [cell.complete for cell in first.cells] == [True, True, False]
    assert (first.complete, second.complete) == (True, False)
    assert [cell.retention for cell in first.cells] == [1, 0, 0.25]
    # In February nobody bought; in March somebody did, in another currency: that is not 0.
    assert [cell.activity.revenue for cell in first.cells] == [Decimal(40), Decimal(0), None]
    assert [cell.cumulative_revenue for cell in first.cells] == [Decimal(40)] * 3
    assert first.cells[2].revenue_per_customer == Decimal(10)
    assert first.cells[1].interval is not None
    assert first.cells[1].interval[0] == 0
    (age0, age1) = pooled([first, second])
    assert (age0.customers, age0.active, age1.cohorts, age1.retention) == (4, 4, 1, 0)


def test_a_period_is_over_when_the_next_one_begins() -> None:
    quarter = number(date(2026, 1, 31), "quarter")
    assert first_day(quarter, "quarter") == date(2026, 1, 1)
    assert not is_over(quarter, "quarter", datetime(2026, 3, 31, 23, 59, 59, tzinfo=UTC))
    assert is_over(quarter, "quarter", datetime(2026, 4, 1, tzinfo=UTC))
    assert [number(date(2026, 12, 1), name) for name in ("month", "quarter", "year")] == [24323, 8107, 2026]
