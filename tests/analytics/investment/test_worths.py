"""What keeping a customer is worth: the chain against adding up period by period, and worths from facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.investment import step
from analytics.investment.chain import states
from tests.analytics.attribution.support import Bench, bench

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC).replace(tzinfo=None)


@given(
    counts=st.lists(
        st.integers(30, 1000).flatmap(lambda n: st.tuples(st.just(n), st.integers(0, n))), min_size=1, max_size=5
    ),
    discount=st.floats(0.05, 0.5),
)
@settings(max_examples=40, deadline=None)
def test_values_are_what_one_adds_up_period_by_period(counts: list[tuple[int, int]], discount: float) -> None:
    found = states(counts, discount)
    assert found is not None
    last = len(counts) - 1
    for begin in range(len(counts)):
        for certain in (False, True):
            now = [float(place == begin) for place in range(len(counts))]
            value = 0.0
            for period in range(1, 700):
                rebuys = [1.0 if certain and period == 1 else bought / times for times, bought in counts]
                buying = sum(here * rebuy for here, rebuy in zip(now, rebuys, strict=True))
                value += buying / (1 + discount) ** period
                then = [buying] + [0.0] * last
                for place, here in enumerate(now):
                    then[min(place + 1, last)] += here * (1 - rebuys[place])
                now = then
            assert value == pytest.approx(
                found[begin].value + (found[begin].stake if certain else 0), rel=1e-6, abs=1e-6
            )


def test_states_with_too_few_are_taken_together_and_nothing_is_made_of_nothing() -> None:
    found = states([(100, 80), (20, 4), (20, 2)], 0.1)
    assert found is not None
    assert [each.rebuy for each in found] == [0.8, 0.15, 0.15]
    assert states([(10, 5)], 0.1) is None
    assert states([], 0.1) is None
    # Nothing follows: as the last that is known.
    more = states([(100, 80), (3, 0)], 0.1)
    assert more is not None
    assert [each.rebuy for each in more] == [0.8, 0.8]
    for counts, discount in (([(40, 41)], 0.1), ([(40, 4)], 0.0)):
        with pytest.raises(ValueError, match=r"must|more often"):
            states(counts, discount)


def sell(made: Bench, contact: str, *ages: int, total: int = 100) -> None:
    for age in ages:
        made.add("orders", [{
            "id": f"o{contact}{age}", "contact_id": contact, "placed_at": NOW - timedelta(days=age),
            "status": "completed", "currency": "USD", "total": Decimal(total), "returned_total": Decimal(0),
        }])  # fmt: skip


def test_worths_from_facts() -> None:
    with bench() as made:
        made.add("contacts", [{"id": f"c{n:03}"} for n in range(81)])
        for n in range(40):
            sell(made, f"c{n:03}", 10, 100, 190, 280)
        for n in range(40, 80):
            sell(made, f"c{n:03}", 190 + 90)
        made.define("order_margins")
        made.model(step.run)
        rows = {row["contact_id"]: row for row in made.rows("retention_worths")}
    assert len(rows) == 80
    faithful, gone = rows["c000"], rows["c079"]
    assert (faithful["periods_since"], gone["periods_since"]) == (0, 3)
    assert faithful["rebuy_probability"] > gone["rebuy_probability"]
    assert faithful["future_value"] > gone["future_value"]
    # Who will come anyway is worth less to chase than who will not.
    assert Decimal(0) < faithful["retention_worth"] < gone["retention_worth"]
    assert (faithful["basis"], faithful["period_margin"]) == ("revenue", Decimal(100))


def test_too_few_customers_are_worth_null() -> None:
    with bench() as made:
        made.add("contacts", [{"id": "a"}])
        sell(made, "a", 100)
        made.define("order_margins")
        made.model(step.run)
        (row,) = made.rows("retention_worths")
        assert (row["retention_worth"], row["rebuy_probability"], row["period_margin"]) == (None, None, Decimal(100))
        made.duck.execute("DELETE FROM orders")
        made.define("order_margins")
        made.model(step.run)
        assert made.rows("retention_worths") == []
