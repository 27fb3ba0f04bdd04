"""Aggregates: equal to grouping the same records by hand, never adding currencies, never counting what is hidden."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from accounts.models import User
from core import registry
from core.actors import SYSTEM, Visibility
from core.errors import BadRequest, Forbidden, Invalid
from core.reads import aggregates
from crm.models import Company, Contact, Order
from tests.support.actors import clerk

AT = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def run(entity: str, actor: Any = SYSTEM, **options: Any) -> list[dict[str, Any]]:
    return aggregates.run(registry.entity(entity), actor=actor, at=AT, **options)


def orders() -> list[Order]:
    contact = Contact.objects.create(first_name="Ann", company=Company.objects.create(name="C", industry="steel"))
    other = Contact.objects.create(first_name="Bob")
    return [
        Order.objects.create(
            number=str(i),
            contact=contact if i % 3 else other,
            placed_at=datetime(2025, 1 + i % 4, 1 + i % 28, tzinfo=UTC),
            channel=["web", "store"][i % 2],
            currency=["USD", "EUR"][i % 5 == 0],
            subtotal=Decimal(i),
            total=Decimal(i),
        )
        for i in range(40)
    ]


def test_groups_by_month_and_channel_are_what_counting_by_hand_gives() -> None:
    expected: dict[tuple[str, str, str], list[Decimal]] = defaultdict(list)
    for order in orders():
        expected[order.placed_at.strftime("%Y-%m"), order.channel, order.currency].append(order.total)
    rows = run(
        "order",
        group_by=[{"field": "placed_at", "bucket": "month"}, "channel"],
        measures=[{"fn": "count"}, {"fn": "sum", "field": "total"}, {"fn": "avg", "field": "total", "as": "mean"}],
        limit=1000,
    )
    found = {(r["keys"]["placed_at"][:7], r["keys"]["channel"], r["keys"]["currency"]): r["values"] for r in rows}
    assert found.keys() == expected.keys()
    for key, totals in expected.items():
        assert found[key]["count"] == len(totals)
        assert Decimal(found[key]["sum_total"]) == sum(totals)
        assert abs(Decimal(found[key]["mean"]) - sum(totals) / len(totals)) < Decimal("0.0001")


def test_averages_of_money_have_two_decimals_more_than_it_and_no_needless_ones() -> None:
    contact = Contact.objects.create(first_name="Ann")
    for number, total in enumerate(("1.00", "1.00", "2.01")):
        Order.objects.create(number=str(number), contact=contact, placed_at=AT, subtotal=total, total=total)
    measures = [{"fn": "avg", "field": "total"}, {"fn": "sum", "field": "total"}]
    assert run("order", measures=measures)[0]["values"] == {"avg_total": "1.3367", "sum_total": "4.01"}
    Order.objects.filter(number="2").delete()
    assert run("order", measures=measures)[0]["values"] == {"avg_total": "1.00", "sum_total": "2.00"}


@pytest.mark.parametrize(
    ("given", "pointer"),
    [("shoe", "/group_by/0"), ({"field": "shoe"}, "/group_by/0/field"), ("custom.shoe", "/group_by/0")],
)
def test_the_refusal_points_at_what_was_sent(given: Any, pointer: str) -> None:
    with pytest.raises(BadRequest) as refusal:
        run("contact", group_by=[given])
    assert [error.pointer for error in refusal.value.errors] == [pointer]


def test_money_of_two_currencies_is_never_added() -> None:
    orders()
    rows = run("order", measures=[{"fn": "sum", "field": "total"}])
    assert {row["keys"]["currency"] for row in rows} == {"EUR", "USD"}
    assert run("order") == [{"keys": {}, "values": {"count": 40}}]


def test_groups_by_a_related_record_and_by_tag() -> None:
    orders()
    Contact.objects.filter(first_name="Bob").update(tags=["a", "b"])
    Contact.objects.filter(first_name="Ann").update(tags=["b"])
    assert run("contact", group_by=["company.industry"]) == [
        {"keys": {"company.industry": "steel"}, "values": {"count": 1}},
        {"keys": {"company.industry": None}, "values": {"count": 1}},
    ]
    tags = run("contact", group_by=["tags"]) if registry.entity("contact").by_name["tags"].groupable else []
    assert tags in (
        [],
        [{"keys": {"tags": "a"}, "values": {"count": 1}}, {"keys": {"tags": "b"}, "values": {"count": 2}}],
    )


def test_sorted_by_a_measure_with_ties_by_key() -> None:
    for city in ("Bath", "Aachen", "Bath", "Ghent"):
        Contact.objects.create(first_name="A", city=city)
    rows = run("contact", group_by=["city"], sort=["-count"])
    assert [(row["keys"]["city"], row["values"]["count"]) for row in rows] == [("Bath", 2), ("Aachen", 1), ("Ghent", 1)]


def test_what_is_hidden_is_neither_counted_nor_named() -> None:
    owner = User.objects.create(email="o@example.com")
    hidden = Company.objects.create(name="Hidden", industry="secret")
    Contact.objects.create(first_name="A", owner=owner, company=hidden)
    Contact.objects.create(first_name="B", company=hidden)
    actor = clerk("contact", "company", visibility=Visibility.OWN, user_id=owner.pk)
    assert run("contact", actor, group_by=["company.industry"]) == [
        {"keys": {"company.industry": None}, "values": {"count": 1}}
    ]
    with pytest.raises(Forbidden):
        run("deal", actor)


@pytest.mark.parametrize(
    "options",
    [
        {"group_by": ["first_name.x"]},
        {"group_by": ["shoe"]},
        {"group_by": ["custom.shoe"]},
        {"group_by": [{"field": "created_at"}]},
        {"group_by": [{"field": "city", "bucket": "day"}]},
        {"group_by": [{"field": "created_at", "bucket": "decade"}]},
        {"group_by": ["city", "city"]},
        {"group_by": "city"},
        {"group_by": ["city"] * 5},
        {"measures": [{"fn": "sum", "field": "city"}]},
        {"measures": [{"fn": "sum"}]},
        {"measures": [{"fn": "median", "field": "version"}]},
        {"measures": [{"fn": "max", "field": "tags"}]},
        {"sort": ["-revenue"]},
    ],
)
def test_what_makes_no_sense_is_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        run("contact", **options)


@pytest.mark.parametrize("limit", [0, 1001])
def test_the_number_of_groups_is_bounded(limit: int) -> None:
    with pytest.raises(Invalid) as refusal:
        run("contact", limit=limit)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/limit", "out_of_range")]


def test_hidden_costs_cannot_be_measured() -> None:
    with pytest.raises(BadRequest):
        run("product", clerk("product", actions=("view",)), measures=[{"fn": "max", "field": "unit_cost"}])
