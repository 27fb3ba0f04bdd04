"""Which recommendations to give: each way is judged on what was bought after a cut, beside its baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from analytics.recommending import evaluation, neighbours, repurchase
from analytics.recommending.evaluation import Accuracy
from analytics.recommending.histories import History, Ints, from_columns

# What is bought in so many days after the cut is what recommendations are judged by.
HOLDOUT_DAYS = 30
# New products are judged on at most so many customers.
JUDGED = 20_000


@dataclass(frozen=True)
class Fit:
    """One way of recommending, with how it did, and whether it is the one to use."""

    name: str
    kind: str
    accuracy: Accuracy
    chosen: bool


@dataclass(frozen=True)
class Judgement:
    """How all ways did."""

    fits: tuple[Fit, ...]

    def chosen(self, kind: str) -> str:
        """The name of the way to use for `repurchase` or `new`."""
        return next(fit.name for fit in self.fits if fit.kind == kind and fit.chosen)


def judge(columns: dict[str, Any], customers: int, products: int) -> Judgement:
    """Fit on what was bought up to the cut, compare with what was bought after it (columns of history.sql)."""
    before = from_columns(columns, customers, products, before=True)
    after, known = np.asarray(columns["bought_after"], dtype=bool), np.asarray(columns["times_before"]) > 0
    pairs = np.asarray(columns["customer"], dtype=np.int64), np.asarray(columns["product"], dtype=np.int64)
    repeated = _judge_repurchase(before, _picked(pairs, after & known))
    return Judgement((*repeated, *_judge_new(before, _picked(pairs, after & ~known))))


def _picked(pairs: tuple[Ints, Ints], chosen: np.ndarray) -> tuple[Ints, Ints]:
    return pairs[0][chosen], pairs[1][chosen]


def _judge_repurchase(before: History, bought: tuple[Ints, Ints]) -> tuple[Fit, Fit]:
    def measured(score: np.ndarray) -> Accuracy:
        return evaluation.accuracy(bought, (before.customer, before.product, score), products=before.products)

    model, baseline = measured(repurchase.again(before).score), measured(repurchase.by_frequency(before))
    chosen = evaluation.better(model, baseline)
    return Fit("repurchase", "repurchase", model, chosen), Fit("own_frequency", "repurchase", baseline, not chosen)


def _judge_new(before: History, bought: tuple[Ints, Ints]) -> tuple[Fit, Fit]:
    """On customers who had bought before, of products that somebody had bought before; others cannot be recommended."""
    has_history = np.bincount(before.customer, minlength=before.customers) > 0
    has_buyers = before.buyers > 0
    people = np.unique(bought[0][has_history[bought[0]]])
    if len(people) > JUDGED:
        people = np.sort(np.random.default_rng(0).choice(people, JUDGED, replace=False))
    judged = np.zeros(before.customers, dtype=bool)
    judged[people] = True
    bought = _picked(bought, judged[bought[0]] & has_buyers[bought[1]])
    known = neighbours.nearest(neighbours.capped(before))
    some = before.where(judged[before.customer])
    allowed = np.ones(before.products, dtype=bool)

    def measured(ranked: list[neighbours.Ranked]) -> Accuracy:
        joined = neighbours.joined(ranked)
        return evaluation.accuracy(bought, (joined.customer, joined.product, joined.score), products=before.products)

    model = measured(list(neighbours.new_products(some, known, allowed, evaluation.AT)))
    baseline = measured(list(neighbours.popular_products(some, before.buyers, allowed, evaluation.AT)))
    chosen = evaluation.better(model, baseline)
    return Fit("item_item", "new", model, chosen), Fit("popular", "new", baseline, not chosen)
