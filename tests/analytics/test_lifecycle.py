"""The behavioural lifecycle, against a plain walk through every day, and its flows as stocks that add up."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest

from analytics.selectors.lifecycle import flow
from tests.analytics.definitions.people import counted, random_contacts, random_orders
from tests.analytics.definitions.tables import AS_OF, Tables


def _median(gaps: list[int]) -> int:
    return sorted(gaps)[(len(gaps) - 1) // 2] if gaps else 90


def _plain(contacts: Any, orders: Any) -> dict[str, dict[str, str]]:
    """By contact and month the stage at its end, found by asking at every month's last day."""
    days: dict[str, list[date]] = {}
    for order in counted(orders, contacts):
        day = order["placed_at"].date()
        if day not in days.setdefault(order["contact_id"], []):
            days[order["contact_id"]].append(day)
    company = _median([(after - day).days for each in days.values() for day, after in pairwise(each)])

    def rhythm(past: list[date]) -> int:
        if len(past) < 3:
            return max(7, company)
        mean = Decimal((past[-1] - past[0]).days) / (len(past) - 1)
        return max(7, int(mean + Decimal("0.5")))

    def stage(past: list[date], day: date) -> str:
        gap = (day - past[-1]).days
        if gap > 2 * rhythm(past):
            return "lapsed" if gap > 4 * rhythm(past) else "at_risk"
        if len(past) > 1 and (past[-1] - past[-2]).days > 4 * rhythm(past[:-1]):
            return "reactivated"
        return "new" if len(past) == 1 else "loyal" if len(past) >= 5 else "active"

    found: dict[str, dict[str, str]] = {}
    for contact, bought in days.items():
        month = bought[0].replace(day=1)
        while month <= AS_OF.date():
            following = (month + timedelta(days=32)).replace(day=1)
            end = min(following - timedelta(days=1), AS_OF.date())
            past = [day for day in bought if day <= end]
            found.setdefault(contact, {})[month.isoformat()] = stage(past, end)
            month = following
    return found


@pytest.mark.parametrize("seed", range(25))
def test_random_orders_against_a_walk_through_the_months(seed: int) -> None:
    dice = random.Random(seed)
    contacts = random_contacts(dice)
    orders = random_orders(dice, contacts)
    tables = Tables({"contacts": contacts, "orders": orders})
    expected = _plain(contacts, orders)
    current = {row["contact_id"]: row["behaviour_stage"] for row in tables.rows("behaviour_stages")}
    assert current == {contact: list(months.values())[-1] for contact, months in expected.items()}
    months = flow(tables.rows("behaviour_flow"), AS_OF)
    assert [month["complete"] for month in months] == [True] * (len(months) - 1) + [False] * bool(months)
    for month in months:
        there = [stages[month["month"]] for stages in expected.values() if month["month"] in stages]
        assert {row["stage"]: row["customers"] for row in month["stocks"]} == {
            row["stage"]: there.count(row["stage"]) for row in month["stocks"]
        }
        # What came from somewhere went somewhere: into a stage flows exactly what stands in it then.
        for row in month["stocks"]:
            came = sum(each["customers"] for each in month["flows"] if each["to_stage"] == row["stage"])
            assert came == row["customers"]


def test_without_orders_there_is_no_stage() -> None:
    tables = Tables({"contacts": [{"id": "c1"}]})
    assert tables.rows("behaviour_stages") == []
    assert flow(tables.rows("behaviour_flow"), AS_OF) == []


def test_the_way_of_one_customer_by_hand() -> None:
    def order(number: int, day: datetime) -> dict[str, Any]:
        return {"id": f"o{number}", "contact_id": "c1", "placed_at": day, "status": "completed", "currency": "USD",
                "total": Decimal(5), "returned_total": Decimal(0)}  # fmt: skip

    # One order and no other customer: the rhythm is 90 days; at risk after 180, lapsed after 360.
    tables = Tables({"contacts": [{"id": "c1"}], "orders": [order(1, datetime(2025, 1, 10, tzinfo=UTC))]})
    rows = sorted(tables.rows("behaviour_changes"), key=lambda row: row["month"])
    assert [(row["month"] - 12 * 2025, row["from_stage"], row["stage"]) for row in rows] == [
        (0, None, "new"),
        (6, "new", "at_risk"),
        (12, "at_risk", "lapsed"),
    ]
    (last,) = flow(tables.rows("behaviour_flow"), AS_OF)[-1]["flows"]
    assert (last["from_stage"], last["to_stage"], last["share"]) == ("lapsed", "lapsed", 1)
