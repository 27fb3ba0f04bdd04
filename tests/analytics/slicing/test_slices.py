"""Slices of random small worlds are exactly what an obvious reading adds up; so are the members of each cell."""

from __future__ import annotations

import shutil
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import count
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from analytics.slicing import answering, request
from analytics.slicing.catalogue import level_of
from core.errors import Invalid
from tests.analytics.slicing import world as worlds
from tests.analytics.slicing.world import AT, Contact, Line, Order, World

CENT = Decimal("0.01")
MEASURES = [
    "customers", "orders", "revenue", "gross_margin", "units", "returns", "average_order_value", "average_revenue",
    "lifetime_value", "retention", "acquisition_cost", "touch_cost", "roi", "new_customers", "discount_share",
    "other_currency_orders",
]  # fmt: skip
DIMENSIONS = [
    "region", "acquisition_source", "custom.size", "rfm_segment", "first_order_band", "cohort_month", "cohort_quarter",
    "channel", "coupon_code", "order_month", "order_week", "product", "product_line", "category",
]  # fmt: skip
_folders = count()

money = st.integers(0, 30_000).map(lambda cents: Decimal(cents) / 100)
moments = st.integers(-400, 20).map(lambda days: AT + timedelta(days=days, hours=days % 24))
lines = st.builds(
    lambda total, product, quantity, cost, part: Line(
        total, product, quantity, cost, returned=(total * part).quantize(CENT), returned_quantity=quantity * part
    ),
    money, st.none() | st.integers(0, 3), st.sampled_from([Decimal(1), Decimal("2.500")]),
    st.none() | st.sampled_from([Decimal("1.2345"), Decimal(3)]),
    st.sampled_from([Decimal(0), Decimal(0), Decimal("0.5")]),
)  # fmt: skip
orders = st.builds(
    Order,
    contact=st.none() | st.integers(0, 5), placed_at=moments, lines=st.lists(lines, max_size=3),
    currency=st.sampled_from(["USD", "USD", "USD", "EUR"]),
    status=st.sampled_from(["completed", "pending", "cancelled"]),
    channel=st.sampled_from(["web", "store"]), coupon=st.sampled_from([None, "SPRING"]),
    discount=st.sampled_from([Decimal(0), Decimal(0), Decimal("2.50")]),
)  # fmt: skip
contacts = st.builds(
    Contact,
    region=st.sampled_from([None, "north", "south"]), source=st.sampled_from([None, "newsletter"]),
    acquisition_source=st.sampled_from([None, "banner"]), size=st.sampled_from([None, "s", "l"]),
    segment=st.sampled_from([None, "champions"]), lifetime_value=st.none() | money,
)  # fmt: skip
some_worlds = st.builds(
    World,
    contacts=st.lists(contacts, min_size=6, max_size=6),
    orders=st.lists(orders, max_size=14),
    touches=st.lists(
        st.tuples(st.integers(0, 5), moments, st.none() | money, st.sampled_from(["USD", "EUR"])), max_size=5
    ),
    products=st.just([("books", "b1"), ("books", "b2"), ("knives", None), (None, "b1")]),
)  # fmt: skip
periods: st.SearchStrategy[dict[str, Any]] = st.sampled_from([
    {}, {"last": "3mo"}, {"last": "30d"},
    {"from": (AT - timedelta(days=200)).date(), "to": (AT - timedelta(days=20)).date()},
    {"previous": "quarter"}, {"this": "year"},
])  # fmt: skip


def ask(dimensions: list[str], **options: Any) -> request.Request:
    values: dict[str, Any] = {
        "at": AT, "measures": MEASURES, "period": None, "as_of": None, "compare": False, "threshold": Decimal(100),
        "order_by": None, "limit": None, "minimum": None,
    }  # fmt: skip
    return request.read(dimensions=dimensions, **values | options)


class Plain:
    """The same slice, in sets and decimals."""

    def __init__(self, world: World, dimensions: list[str], period: request.Period, mask: set[int]) -> None:
        self.world, self.dimensions, self.mask = world, dimensions, mask
        bounds = period.bounds()
        assert bounds is not None
        self.bounds, self.before = bounds, period.bounds(1)

    def rows(self, bounds: Any) -> dict[tuple[Any, ...], list[tuple[Order, Any]]]:
        """By cell the orders, or their pieces."""
        found: dict[tuple[Any, ...], list[tuple[Order, Any]]] = defaultdict(list)
        for order in worlds.counted(self.world, *bounds):
            if order.contact not in self.mask:
                continue
            if worlds.is_of_lines(self.dimensions):
                for piece in worlds.pieces(order):
                    found[self.cell(order, piece[0])].append((order, [piece]))
            else:
                found[self.cell(order, None)].append((order, list(worlds.pieces(order))))
        return found

    def cell(self, order: Order, product: int | None) -> tuple[Any, ...]:
        return tuple(worlds.cell_of(self.world, name, order, product, Decimal(100)) for name in self.dimensions)

    def measures(self, cell: tuple[Any, ...], rows: Any, before: Any) -> dict[str, Any]:
        usd = [(o, p) for o, p in rows if o.currency == "USD"]
        customers = {o.contact for o, _ in rows}
        revenue = sum((piece[1] for _, ps in usd for piece in ps), Decimal(0))
        by_customer: dict[int, Decimal] = defaultdict(Decimal)
        by_order: dict[int, Decimal] = defaultdict(Decimal)
        for o, ps in usd:
            by_customer[o.contact] += sum((piece[1] for piece in ps), Decimal(0))
            by_order[o.id] += sum((piece[1] for piece in ps), Decimal(0))
        earlier = {o.contact for o, _ in before}
        values = [v for c in sorted(customers) if (v := self.world.contacts[c].lifetime_value) is not None]
        found: dict[str, Any] = {
            "customers": len(customers),
            "orders": len({o.id for o, _ in rows}),
            "revenue": revenue,
            "gross_margin": sum((p[1] - p[2] for _, ps in usd for p in ps if p[2] is not None), Decimal(0)),
            "units": sum((p[3] for _, ps in rows for p in ps), Decimal(0)),
            "average_order_value": _mean(list(by_order.values())),
            "average_revenue": _mean(list(by_customer.values())),
            "lifetime_value": _mean(values),
            "retention": _ratio(len(earlier & customers), len(earlier)) if self.before else None,
            "other_currency_orders": len({o.id for o, _ in rows if o.currency != "USD"}),
        }
        if not worlds.is_of_lines(self.dimensions):
            found["returns"] = sum((o.returned for o, _ in usd), Decimal(0))
            found["discount_share"] = _ratio(
                sum((o.discount for o, _ in usd), Decimal(0)), sum((o.total + o.discount for o, _ in usd), Decimal(0))
            )
        if all(level_of(name).value == 1 for name in self.dimensions):
            found |= self.of_customers(cell, revenue)
        else:
            found |= dict.fromkeys(("touch_cost", "acquisition_cost", "roi", "new_customers"))
        return found

    def of_customers(self, cell: tuple[Any, ...], revenue: Decimal) -> dict[str, Any]:
        start, end = self.bounds
        firsts = worlds.first_orders(self.world)
        new = {
            c
            for c, o in firsts.items()
            if c in self.mask and (start is None or start <= o.placed_at) and o.placed_at < end
        }
        new = {c for c in new if self.cell(firsts[c], None) == cell}
        cost = sum(
            (
                t[2] for t in self.world.touches
                if t[2] is not None and t[3] == "USD" and (start is None or start <= t[1]) and t[1] < end
                and t[0] in self.mask and self.cell_of_contact(t[0]) == cell
            ),
            Decimal(0),
        )  # fmt: skip
        return {
            "touch_cost": cost, "new_customers": len(new), "acquisition_cost": _cents(_ratio(cost, len(new), None)),
            "roi": _ratio(revenue, cost),
        }  # fmt: skip

    def cell_of_contact(self, contact: int) -> tuple[Any, ...]:
        firsts = worlds.first_orders(self.world)
        if contact in firsts:
            return self.cell(firsts[contact], None)
        other = World([self.world.contacts[contact]], [Order(0, AT, [], currency="EUR")])
        found = [worlds.cell_of(other, name, other.orders[0], None, Decimal(100)) for name in self.dimensions]
        return tuple(None if n.startswith("cohort") else v for n, v in zip(self.dimensions, found, strict=True))


def _mean(values: list[Decimal]) -> Any:
    return _cents(_ratio(sum(values, Decimal(0)), len(values), None)) if values else None


def _ratio(total: Any, of: Any, places: str | None = "0.0001") -> Any:
    if not of:
        return None
    exact = Fraction(total) / Fraction(of)
    return exact if places is None else _round(exact, Decimal(places))


def _cents(exact: Fraction | None) -> Decimal | None:
    return None if exact is None else _round(exact, CENT)


def _round(exact: Fraction, places: Decimal) -> Decimal:
    steps = abs(exact) / Fraction(places)
    whole = int(steps) + (1 if steps - int(steps) >= Fraction(1, 2) else 0)
    return (whole if exact >= 0 else -whole) * places


def figures(measures: list[dict[str, Any]]) -> dict[str, Decimal | None]:
    return {m["measure"]: None if m["value"] is None else Decimal(m["value"]) for m in measures}


@settings(max_examples=50, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(
    some_worlds,
    st.lists(st.sampled_from(DIMENSIONS), max_size=3, unique=True),
    periods,
    st.none() | st.sets(st.integers(0, 5)),
)
def test_slices_are_what_they_say(
    tmp_path_factory: pytest.TempPathFactory, world: World, dimensions: list[str], period: dict[str, Any],
    only: set[int] | None,
) -> None:  # fmt: skip
    folder = tmp_path_factory.getbasetemp() / f"store{next(_folders)}"
    store = worlds.store(world, folder)
    mask = None if only is None else np.isin(np.arange(6), list(only))
    asked = ask(dimensions, period=period)
    answer = answering.slices(store, asked, mask)
    plain = Plain(world, dimensions, asked.period, set(range(6)) if only is None else only)
    rows, before = plain.rows(plain.bounds), plain.rows(plain.before) if plain.before else {}
    there: set[tuple[Any, ...]] = set()
    for cell in answer["cells"]:
        key = tuple(d["value"] for d in cell["dimensions"])
        there.add(key)
        expected = plain.measures(key, rows.get(key, []), before.get(key, []))
        actual = figures(cell["measures"])
        assert {name: actual[name] for name in expected} == expected, key
        assert cell["customers"] == expected["customers"]
        check_members(store, asked, mask, dimensions, cell)
    assert set(rows) <= there
    check_total(plain, answer, dimensions, rows, before)
    shutil.rmtree(folder)


def check_total(plain: Plain, answer: dict[str, Any], dimensions: list[str], rows: Any, before: Any) -> None:
    """The totals are those of everybody, each once, and additive figures of the cells add up to them."""
    whole = Plain(plain.world, [], request.Period(AT), plain.mask)
    whole.bounds, whole.before = plain.bounds, plain.before
    everything = whole.rows(whole.bounds).get((), [])
    earlier = whole.rows(whole.before).get((), []) if whole.before else []
    expected = whole.measures((), everything, earlier)
    actual = figures(answer["totals"])
    assert {name: actual[name] for name in expected} == expected
    assert answer["customers"] == expected["customers"]
    overlapping = answer["overlapping"]
    assert overlapping is any(level_of(name).value > 1 for name in dimensions)
    for name in ("revenue", "gross_margin", "units", *(() if overlapping else ("customers", "orders", "touch_cost"))):
        added = sum((figures(cell["measures"])[name] or 0 for cell in answer["cells"]), Decimal(0))
        assert added == actual[name], name


def check_members(store: Any, asked: Any, mask: Any, dimensions: list[str], cell: dict[str, Any]) -> None:
    """What the members bring adds up to the cell, over pages."""
    values = [d["value"] for d in cell["dimensions"]]
    after, added, seen = None, defaultdict(Decimal), []
    while True:
        page = answering.members(store, asked, mask, values=values, limit=2, after=after)
        for item in page["items"]:
            seen.append(item["contact_id"])
            for part in item["contributions"]:
                added[part["part"]] += Decimal(part["value"])
        if not page["more"]:
            break
        after = worlds.UUID(seen[-1]).bytes
    assert seen == sorted(set(seen))
    assert len(seen) == page["count"]
    shown = figures(cell["measures"])
    parts = {
        "revenue": "revenue",
        "orders": "orders",
        "gross_margin": "margin",
        "units": "units",
        "customers": "customers",
    }
    for measure, part in parts.items():
        assert added[part] == shown[measure], measure
    assert {part["part"]: Decimal(part["value"]) for part in page["totals"]} == {
        name: added[name] for name in (part["part"] for part in page["totals"])
    }


def test_intervals_are_those_of_the_textbook(tmp_path: Path) -> None:
    values = [Decimal(10), Decimal(20), Decimal(60), Decimal("0.10")]
    orders = [Order(n, AT - timedelta(days=1), [Line(value)]) for n, value in enumerate(values)]
    orders.append(Order(0, AT - timedelta(days=40), [Line(Decimal(1))]))
    orders.append(Order(1, AT - timedelta(days=40), [Line(Decimal(1))]))
    orders.append(Order(4, AT - timedelta(days=40), [Line(Decimal(1))]))
    store = worlds.store(World([Contact() for _ in range(5)], orders), tmp_path)
    (cell,) = answering.slices(store, ask([], period={"last": "30d"}), None)["cells"]
    found = {measure["measure"]: measure for measure in cell["measures"]}
    half = student.ppf(0.975, 3) * float(stdev(values)) / 2
    average = found["average_revenue"]
    assert average["n"] == 4
    assert float(average["low"]) == pytest.approx(float(mean(values)) - half, abs=0.005)
    assert float(average["high"]) == pytest.approx(float(mean(values)) + half, abs=0.005)
    # Wilson's interval of 2 of 3 (Brown, Cai & DasGupta 2001): 0.208 to 0.939.
    retention = found["retention"]
    assert (retention["value"], retention["low"], retention["high"]) == ("0.6667", "0.2077", "0.9385")


def test_one_customer_has_a_mean_and_no_interval(tmp_path: Path) -> None:
    store = worlds.store(World([Contact()], [Order(0, AT, [Line(Decimal(5))])]), tmp_path)
    (cell,) = answering.slices(store, ask([], measures=["average_revenue"]), None)["cells"]
    assert cell["measures"] == [
        {"measure": "average_revenue", "value": "5.00", "n": 1, "low": None, "high": None, "reason": "not_enough_data"}
    ]


def test_all_equal_has_an_interval_of_no_width(tmp_path: Path) -> None:
    orders = [Order(n, AT, [Line(Decimal("9999999.99"))]) for n in range(5)]
    store = worlds.store(World([Contact() for _ in range(5)], orders), tmp_path)
    (cell,) = answering.slices(store, ask([], measures=["average_revenue", "average_order_value"]), None)["cells"]
    assert {(m["value"], m["low"], m["high"]) for m in cell["measures"]} == {("9999999.99",) * 3}


def test_nobody_at_all(tmp_path: Path) -> None:
    answer = answering.slices(worlds.store(World(), tmp_path), ask(["region", "order_month"]), None)
    assert answer["cells"] == []
    assert figures(answer["totals"])["revenue"] == 0
    assert figures(answer["totals"])["average_revenue"] is None


def test_trends_are_told_as_difference_and_share(tmp_path: Path) -> None:
    orders = [
        Order(0, AT - timedelta(days=40), [Line(Decimal(40))]),
        Order(0, AT - timedelta(days=1), [Line(Decimal(50))]),
    ]
    store = worlds.store(World([Contact(region="north")], orders), tmp_path)
    asked = ask(["region"], measures=["revenue"], period={"last": "30d"}, compare=True)
    (cell,) = answering.slices(store, asked, None)["cells"]
    (measure,) = cell["measures"]
    assert (measure["previous"], measure["change"], measure["relative_change"]) == ("40.00", "10.00", "0.2500")


def test_small_cells_can_be_left_without_figures(tmp_path: Path) -> None:
    orders = [Order(n, AT, [Line(Decimal(5))]) for n in range(3)]
    world = World([Contact(region="north"), Contact(region="north"), Contact()], orders)
    answer = answering.slices(worlds.store(world, tmp_path), ask(["region"], measures=["revenue"], minimum=2), None)
    assert [(cell["suppressed"], cell["customers"], cell["measures"][0]["value"]) for cell in answer["cells"]] == [
        (False, 2, "10.00"), (True, None, None),
    ]  # fmt: skip
    assert answer["cells"][1]["measures"][0]["reason"] == "too_few_customers"


def test_order_and_limit(tmp_path: Path) -> None:
    orders = [Order(n, AT, [Line(Decimal(n))]) for n in range(4)]
    world = World([Contact(region=name) for name in ("a", "b", "c")] + [Contact()], orders)
    store = worlds.store(world, tmp_path)

    def regions(**options: Any) -> list[Any]:
        answer = answering.slices(store, ask(["region"], measures=["revenue"], **options), None)
        assert answer["cell_count"] == 4
        return [cell["dimensions"][0]["value"] for cell in answer["cells"]]

    assert regions() == ["a", "b", "c", None]
    assert regions(order_by="-region") == ["c", "b", "a", None]
    assert regions(order_by="-revenue", limit=2) == [None, "c"]


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"measures": ["charm"]}, "/measures/0", "unknown_measure"),
        ({"measures": ["revenue", "revenue"]}, "/measures/1", "duplicate"),
        ({"period": {"last": "soon"}}, "/period/last", "invalid_duration"),
        ({"period": {"this": "decade"}}, "/period/this", "invalid_period"),
        ({"period": {"last": "1y", "this": "year"}}, "/period", "ambiguous"),
        ({"period": {"from": AT.date(), "to": (AT - timedelta(days=1)).date()}}, "/period/to", "out_of_range"),
        ({"compare": True}, "/compare", "needs_period"),
        ({"order_by": "-charm"}, "/order_by", "unknown_order"),
        ({"as_of": AT + timedelta(seconds=1)}, "/as_of", "in_the_future"),
        ({"threshold": Decimal(0)}, "/first_order_threshold", "out_of_range"),
    ],
)
def test_what_is_wrong_is_said_by_its_place(given: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        ask(["region"], **given)
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [(pointer, code)]


def test_a_dimension_that_does_not_exist_is_said_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(Invalid) as refusal:
        answering.slices(worlds.store(World(), tmp_path), ask(["region", "charm"]), None)
    (error,) = refusal.value.errors
    assert (error.pointer, error.code) == ("/dimensions/1", "unknown_dimension")
    assert "product_line" in error.message
    with pytest.raises(Invalid):
        ask(["region", "source", "city", "country"])


def test_as_of_looks_no_further(tmp_path: Path) -> None:
    orders = [Order(0, AT - timedelta(hours=hours), [Line(Decimal(1))]) for hours in (0, 5, 10, 15)]
    store = worlds.store(World([Contact()], orders), tmp_path)
    asked = ask([], measures=["orders"], as_of=AT - timedelta(hours=10))
    assert figures(answering.slices(store, asked, None)["totals"]) == {"orders": 2}


def test_rounding_is_half_up() -> None:
    assert _round(Fraction(5, 1000), CENT) == Decimal("0.01")
    assert (Decimal("0.005")).quantize(CENT, ROUND_HALF_UP) == Decimal("0.01")
    assert datetime(2026, 3, 15, tzinfo=UTC) < AT
