"""What a customer buys again: their own history, by how recently and often they did, and how repeatable it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from analytics.recommending.histories import Bools, Floats, History

# Customers whose worth of evidence the average of all products is given against a product's own.
PRIOR_BUYERS = 10
# Gaps whose worth of evidence the product's usual gap is given against the customer's own.
PRIOR_GAPS = 2
# Below this share of buyers who come back for it, a product that was bought once is not offered again.
REPEATED_BY = 0.1
# A product is not offered while less than this part of the usual gap has passed.
TOO_SOON = 0.25


@dataclass(frozen=True)
class Again:
    """By entry of a history. score: purchases by recency x repeat rate. gap: usual days between purchases.

    is_candidate: it is bought repeatedly, by this customer or by others, and not just now.
    """

    score: Floats
    gap: Floats
    is_candidate: Bools


def repeat_rates(history: History) -> Floats:
    """By product the share of buyers who bought it on a second day, shrunk to that of all (beta-binomial mean)."""
    buyers = history.buyers
    repeaters = np.bincount(history.product[history.times > 1], minlength=history.products)
    pooled = repeaters.sum() / max(1, buyers.sum())
    rates: Floats = (repeaters + PRIOR_BUYERS * pooled) / (buyers + PRIOR_BUYERS)
    return rates


def usual_gaps(history: History) -> Floats:
    """By entry the days from one purchase of the product to the next: own gaps, shrunk to all customers' gaps."""
    gaps = history.times - 1
    spans = np.bincount(history.product, weights=history.span, minlength=history.products)
    counts = np.bincount(history.product, weights=gaps, minlength=history.products)
    if counts.sum() == 0:
        return np.full(len(history), np.nan)
    pooled = spans.sum() / counts.sum()
    by_product = (spans + PRIOR_GAPS * pooled) / (counts + PRIOR_GAPS)
    usual: Floats = (history.span + PRIOR_GAPS * by_product[history.product]) / (gaps + PRIOR_GAPS)
    return usual


def again(history: History) -> Again:
    """Scores of what everybody bought before."""
    rates, gap = repeat_rates(history)[history.product], usual_gaps(history)
    repeated = (history.times > 1) | (rates >= REPEATED_BY)
    return Again(rates * history.weight, gap, repeated & ~(history.age < TOO_SOON * gap))


def by_frequency(history: History) -> Floats:
    """The baseline: most often first, among equals the most recent."""
    score: Floats = history.times + 1.0 / (2.0 + history.age)
    return score
