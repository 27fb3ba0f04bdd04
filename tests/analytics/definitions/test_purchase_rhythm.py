"""The rhythm of buying, by hand and against a plain computation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.analytics.tables import AS_OF, by, compute, facts_of, order

TODAY = AS_OF.date()
STEPS = ("purchase_gaps", "gap_distribution", "purchase_rhythm")


def _rhythm(bought: dict[str, Sequence[int]], **more: Any) -> dict[str, dict[str, Any]]:
    """bought: by contact the days ago of their orders."""
    contacts = [{"id": contact} for contact in bought]
    orders = [
        order(number, contact, AS_OF - timedelta(days=days), **more)
        for number, (contact, days) in enumerate((contact, day) for contact in bought for day in bought[contact])
    ]
    with facts_of(contacts=contacts, orders=orders) as duck:
        return by(compute(duck, *STEPS))


def test_an_own_history_of_five_gaps_decides_alone() -> None:
    # Bought 100, 90, 80, 70, 60 and 30 days ago: gaps 10, 10, 10, 10, 30.
    row = _rhythm({"a": [100, 90, 80, 70, 60, 30]})["a"]
    assert (row["purchase_days"], row["median_gap_days"], row["usual_gap_days"], row["late_gap_days"]) == (
        6,
        10,
        10,
        30,
    )
    assert (row["rhythm_basis"], row["rhythm_state"], row["is_overdue"]) == ("own", "due", False)
    assert row["gap_percentile"] == 1.0
    assert row["expected_next_order_on"] == TODAY - timedelta(days=20)


def test_the_same_silence_is_late_for_one_and_not_for_another() -> None:
    often = [30 + 3 * n for n in range(8)]
    seldom = [30 + 40 * n for n in range(8)]
    rows = _rhythm({"often": often, "seldom": seldom})
    assert (rows["often"]["rhythm_state"], rows["often"]["is_overdue"]) == ("lapsed", True)
    assert (rows["seldom"]["rhythm_state"], rows["seldom"]["is_overdue"]) == ("on_time", False)


def test_a_short_history_is_held_against_others_after_as_many_purchases() -> None:
    # Thirty people took 1 to 30 days for the second purchase, just now.
    bought: dict[str, Sequence[int]] = {f"p{n:02}": [n, 0] for n in range(1, 31)}
    rows = _rhythm(bought | {"new": [20], "gone": [200]})
    new, gone = rows["new"], rows["gone"]
    assert (new["rhythm_basis"], new["usual_gap_days"], new["late_gap_days"]) == ("others", 15, 27)
    assert new["gap_percentile"] == 20 / 30
    assert (new["rhythm_state"], gone["rhythm_state"]) == ("due", "lapsed")
    # Of those who bought twice nobody bought a third time.
    second = rows["p01"]
    assert (second["rhythm_basis"], second["usual_gap_days"], second["is_overdue"]) == ("too_few_gaps", None, None)
    assert second["median_gap_days"] == 1


def test_two_orders_on_one_day_are_one_purchase_and_cancelled_ones_none() -> None:
    row = _rhythm({"a": [5, 5, 5]})["a"]
    assert (row["purchase_days"], row["median_gap_days"]) == (1, None)
    row = _rhythm({"a": [5, 6]}, status="cancelled")["a"]
    assert (row["purchase_days"], row["rhythm_basis"], row["days_since_purchase"]) == (0, "no_purchase", None)


def test_nobody_and_orders_of_the_future() -> None:
    assert _rhythm({}) == {}
    row = _rhythm({"a": [-3]})["a"]
    assert (row["rhythm_basis"], row["is_overdue"], row["gap_percentile"]) == ("no_purchase", None, None)


def _nearest_rank(values: Sequence[int], percent: int) -> int:
    return sorted(values)[-(-len(values) * percent // 100) - 1]


def _plain(bought: dict[str, list[int]]) -> dict[str, tuple[Any, ...]]:
    days = {who: sorted({TODAY - timedelta(days=n) for n in ago if n >= 0}) for who, ago in bought.items()}
    gaps = {who: [(b - a).days for a, b in pairwise(own)] for who, own in days.items()}
    found = {}
    for who, own in days.items():
        found[who] = _judge(own, gaps[who], [each[len(own) - 1] for each in gaps.values() if len(each) >= len(own) > 0])
    return found


def _judge(own: list[date], mine: list[int], others: list[int]) -> tuple[Any, ...]:
    if not own:
        return (0, "no_purchase", None, None, None, None)
    basis, held = ("own", mine) if len(own) > 5 else ("others", others) if len(others) >= 30 else ("too_few_gaps", [])
    if not held:
        return (len(own), basis, None, None, None, None)
    usual, late, since = _nearest_rank(held, 50), _nearest_rank(held, 90), (TODAY - own[-1]).days
    state = "on_time" if since <= usual else "due" if since <= late else "overdue" if since <= 2 * late else "lapsed"
    return (len(own), basis, usual, late, sum(gap <= since for gap in held) / len(held), state)


@settings(deadline=None, max_examples=40)
@given(
    st.lists(st.lists(st.integers(-2, 60), max_size=9), max_size=12),
    st.lists(st.integers(1, 40), max_size=45),
)
def test_against_a_plain_computation(people: list[list[int]], seconds: list[int]) -> None:
    bought = {f"a{n:02}": ago for n, ago in enumerate(people)}
    bought |= {f"b{n:02}": [gap + 1, 1] for n, gap in enumerate(seconds)}
    names = ("purchase_days", "rhythm_basis", "usual_gap_days", "late_gap_days", "gap_percentile", "rhythm_state")
    rows = _rhythm(bought)
    assert {who: tuple(row[name] for name in names) for who, row in rows.items()} == _plain(bought)


def test_time_of_day_does_not_matter() -> None:
    late = datetime(2026, 2, 27, 23, 59, 59)  # noqa: DTZ001 - as in the lake: UTC without zone
    with facts_of(contacts=[{"id": "a"}], orders=[order(1, "a", late)]) as duck:
        (row,) = compute(duck, *STEPS)
    assert row["days_since_purchase"] == 2
