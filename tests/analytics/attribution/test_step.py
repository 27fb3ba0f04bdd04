"""Attribution from facts: which journeys there are, that nothing is lost, and that every model adds up exactly."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.attribution import step
from analytics.attribution.names import CONVERSIONS, KEYS, MODELS
from tests.analytics.attribution.support import Bench, bench

DAY = datetime(2026, 1, 1, 9, tzinfo=UTC).replace(tzinfo=None)
DEFINITIONS = ("order_margins", "attribution_touches", "attribution_journeys", "attribution_totals")


@pytest.fixture
def made() -> Iterator[Bench]:
    with bench() as found:
        yield found


def touch(number: int, contact: str | None, day: float, source: str = "google", **values: Any) -> dict[str, Any]:
    return {
        "id": f"t{number:03}", "contact_id": contact, "occurred_at": DAY + timedelta(days=day), "source": source,
    } | values  # fmt: skip


def order(number: int, contact: str, day: float, total: str = "100.00", **values: Any) -> dict[str, Any]:
    return {
        "id": f"o{number:03}", "contact_id": contact, "placed_at": DAY + timedelta(days=day), "status": "completed",
        "currency": "USD", "total": Decimal(total), "returned_total": Decimal(0),
    } | values  # fmt: skip


def line(of: int, cost: str | None, quantity: int = 1, returned: int = 0) -> dict[str, Any]:
    return {
        "id": f"l{of}{cost}", "order_id": f"o{of:03}", "quantity": quantity, "returned_quantity": returned,
        "unit_cost": None if cost is None else Decimal(cost),
    }  # fmt: skip


def computed(found: Bench, **changed: Any) -> dict[tuple[str, str], list[dict[str, Any]]]:
    found.define(*DEFINITIONS, **changed)
    found.model(step.run)
    grouped: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in found.rows("attribution"):
        grouped[row["conversion"], row["dimension"]].append(row)
    return grouped


def test_the_example_by_hand_from_facts(made: Bench) -> None:
    made.add("contacts", [{"id": each} for each in "abcde"])
    made.add("touches", [touch(1, "a", 1, "G"), touch(2, "b", 1, "G"), touch(3, "c", 1, "M")])
    made.add("touches", [touch(4, "d", 1, "G"), touch(5, "d", 2, "M"), touch(6, "e", 1, "G")])
    made.add("orders", [order(n, who, 3) for n, who in enumerate("abcd")])
    rows = {row["key"]: row for row in computed(made)["first_order", "source"]}
    assert (rows["G"]["credit_markov"], rows["M"]["credit_markov"]) == (Decimal("2.4"), Decimal("1.6"))
    assert (rows["G"]["removal_effect"], rows["M"]["removal_effect"]) == pytest.approx((0.75, 0.5))
    assert (rows["G"]["credit_first"], rows["M"]["credit_first"]) == (3, 1)
    assert (rows["G"]["credit_last"], rows["M"]["credit_last"]) == (2, 2)
    assert (rows["G"]["credit_position"], rows["G"]["revenue_linear"]) == (Decimal("2.5"), Decimal(250))


def test_the_window_ends_with_the_order_and_begins_so_many_days_before(made: Bench) -> None:
    made.add("contacts", [{"id": "a"}])
    made.add("touches", [touch(1, "a", -91), touch(2, "a", -90), touch(3, "a", 0), touch(4, "a", 0.001)])
    made.add("orders", [order(1, "a", 0)])
    made.define(*DEFINITIONS)
    journeys = {
        (row["conversion"], row["touch_id"]): (row["order_id"], row["journey"], row["place"])
        for row in made.rows("attribution_journeys")
    }
    assert journeys["every_order", "t001"] == (None, 1, 1)
    assert journeys["every_order", "t002"] == ("o001", 0, 1)
    assert journeys["every_order", "t003"] == ("o001", 0, 2)
    assert journeys["every_order", "t004"] == (None, 2, 1)
    # After the first order nobody is acquired any more.
    assert ("first_order", "t004") not in journeys


def test_touches_that_came_to_nothing_are_one_journey_until_a_gap(made: Bench) -> None:
    made.add("contacts", [{"id": "a"}])
    made.add("touches", [touch(1, "a", -200), touch(2, "a", -110), touch(3, "a", -19)])
    made.define(*DEFINITIONS)
    rows = [row for row in made.rows("attribution_journeys") if row["conversion"] == "first_order"]
    assert [(row["touch_id"], row["journey"], row["place"]) for row in sorted(rows, key=lambda r: r["touch_id"])] == [
        ("t001", 1, 1), ("t002", 1, 2), ("t003", 2, 1),
    ]  # fmt: skip


def test_what_no_touch_led_to_and_what_reached_nobody_known_is_told(made: Bench) -> None:
    made.add("contacts", [{"id": "a"}, {"id": "b"}])
    made.add("touches", [touch(1, None, 0, cost=Decimal(5), currency="USD"), touch(2, "a", 1, cost=None)])
    made.add("touches", [touch(3, "a", 1, cost=Decimal(7), currency="EUR"), touch(4, "gone", 1), touch(5, "a", 90)])
    made.add("orders", [order(1, "a", 2), order(2, "b", 2, "50.00"), order(3, "b", 3, currency="EUR")])
    made.add("orders", [order(4, "a", 2, status="cancelled"), order(5, "a", 400)])
    made.define(*DEFINITIONS)
    every, first = made.rows("attribution_totals")
    assert (every["conversions"], every["attributed_conversions"], every["unattributed_conversions"]) == (3, 1, 2)
    assert (every["revenue"], every["unattributed_revenue"]) == (Decimal(150), Decimal(50))
    assert (every["other_currency_conversions"], every["margin"], every["margin_conversions"]) == (1, None, 0)
    assert (every["touches"], every["touches_of_nobody_known"], every["cost"]) == (3, 1, Decimal(5))
    assert (every["unknown_cost_touches"], every["other_currency_touches"]) == (1, 1)
    assert (first["conversions"], first["lookback_days"]) == (2, 90)


def test_the_margin_is_known_only_where_every_line_has_its_cost(made: Bench) -> None:
    made.add("contacts", [{"id": "a"}])
    made.add("orders", [order(n, "a", n, "100.00", returned_total=Decimal(10)) for n in (1, 2, 3)])
    made.add("order_lines", [line(1, "20.0050", 3, 1), line(2, "20"), line(2, None), line(3, "5"), line(3, None, 2, 2)])
    made.define("order_margins")
    rows = {row["order_id"]: (row["place"], row["revenue"], row["margin"]) for row in made.rows("order_margins")}
    assert rows["o001"] == (1, Decimal(90), Decimal("49.99"))
    assert rows["o002"] == (2, Decimal(90), None)
    assert rows["o003"] == (3, Decimal(90), Decimal(85))


def test_nothing_at_all_and_no_conversions(made: Bench) -> None:
    assert computed(made) == {}
    made.add("contacts", [{"id": "a"}])
    made.add("touches", [touch(1, "a", 1, medium=None)])
    found = computed(made)
    assert set(found) == {(conversion, by) for conversion in CONVERSIONS for by in KEYS}
    (row,) = found["every_order", "medium"]
    assert (row["kind"], row["key"], row["credit_markov"], row["removal_effect"]) == ("unspecified", None, 0, None)
    assert (row["revenue_first"], row["margin_markov"], row["cost"]) == (None, None, None)


def test_keys_beyond_the_most_frequent_are_one(made: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "MOST_KEYS", 2)
    made.add("contacts", [{"id": "a"}])
    made.add("touches", [touch(n, "a", 0, source) for n, source in enumerate("bbccad")])
    made.add("orders", [order(1, "a", 0)])
    rows = computed(made)["first_order", "source"]
    assert [(row["key"], row["kind"], row["touches"]) for row in sorted(rows, key=lambda row: str(row["key"]))] == [
        (None, "other", 2), ("b", "named", 2), ("c", "named", 2),
    ]  # fmt: skip
    assert sum(row["credit_linear"] for row in rows) == 1


EVENTS = st.lists(
    st.tuples(
        st.sampled_from("abc"), st.integers(-100, 50), st.sampled_from(["touch", "touch", "order"]),
        st.sampled_from(["g", "m", None]),
    ),
    min_size=1, max_size=25,
)  # fmt: skip


@given(events=EVENTS)
@settings(max_examples=40, deadline=None)
def test_every_model_adds_up_and_the_last_touch_is_who_one_would_say(
    events: list[tuple[str, int, str, str | None]],
) -> None:
    touches = [
        touch(n, who, day, medium=medium) for n, (who, day, kind, medium) in enumerate(events) if kind == "touch"
    ]
    orders = [
        order(n, who, day, f"{7 * n + 1}.{n:02}") for n, (who, day, kind, _) in enumerate(events) if kind == "order"
    ]
    with bench() as made:
        made.add("contacts", [{"id": each} for each in "abc"])
        made.add("touches", touches)
        made.add("orders", orders)
        found = computed(made)
        totals = {row["conversion"]: row for row in made.rows("attribution_totals")}
    for (conversion, _), rows in found.items():
        for model in MODELS:
            assert sum(row[f"credit_{model}"] for row in rows) == totals[conversion]["attributed_conversions"]
            revenue = [row[f"revenue_{model}"] for row in rows if row[f"revenue_{model}"] is not None]
            assert (sum(revenue) if revenue else None) == totals[conversion]["attributed_revenue"]
    lasts: dict[str | None, int] = defaultdict(int)
    for each in orders:
        before = [
            t for t in touches
            if t["contact_id"] == each["contact_id"]
            and timedelta(0) <= each["placed_at"] - t["occurred_at"] <= timedelta(days=90)
        ]  # fmt: skip
        if before:
            lasts[max(before, key=lambda t: (t["occurred_at"], t["id"]))["medium"]] += 1
    media = found.get(("every_order", "medium"), [])
    assert {row["key"]: row["credit_last"] for row in media if row["credit_last"]} == lasts
