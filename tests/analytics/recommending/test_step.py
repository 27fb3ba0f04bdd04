"""What is recommended to whom, from facts to reasons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from analytics.recommending import step
from tests.analytics.tables import AS_OF, Bench, compute, facts_of, line, order, rows_of

PARAMETERS = {"as_of": AS_OF.strftime("%Y-%m-%d %H:%M:%S.%f"), "base_currency": "USD"}
Bought = tuple[str, str, int]


def _recommended(
    bought: Sequence[Bought], products: dict[str, bool], **more: Any
) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """bought: contact, product, days ago; each an order of its own. products: whether they are sold.

    Returns the recommendations by contact in their order, and how the ways of recommending did.
    """
    contacts = [{"id": each} for each in sorted({contact for contact, _, _ in bought})]
    moments = [AS_OF - timedelta(days=days) for _, _, days in bought]
    orders = [order(n, bought[n][0], moments[n]) for n in range(len(bought))]
    lines = [line(n, f"o{n:05}", bought[n][1], moments[n], **more) for n in range(len(bought))]
    catalogue = [{"id": key, "name": key.upper(), "active": sold} for key, sold in products.items()]
    with facts_of(contacts=contacts, orders=orders, order_lines=lines, products=catalogue) as duck:
        compute(duck, "purchase_gaps", "gap_distribution", "purchase_rhythm")
        bench: Any = Bench(duck)
        step.run_fits(bench, PARAMETERS)
        step.run(bench, PARAMETERS)
        found: dict[str, list[dict[str, Any]]] = {each["id"]: [] for each in contacts}
        for row in rows_of(duck, "SELECT * FROM recommendations ORDER BY contact_id, rank"):
            found[row["contact_id"]].append(row)
        return found, rows_of(duck, "SELECT * FROM recommendation_fits ORDER BY kind, name")


def _pairs(count: int = 40) -> list[Bought]:
    """Whoever bought bread bought butter; others bought salt."""
    people = [f"p{n:03}" for n in range(count)]
    return [(who, what, 40) for who in people for what in ("bread", "butter")] + [("s", "salt", 40)]


SOLD = {"bread": True, "butter": True, "salt": True}


def test_what_goes_together_is_offered_with_its_reason() -> None:
    found, _ = _recommended([*_pairs(), ("me", "bread", 40)], SOLD)
    (row,) = [each for each in found["me"] if each["kind"] == "new"]
    assert (row["product_id"], row["related_product_id"], row["rank"]) == ("butter", "bread", 1)
    assert row["reason"] == "goes with BREAD, which was bought before"
    assert 0 < row["score"] < 1


def test_gifts_and_what_came_back_say_nothing_about_taste() -> None:
    for more in ({"is_gift": True}, {"returned_quantity": 1}, {"quantity": 0}):
        found, _ = _recommended([*_pairs(), ("me", "bread", 40)], SOLD, **more)
        assert not any(found.values()), more


def test_what_is_no_longer_sold_is_not_offered() -> None:
    found, _ = _recommended([*_pairs(), ("me", "bread", 40)], SOLD | {"butter": False})
    assert found["me"] == []


def test_what_is_bought_again_and_again_is_due() -> None:
    regular = [("me", "milk", days) for days in (70, 60, 50, 40, 30, 20, 10)]
    found, _ = _recommended(regular, {"milk": True})
    (row,) = found["me"]
    assert (row["kind"], row["product_id"], row["related_product_id"]) == ("repurchase", "milk", None)
    assert row["reason"] == "bought 7 times, usually every 10 days, last on 2026-02-19"
    just_now, _ = _recommended([*regular, ("me", "milk", 1)], {"milk": True})
    assert just_now["me"] == []


def test_who_is_long_past_their_rhythm_is_offered_anything() -> None:
    found, _ = _recommended([("me", "milk", 140 + 23 * n) for n in range(7)], {"milk": True})
    (row,) = found["me"]
    assert (row["kind"], row["product_id"], row["score"], row["rank"]) == ("anything", None, None, 1)
    assert row["reason"] == "has not bought for 140 days, usually every 23 days"


def test_one_customer_and_nobody() -> None:
    assert _recommended([("me", "milk", 3)], {"milk": True})[0] == {"me": []}
    found, fits = _recommended([], {"milk": True})
    assert found == {}
    assert {(fit["customers"], fit["hit_rate"]) for fit in fits} == {(0, None)}
    assert {fit["name"] for fit in fits if fit["chosen"]} == {"item_item", "repurchase"}


def _market(seed: int, *, planted: bool) -> list[Bought]:
    """300 customers in 12 circles of taste of 10 products each; where not planted, all products are alike."""
    dice = np.random.default_rng(seed)
    rows: list[Bought] = []
    for customer in range(300):
        for days in (100, 90, 80, 70, 60, 50, 20, 10, 5):
            product = 10 * (customer % 12) + dice.integers(10) if planted else dice.integers(120)
            rows.append((f"c{customer:03}", f"p{int(product):03}", days))
    return rows


@pytest.mark.parametrize("planted", [True, False])
def test_tastes_that_are_there_are_found_and_none_is_made_up(planted: bool) -> None:
    products = {f"p{n:03}": True for n in range(120)}
    found, fits = _recommended(_market(1, planted=planted), products)
    by_name = {fit["name"]: fit for fit in fits}
    if planted:
        assert by_name["item_item"]["chosen"]
        assert by_name["item_item"]["recall"] > 3 * by_name["popular"]["recall"]
        new = [row for rows in found.values() for row in rows if row["kind"] == "new"]
        circles = [int(row["contact_id"][1:]) % 12 == int(row["product_id"][1:]) // 10 for row in new]
        assert np.mean(circles) > 0.95
    else:
        assert by_name["item_item"]["recall"] < 0.2


def test_a_list_has_ten_places_and_six_of_them_for_what_was_bought() -> None:
    rows: list[Bought] = []
    for customer in range(30):
        rows += [(f"c{customer:02}", f"p{product:02}", days) for product in range(10) for days in (60, 40, 20)]
        rows += [(f"c{customer:02}", f"p{(10 + customer + n) % 20 + 10:02}", 35) for n in range(8)]
    found, _ = _recommended(rows, {f"p{n:02}": True for n in range(30)})
    for listed in found.values():
        assert [row["rank"] for row in listed] == list(range(1, 11))
        assert [row["kind"] for row in listed] == ["repurchase"] * 6 + ["new"] * 4
        bought = {product for who, product, _ in rows if who == listed[0]["contact_id"]}
        assert all((row["product_id"] in bought) == (row["kind"] == "repurchase") for row in listed)


def test_the_same_facts_give_the_same_recommendations() -> None:
    products = {f"p{n:03}": True for n in range(120)}
    assert _recommended(_market(2, planted=True), products) == _recommended(_market(2, planted=True), products)
