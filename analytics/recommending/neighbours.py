"""Which products go together: cosine of the sets of their buyers (Sarwar et al. 2001, section 3.1, on 0/1 purchases).

A pair seen few times says little: the cosine is taken times n / (n + 20) for n common buyers (shrinkage of Bell & Koren
2007), and pairs with fewer than three common buyers are left out. Memory is bounded: products are taken in blocks, each
keeps its 20 nearest, and of a customer at most the 100 products with most weight count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from analytics.recommending.histories import Bools, Floats, History, Ints, best_per_customer

SHRINKAGE = 20
COMMON_BUYERS = 3
NEAREST = 20
PER_CUSTOMER = 100
_PRODUCTS_AT_ONCE = 1_000
_ENTRIES_AT_ONCE = 4_000_000
_CUSTOMERS_AT_ONCE = 50_000


@dataclass(frozen=True)
class Neighbours:
    """The nearest products of each: those of product i are the places `starts[i]` to `starts[i + 1]`."""

    starts: Ints
    product: Ints
    cosine: Floats


@dataclass(frozen=True)
class Ranked:
    """Products for customers, by customer from best to worst; `because` is the product that speaks most for it."""

    customer: Ints
    product: Ints
    score: Floats
    because: Ints


_NO_INTS: Ints = np.empty(0, dtype=np.int64)
_NOTHING = Ranked(_NO_INTS, _NO_INTS, np.empty(0), _NO_INTS)


def joined(parts: Iterable[Ranked]) -> Ranked:
    """Parts in one."""
    listed = [_NOTHING, *parts]
    return Ranked(
        customer=np.concatenate([each.customer for each in listed]),
        product=np.concatenate([each.product for each in listed]),
        score=np.concatenate([each.score for each in listed]),
        because=np.concatenate([each.because for each in listed]),
    )


def capped(history: History) -> History:
    """At most the PER_CUSTOMER products of a customer with most weight."""
    if len(history) == 0 or np.bincount(history.customer).max() <= PER_CUSTOMER:
        return history
    chosen = np.zeros(len(history), dtype=bool)
    chosen[best_per_customer(history.customer, history.product, history.weight, PER_CUSTOMER)] = True
    return history.where(chosen)


def nearest(history: History) -> Neighbours:
    """The neighbours of every product, given what customers bought (see `capped`)."""
    ones = np.ones(len(history), dtype=np.int32)
    shape = (history.customers, history.products)
    bought = sparse.csr_matrix((ones, (history.customer, history.product)), shape=shape)
    by_product = bought.tocsc()
    buyers = history.buyers.astype(np.float64)
    parts: list[tuple[Ints, Ints, Floats]] = []
    for first in range(0, history.products, _PRODUCTS_AT_ONCE):
        common = (by_product[:, first : first + _PRODUCTS_AT_ONCE].T @ bought).tocoo()
        row, other, count = common.row.astype(np.int64) + first, common.col.astype(np.int64), common.data
        kept = (row != other) & (count >= COMMON_BUYERS)
        row, other, count = row[kept], other[kept], count[kept].astype(np.float64)
        cosine = count / np.sqrt(buyers[row] * buyers[other]) * (count / (count + SHRINKAGE))
        best = best_per_customer(row, other, cosine, NEAREST)
        parts.append((row[best], other[best], cosine[best]))
    found = joined(Ranked(row, other, cosine, other) for row, other, cosine in parts)
    starts = np.searchsorted(found.customer, np.arange(history.products + 1))
    return Neighbours(starts.astype(np.int64), found.product, found.score)


def new_products(history: History, known: Neighbours, allowed: Bools, limit: int) -> Iterator[Ranked]:
    """For each customer the `limit` products that they have not bought with the greatest sum of cosines to those they
    have; only products that are `allowed` (by product). In parts, each of whole customers."""
    sizes = known.starts[history.product + 1] - known.starts[history.product]
    for first, after in _blocks(history.customer, sizes):
        part = slice(first, after)
        size = sizes[part]
        entry = np.repeat(np.arange(first, after), size)
        within = np.arange(len(entry)) - np.repeat(np.cumsum(size) - size, size)
        at = known.starts[history.product[entry]] + within
        customer, because = history.customer[entry], history.product[entry]
        product, cosine = known.product[at], known.cosine[at]
        kept = allowed[product] & ~_is_bought(history, customer, product, part)
        yield _best(customer[kept], product[kept], because[kept], cosine[kept], limit)


def _blocks(customer: Ints, sizes: Ints) -> Iterator[tuple[int, int]]:
    """Bounds of blocks of whole customers whose sizes add up to about _ENTRIES_AT_ONCE."""
    first = 0
    total = np.cumsum(sizes)
    while first < len(customer):
        reached = int(np.searchsorted(total, (total[first - 1] if first else 0) + _ENTRIES_AT_ONCE))
        last = min(reached, len(customer) - 1)
        after = int(np.searchsorted(customer, customer[last], side="right"))
        yield first, after
        first = after


def _is_bought(history: History, customer: Ints, product: Ints, part: slice) -> Bools:
    """Whether these pairs are among the entries of the block; entries are sorted, so that is a search."""
    own = history.customer[part] * history.products + history.product[part]
    wanted = customer * history.products + product
    place = np.minimum(np.searchsorted(own, wanted), max(0, len(own) - 1))
    found: Bools = own[place] == wanted if len(own) else np.zeros(len(wanted), dtype=bool)
    return found


def _best(customer: Ints, product: Ints, because: Ints, cosine: Floats, limit: int) -> Ranked:
    if len(customer) == 0:
        return _NOTHING
    # Among equal cosines the smaller product speaks for it; sums run in one fixed order.
    order = np.lexsort((because, -cosine, product, customer))
    customer, product, because, cosine = customer[order], product[order], because[order], cosine[order]
    starts = np.flatnonzero(np.r_[True, (customer[1:] != customer[:-1]) | (product[1:] != product[:-1])])
    score = np.add.reduceat(cosine, starts)
    best = best_per_customer(customer[starts], product[starts], score, limit)
    at = starts[best]
    return Ranked(customer[at], product[at], score[best], because[at])


def popular_products(history: History, buyers: Ints, allowed: Bools, limit: int) -> Iterator[Ranked]:
    """The baseline: for each customer the products with most buyers (given by product) that they have not bought.

    In parts, as above. Looked for among the 10 x limit most bought, so somebody who has nearly all of those gets fewer.
    """
    buyers = np.where(allowed, buyers, 0)
    top = np.lexsort((np.arange(history.products), -buyers))[: 10 * limit]
    top = top[buyers[top] > 0]
    place = np.full(history.products, -1)
    place[top] = np.arange(len(top))
    people = np.unique(history.customer)
    for first in range(0, len(people), _CUSTOMERS_AT_ONCE):
        some = people[first : first + _CUSTOMERS_AT_ONCE]
        part = slice(*np.searchsorted(history.customer, [some[0], some[-1] + 1]))
        open_ = np.ones((len(some), len(top)), dtype=bool)
        among = place[history.product[part]]
        row = np.searchsorted(some, history.customer[part])
        open_[row[among >= 0], among[among >= 0]] = False
        open_ &= np.cumsum(open_, axis=1) <= limit
        at, column = np.nonzero(open_)
        product = top[column]
        yield Ranked(some[at], product, buyers[product] / history.customers, np.full(len(product), -1))
