"""The graph of referrals: exact totals of what is downstream, and PageRank."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# As in Brin & Page 1998.
DAMPING = 0.85
TOLERANCE = 1e-12
ROUNDS = 1_000


def downstream(parent: Ints, values: Ints) -> Ints:
    """By node the sums of whole-number `values` (nodes x measures) over all whom it brought, however indirectly.

    parent: who brought a node, -1 for nobody. A node is counted once, and never for itself, also where people brought
    each other in a circle: each member of a circle then has all the others, and all that they brought.
    """
    below = np.zeros_like(values)
    waiting = np.bincount(parent[parent >= 0], minlength=len(parent))
    left = np.ones(len(parent), dtype=bool)
    leaves = np.flatnonzero(waiting == 0)
    while len(leaves):
        left[leaves] = False
        brought = leaves[parent[leaves] >= 0]
        above = parent[brought]
        np.add.at(below, above, values[brought] + below[brought])
        np.subtract.at(waiting, above, 1)
        above = np.unique(above)
        leaves = above[waiting[above] == 0]
    for circle in _circles(parent, left):
        whole = (values[circle] + below[circle]).sum(axis=0)
        below[circle] = whole - values[circle]
    return below


def _circles(parent: Ints, left: NDArray[np.bool_]) -> list[Ints]:
    """What is left after all trees were taken off: circles, each of its nodes in order."""
    seen: set[int] = set()
    found = []
    for start in np.flatnonzero(left).tolist():
        circle = []
        node = start
        while node not in seen:
            seen.add(node)
            circle.append(node)
            node = int(parent[node])
        if circle:
            found.append(np.array(circle, dtype=np.int64))
    return found


def page_rank(nodes: int, referred: Ints, referrer: Ints) -> Floats:
    """PageRank of edges from the referred to the referrer; sums to 1. Who was brought by nobody gives to all alike.

    Power iteration until the change is below TOLERANCE in sum, at most ROUNDS times; edges may be repeated.
    """
    if nodes == 0:
        return np.empty(0)
    outgoing = np.bincount(referred, minlength=nodes)
    nowhere = outgoing == 0
    rank = np.full(nodes, 1.0 / nodes)
    for _ in range(ROUNDS):
        passed = np.bincount(referrer, weights=rank[referred] / outgoing[referred], minlength=nodes)
        following = (1 - DAMPING) / nodes + DAMPING * (passed + rank[nowhere].sum() / nodes)
        change = np.abs(following - rank).sum()
        rank = following
        if change < TOLERANCE:
            break
    return rank


def scores(value: Ints, rank: Floats) -> Floats:
    """From 1 for the first down to 1/n for the last: by value, then by PageRank, then the earlier node."""
    order = np.lexsort((np.arange(len(value)), -np.round(rank, 12), -value))
    found = np.empty(len(value))
    found[order] = 1 - np.arange(len(value)) / max(1, len(value))
    return found
