"""Profit and loss of customers: by hand to the cent, and against a plain computation on random companies."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from tests.analytics.costing import world as plain
from tests.analytics.costing.random_worlds import random_world
from tests.analytics.costing.world import AS_OF, World, computed, order

D = Decimal


def at(day: str, hour: int = 9) -> datetime:
    return datetime.fromisoformat(day).replace(hour=hour, tzinfo=UTC)


def profits(world: World) -> dict[str, dict[str, Any]]:
    return {row["contact_id"]: row for row in computed(world, "customer_profits")["customer_profits"]}


def priced(world: World, key: str, driver: str, head: str, amount: str | None, **values: Any) -> None:
    """An activity with one rate for all time, or with none."""
    world.add("cost_activities", key, key=key, driver=driver, statement_line=head, **values)
    if amount is not None:
        world.add("cost_rates", f"{key}-rate", activity_id=key, amount=D(amount), valid_from=date(2000, 1, 1))


@pytest.fixture
def world() -> World:
    made = World()
    made.add("contacts", "ann")
    return made


def test_a_statement_by_hand(world: World) -> None:
    priced(world, "handling", "order", "order", "4.25")
    priced(world, "picking", "order_line", "order", "0.3333")
    priced(world, "delivery", "order", "delivery", "6.5", channels="\nweb\nphone\n")
    priced(world, "taking_back", "returned_unit", "return", "2.1")
    priced(world, "minutes", "interaction_minutes", "service", "0.75", channels="\ncall\n", direction="inbound")
    priced(world, "cases", "case_minutes", "service", "0.8")
    priced(world, "mailing", "touch", "marketing", "0.4")
    order(world, "o1", "ann", at("2026-01-10"), "100.00", "10.00", channel="web", returned_total=D("18.00"))
    world.add(
        "order_lines",
        "l1",
        order_id="o1",
        quantity=D(3),
        returned_quantity=D(1),
        unit_cost=D("12.3456"),
        subtotal=D(60),
    )
    world.add("order_lines", "l2", order_id="o1", quantity=D("0.5"), unit_cost=D("30"), subtotal=D(40))
    world.add("order_returns", "r1", order_id="o1", line_id="l1", at=at("2026-01-20"), quantity=D(1), amount=D(18))
    order(world, "o2", "ann", at("2026-02-10"), "50.00")
    world.add("order_lines", "l3", order_id="o2", unit_cost=D("20"), subtotal=D(50))
    world.add("cases", "k1", contact_id="ann", opened_at=at("2026-01-15"), minutes=D(10))
    call = {"contact_id": "ann", "channel": "call", "direction": "inbound"}
    world.add("interactions", "i1", occurred_at=at("2026-01-12"), minutes=D("7.5"), **call)
    # About the case: its minutes are the case's.
    world.add("interactions", "i2", occurred_at=at("2026-01-15"), minutes=D(10), case_id="k1", **call)
    touch = {"contact_id": "ann", "campaign_code": "spring"}
    world.add("touches", "t1", occurred_at=at("2026-01-01"), cost=D("3.10"), currency="USD", **touch)
    world.add("touches", "t2", occurred_at=at("2026-02-01"), **touch)
    row = profits(world)["ann"]
    assert (row["sales"], row["discounts"], row["returns"], row["revenue"]) == (D(150), D(10), D(18), D(122))
    # 2 x 12.3456 + 0.5 x 30 + 20
    assert (row["cost_of_goods"], row["gross_margin"]) == (D("59.6912"), D("62.3088"))
    # 2 x 4.25 + 3 x 0.3333; one of two orders came by the web; one unit came back; 7.5 x 0.75 + 10 x 0.8
    assert (row["order_cost"], row["delivery_cost"], row["return_cost"]) == (D("9.4999"), D("6.5"), D("2.1"))
    assert (row["service_cost"], row["cost_to_serve"]) == (D("13.6250"), D("31.7249"))
    # Before the first order 3.10 + 0.40; after it 0.40.
    assert (row["acquisition_cost"], row["marketing_cost"]) == (D("3.5"), D("0.4"))
    assert row["profit"] == D("62.3088") - D("31.7249") - D("3.5") - D("0.4") == D("26.6839")
    assert (row["cost_events"], row["unrated_events"]) == (2 + 3 + 1 + 1 + 1 + 1 + 3, 0)


def test_what_reached_them_up_to_the_moment_of_the_first_order_is_acquisition(world: World) -> None:
    order(world, "o1", "ann", at("2026-01-10"), "0")
    order(world, "o2", "ann", at("2026-01-20"), "0")
    touch = {"contact_id": "ann", "cost": D(1), "currency": "USD"}
    world.add("touches", "t1", occurred_at=at("2026-01-10"), **touch)
    world.add("touches", "t2", occurred_at=at("2026-01-10") + timedelta(microseconds=1), **touch)
    row = profits(world)["ann"]
    assert (row["acquisition_cost"], row["marketing_cost"]) == (D(1), D(1))


def test_the_rate_of_the_day_counts(world: World) -> None:
    world.add("cost_activities", "handling", key="handling", driver="order", statement_line="order")
    for key, amount, first, last in (
        ("old", "1", date(2025, 1, 1), date(2026, 1, 1)),
        ("new", "2", date(2026, 1, 1), None),
    ):
        world.add("cost_rates", key, activity_id="handling", amount=D(amount), valid_from=first, valid_to=last)
    order(world, "o1", "ann", datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC), "0")
    order(world, "o2", "ann", datetime(2026, 1, 1, tzinfo=UTC), "0")
    order(world, "o3", "ann", datetime(2024, 12, 31, tzinfo=UTC), "0")
    row = profits(world)["ann"]
    assert (row["order_cost"], row["cost_events"], row["unrated_events"]) == (D(3), 3, 1)


def test_without_rates_nothing_is_made_up(world: World) -> None:
    priced(world, "handling", "order", "order", None)
    order(world, "o1", "ann", at("2026-01-10"), "10")
    world.add("order_lines", "l1", order_id="o1", unit_cost=D(4), subtotal=D(10))
    row = profits(world)["ann"]
    assert (row["gross_margin"], row["order_cost"], row["cost_to_serve"], row["profit"]) == (D(6), None, None, None)
    (found,) = computed(world, "activity_costs")["activity_costs"]
    assert (found["activity"], found["reason"], found["events"], found["amount"]) == ("handling", "no_rate", 1, None)


@pytest.mark.parametrize("lines", [[], [None], [D(1), None]])
def test_without_all_costs_of_goods_there_is_no_margin(world: World, lines: list[Decimal | None]) -> None:
    order(world, "o1", "ann", at("2026-01-10"), "10")
    for number, cost in enumerate(lines):
        world.add("order_lines", f"l{number}", order_id="o1", unit_cost=cost, subtotal=D(10) / len(lines))
    row = profits(world)["ann"]
    assert (row["revenue"], row["gross_margin"], row["profit"]) == (D(10), None, None)
    assert row["lines_without_cost"] == sum(cost is None for cost in lines)


def test_other_currencies_are_listed_and_never_added(world: World) -> None:
    order(world, "o1", "ann", at("2026-01-10"), "10", currency="EUR")
    touch = {"contact_id": "ann", "occurred_at": at("2026-01-01")}
    world.add("touches", "t1", cost=D(3), currency="EUR", **touch)
    world.add("touches", "t2", cost=D(2), currency="USD", **touch)
    row = profits(world)["ann"]
    assert (row["revenue"], row["profit"], row["acquisition_cost"], row["unrated_events"]) == (None, None, D(2), 1)
    costs = {item["reason"]: item["events"] for item in computed(world, "activity_costs")["activity_costs"]}
    assert costs == {"": 1, "other_currency": 1}


def test_what_has_not_happened_yet_and_what_was_cancelled_costs_nothing(world: World) -> None:
    priced(world, "handling", "order", "order", "1")
    priced(world, "taking_back", "return", "return", "1")
    order(world, "o1", "ann", AS_OF + timedelta(microseconds=1), "10")
    order(world, "o2", "ann", AS_OF, "10", status="cancelled")
    order(world, "o3", "ann", AS_OF, "0")
    world.add("order_returns", "r1", order_id="o3", at=AS_OF + timedelta(days=1), quantity=D(1), amount=D(0))
    row = profits(world)["ann"]
    assert (row["orders"], row["revenue"], row["order_cost"], row["return_cost"]) == (1, D(0), D(1), D(0))


def test_customers_without_orders_cost_what_was_spent_on_them(world: World) -> None:
    world.add("contacts", "bob")
    world.add("touches", "t1", contact_id="ann", occurred_at=at("2026-01-01"), cost=D(3), currency="USD")
    rows = profits(world)
    assert (rows["ann"]["profit"], rows["ann"]["acquisition_cost"]) == (D(-3), D(3))
    assert (rows["bob"]["profit"], rows["bob"]["revenue"], rows["bob"]["cost_events"]) == (D(0), D(0), 0)


def test_negative_quantities_are_listed_without_an_amount(world: World) -> None:
    # PostgreSQL refuses such rows; files that somebody else wrote may have them.
    priced(world, "minutes", "interaction_minutes", "service", "1")
    world.add("interactions", "i1", contact_id="ann", channel="call", occurred_at=at("2026-01-01"), minutes=D(-5))
    (found,) = computed(world, "activity_costs")["activity_costs"]
    assert (found["reason"], found["amount"]) == ("negative_quantity", None)


def test_what_a_campaign_spent_in_vain_is_borne_by_whom_it_won(world: World) -> None:
    for contact in ("bob", "cat", "dan"):
        world.add("contacts", contact)
    for contact in ("ann", "bob", "cat"):
        order(world, f"o-{contact}", contact, at("2026-02-01"), "0")
    for contact in ("ann", "bob", "cat", "dan", None):
        touched = at("2026-01-01") if contact != "cat" else at("2026-02-02")
        world.add(
            "touches", f"t-{contact}", contact_id=contact, campaign_code="spring", occurred_at=touched, cost=D("0.05"),
            currency="USD",
        )  # fmt: skip
    world.add(
        "touches",
        "t-lost",
        contact_id="dan",
        campaign_code="autumn",
        occurred_at=at("2026-01-01"),
        cost=D(7),
        currency="USD",
    )
    world.add(
        "touches",
        "t-odd",
        contact_id="dan",
        campaign_code="spring",
        occurred_at=at("2026-01-02"),
        cost=D("0.01"),
        currency="USD",
    )
    rows = profits(world)
    # 0.05 + 0.01 of dan and 0.05 of nobody, among ann and bob; cat was touched after she had bought.
    assert [rows[name]["campaign_share"] for name in ("ann", "bob", "cat", "dan")] == [
        D("0.055"),
        D("0.055"),
        D(0),
        D("-0.06"),
    ]
    # Autumn won nobody: its cost stays where it was spent.
    assert rows["dan"]["acquisition_cost"] == D(7)
    assert rows["cat"]["marketing_cost"] == D("0.05")


def test_shares_add_up_where_they_do_not_divide(world: World) -> None:
    for contact in ("bob", "cat", "dan"):
        world.add("contacts", contact)
    for contact in ("ann", "bob", "cat"):
        order(world, f"o-{contact}", contact, at("2026-02-01"), "0")
        world.add("touches", f"t-{contact}", contact_id=contact, campaign_code="x", occurred_at=at("2026-01-01"))
    world.add(
        "touches",
        "t-dan",
        contact_id="dan",
        campaign_code="x",
        occurred_at=at("2026-01-01"),
        cost=D("0.20"),
        currency="USD",
    )
    rows = profits(world)
    assert [rows[name]["campaign_share"] for name in ("ann", "bob", "cat")] == [D("0.0667"), D("0.0667"), D("0.0666")]


def test_expensive_and_quiet_customers() -> None:
    world = World()
    priced(world, "minutes", "interaction_minutes", "service", "1")
    # (revenue, minutes): the profits are the differences.
    told = {"big": (1000, 990), "fine": (900, 100), "quiet": (500, 0), "c4": (300, 290), "c5": (200, 150),
            "c6": (150, 120), "c7": (120, 100), "c8": (110, 100), "c9": (100, 95), "c10": (90, 80)}  # fmt: skip
    for name, (revenue, minutes) in told.items():
        world.add("contacts", name)
        order(world, f"o-{name}", name, at("2026-01-01"), str(revenue))
        world.add("order_lines", f"l-{name}", order_id=f"o-{name}", unit_cost=D(0), subtotal=D(revenue))
        world.add(
            "interactions",
            f"i-{name}",
            contact_id=name,
            channel="call",
            occurred_at=at("2026-01-02"),
            minutes=D(minutes),
        )
    rows = profits(world)
    assert {name: row["profit_finding"] for name, row in rows.items() if row["profit_finding"]} == {
        "big": "expensive_to_maintain", "quiet": "quietly_profitable",
    }  # fmt: skip
    found = {row["finding"]: row for row in computed(world, "profit_findings")["profit_findings"]}
    assert (found["expensive_to_maintain"]["customers"], found["expensive_to_maintain"]["profit"]) == (1, D(10))
    assert sum(row["customers"] for row in found.values()) == 10


def test_fewer_than_five_customers_are_not_compared(world: World) -> None:
    order(world, "o1", "ann", at("2026-01-01"), "0")
    row = profits(world)["ann"]
    assert (row["profit"], row["profit_quintile"], row["profit_finding"]) == (D(0), None, None)


@pytest.mark.parametrize("seed", range(40))
def test_random_companies_against_a_plain_computation(seed: int) -> None:
    world = random_world(random.Random(seed))
    tables = computed(world, "customer_profits", "activity_costs", "product_line_profits", "campaign_shares")
    found = {row["contact_id"]: row for row in tables["customer_profits"]}
    happened, moved = plain.events(world), plain.shares(world)
    assert found.keys() == world.get("contacts").keys()
    for contact, row in found.items():
        told = plain.statement(world, contact, moved, happened)
        assert {name: row[name] for name in told} == told, contact
    _adds_up(world, tables, happened)


def _adds_up(world: World, tables: dict[str, list[dict[str, Any]]], happened: list[plain.Event]) -> None:
    """Events = activities = statements = cells of product lines, to the last digit."""
    contacts = world.get("contacts")
    customers = tables["customer_profits"]
    spent = sum((event.amount or D(0) for event in happened), D(0))
    assert sum((row["amount"] or D(0) for row in tables["activity_costs"]), D(0)) == spent
    mine = sum((event.amount or D(0) for event in happened if event.contact in contacts), D(0))
    moved = sum((row["amount"] for row in tables["campaign_shares"] if row["contact_id"]), D(0))
    stated = [f"{head}_cost" for head in plain.HEADS]
    assert sum((row[name] or D(0) for row in customers for name in stated), D(0)) == mine + sum(
        (row["campaign_share"] for row in customers if row["acquisition_cost"] is not None), D(0)
    )
    for dimension in ("all", "region", "lifecycle_stage", "rfm_segment"):
        cells = [row for row in tables["product_line_profits"] if row["dimension"] == dimension]
        for name in ("sales", "discounts", "returns"):
            assert sum((row[name] for row in cells), D(0)) == sum((row[name] or D(0) for row in customers), D(0)), name
        assert sum((row[name] for row in cells for name in stated), D(0)) == mine + moved
        assert sum(row["lines_without_cost"] for row in cells) == sum(row["lines_without_cost"] for row in customers)
