"""Neighbours, repurchase and accuracy against plain computations, and against cases done by hand."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.recommending import evaluation, neighbours, repurchase
from analytics.recommending.histories import History, best_per_customer

CUSTOMERS, PRODUCTS = 9, 7
_baskets = st.lists(st.sets(st.integers(0, PRODUCTS - 1)), min_size=CUSTOMERS, max_size=CUSTOMERS)
plain = settings(deadline=None, max_examples=100)


def history(baskets: list[set[int]], products: int = PRODUCTS, **more: Any) -> History:
    """Everything bought once, today, unless said otherwise."""
    pairs = [(customer, product) for customer, basket in enumerate(baskets) for product in sorted(basket)]
    customer, product = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    ones = np.ones(len(pairs), dtype=np.int64)
    values = {"times": ones, "age": 0 * ones, "span": 0 * ones, "weight": ones.astype(float)}
    values |= {name: np.asarray(value) for name, value in more.items()}
    return History(len(baskets), products, customer, product, **values)


def _cosines(baskets: list[set[int]]) -> dict[tuple[int, int], float]:
    buyers = defaultdict(set)
    for customer, basket in enumerate(baskets):
        for product in basket:
            buyers[product].add(customer)
    found = {}
    for one, other in permutations(range(PRODUCTS), 2):
        common = len(buyers[one] & buyers[other])
        if common >= 3:
            cosine = common / math.sqrt(len(buyers[one]) * len(buyers[other]))
            found[one, other] = cosine * common / (common + 20)
    return found


@given(_baskets)
@plain
def test_neighbours_are_cosines_shrunk(baskets: list[set[int]]) -> None:
    known = neighbours.nearest(history(baskets))
    got = {
        (one, int(known.product[at])): known.cosine[at]
        for one in range(PRODUCTS)
        for at in range(known.starts[one], known.starts[one + 1])
    }
    assert got == pytest.approx(_cosines(baskets))


@given(_baskets, st.sets(st.integers(0, PRODUCTS - 1)))
@plain
def test_new_products_are_those_with_the_greatest_sum(baskets: list[set[int]], sold: set[int]) -> None:
    past, cosines = history(baskets), _cosines(baskets)
    allowed = np.array([product in sold for product in range(PRODUCTS)])
    ranked = neighbours.joined(neighbours.new_products(past, neighbours.nearest(past), allowed, 2))
    got = defaultdict(list)
    for customer, product, score, because in zip(
        ranked.customer, ranked.product, ranked.score, ranked.because, strict=True
    ):
        got[int(customer)].append((int(product), round(float(score), 9), int(because)))
    for customer, basket in enumerate(baskets):
        wanted = []
        for product in sorted(sold - basket):
            parts = {own: cosines[own, product] for own in basket if (own, product) in cosines}
            if parts:
                because = min(parts, key=lambda own: (-round(parts[own], 12), own))
                wanted.append((product, round(sum(parts.values()), 9), because))
        assert [each[:2] for each in got[customer]] == [
            each[:2] for each in sorted(wanted, key=lambda each: (-each[1], each[0]))[:2]
        ]
        assert all(because in basket for *_, because in got[customer])


def test_blocks_do_not_change_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    dice = np.random.default_rng(1)
    past = history([set(dice.choice(PRODUCTS, 4, replace=False).tolist()) for _ in range(60)])
    everything = np.ones(PRODUCTS, dtype=bool)

    def found() -> list[Any]:
        known = neighbours.nearest(past)
        new = neighbours.joined(neighbours.new_products(past, known, everything, 3))
        popular = neighbours.joined(neighbours.popular_products(past, past.buyers, everything, 2))
        return [each.tolist() for ranked in (new, popular) for each in vars(ranked).values()]

    whole = found()
    for name, value in (("_PRODUCTS_AT_ONCE", 2), ("_ENTRIES_AT_ONCE", 5), ("_CUSTOMERS_AT_ONCE", 7)):
        monkeypatch.setattr(neighbours, name, value)
    assert found() == whole


def test_of_many_products_those_with_most_weight_count() -> None:
    many = history([set(range(150)), {1}], 150, weight=[*range(150), 7])
    kept = neighbours.capped(many)
    assert len(kept) == 101
    assert kept.product[:100].tolist() == list(range(50, 150))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 2)), unique_by=lambda each: each[:2]))
@plain
def test_the_best_of_each_customer(rows: list[tuple[int, int, int]]) -> None:
    customer, product, score = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    got = [rows[at] for at in best_per_customer(customer, product, score.astype(float), 2)]
    wanted = []
    for each in range(4):
        mine = sorted((row for row in rows if row[0] == each), key=lambda row: (-row[2], row[1]))
        wanted += mine[:2]
    assert got == wanted


def test_repeat_rates_and_gaps_by_hand() -> None:
    # Product 0: ten bought it, five of them again after 20 days. Product 1: ten bought it, nobody again.
    times = [2, 1] * 5 + [1] * 10
    past = history([{0}] * 10 + [{1}] * 10, 2, times=times, span=[20, 0] * 5 + [0] * 10, age=[10] * 20)
    rates = repurchase.repeat_rates(past)
    assert rates.tolist() == [(5 + 10 * 0.25) / 20, (0 + 10 * 0.25) / 20]
    # All gaps are 20 days, so shrinking them to each other changes nothing.
    again = repurchase.again(past)
    assert again.gap.tolist() == [20.0] * 20
    assert again.is_candidate.all()
    assert again.score[0] == pytest.approx(rates[0])


def test_what_nobody_buys_again_and_what_was_just_bought_is_not_offered_again() -> None:
    # Product 0 is bought again by all, product 1 by none of a hundred.
    people = [{0}] * 100 + [{1}] * 100
    past = history(people, 2, times=[2] * 100 + [1] * 100, span=[40] * 100 + [0] * 100, age=[5, 30] * 100)
    again = repurchase.again(past)
    assert again.is_candidate[:100].tolist() == [False, True] * 50
    assert not again.is_candidate[100:].any()


def test_without_any_repurchase_there_is_no_gap() -> None:
    again = repurchase.again(history([{0}, {1}]))
    assert np.isnan(again.gap).all()
    assert not again.is_candidate.any()


def test_accuracy_by_hand() -> None:
    bought = (np.array([0, 0, 1]), np.array([1, 2, 3]))
    listed = (np.array([0, 0, 1, 5]), np.array([1, 9, 4, 3]), np.array([1.0, 0.5, 1.0, 1.0]))
    assert evaluation.accuracy(bought, listed, products=10) == evaluation.Accuracy(2, 0.5, 0.25)
    none = (np.empty(0, dtype=np.int64),) * 2
    assert evaluation.accuracy(none, listed, products=10) == evaluation.Accuracy(0, None, None)
    assert not evaluation.Accuracy(0, None, None).is_enough


def test_only_the_first_ten_count() -> None:
    listed = (np.zeros(11, dtype=np.int64), np.arange(11), -np.arange(11.0))
    assert evaluation.accuracy((np.array([0]), np.array([10])), listed, products=11).hit_rate == 0
    assert evaluation.accuracy((np.array([0]), np.array([9])), listed, products=11).hit_rate == 1
