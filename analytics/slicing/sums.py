"""Exact sums of whole numbers by group."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from analytics.slicing.catalogue import ABSENT

Ints = NDArray[Any]
# Doubles hold whole numbers up to here exactly.
_EXACT = 2**53
_HALF = 20
# As many cells of a table are written into directly; beyond it what is there is sorted.
DENSE = 1 << 26
DENSE_SUMS = 1 << 24


def present(values: Ints) -> Ints:
    """Nulls as 0, where the column can hold any."""
    return np.where(values == ABSENT, 0, values) if values.dtype == np.int64 else values


def sums(groups: Ints, values: Ints, count: int) -> Ints:
    """The sum of `values` by group (0 to count-1), as int64. Raises OverflowError where it could not be exact."""
    if not len(values):
        return np.zeros(count, dtype=np.int64)
    largest = max(abs(int(values.max())), abs(int(values.min())))
    if largest * len(values) < _EXACT:
        return np.bincount(groups, weights=values, minlength=count).astype(np.int64)
    if largest * len(values) >= 2**63:
        raise OverflowError("sums beyond 64 bits")
    found = np.zeros(count, dtype=np.int64)
    np.add.at(found, groups, values.astype(np.int64))
    return found


def squares(groups: Ints, values: Ints, count: int) -> list[int]:
    """The sum of the squares by group: exact, in two halves, since doubles would round them."""
    if not len(values):
        return [0] * count
    largest = max(abs(int(values.max())), abs(int(values.min())))
    if largest >= 3_000_000_000 or (largest * largest >> _HALF) * len(values) >= _EXACT:
        found = [0] * count
        for group, value in zip(groups.tolist(), values.tolist(), strict=True):
            found[group] += value * value
        return found
    each = values.astype(np.int64) ** 2
    high = np.bincount(groups, weights=each >> _HALF, minlength=count)
    low = np.bincount(groups, weights=each & ((1 << _HALF) - 1), minlength=count)
    return [(int(h) << _HALF) + int(w) for h, w in zip(high.tolist(), low.tolist(), strict=True)]


def distinct(groups: Ints, members: Ints, count: int, size: int) -> tuple[Ints, Ints]:
    """The pairs (group, member) that occur, each once, in order; groups below `count`, members below `size`."""
    key = groups.astype(np.int64) * size + members
    if count * size <= DENSE:
        seen = np.zeros(count * size, dtype=bool)
        seen[key] = True
        found = np.flatnonzero(seen)
    else:
        found = _once(key, count * size)
    return found // size, found % size


def _once(keys: Ints, limit: int) -> Ints:
    """The keys below a limit, each once, in order. Sorting 32 bits takes a third of the time."""
    ordered = np.sort(keys.astype(np.uint32) if limit < 2**32 else keys)
    return ordered[_changes(ordered)].astype(np.int64)


def _changes(ordered: Ints) -> Ints:
    """Where another value begins."""
    first = np.ones(len(ordered), dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return first


def counted(groups: Ints, members: Ints, count: int, size: int) -> Ints:
    """How many members each group has."""
    if count * size <= DENSE:
        seen = np.zeros(count * size, dtype=bool)
        seen[groups.astype(np.int64) * size + members] = True
        found: Ints = np.count_nonzero(seen.reshape(count, size), axis=1)
        return found
    return np.bincount(distinct(groups, members, count, size)[0], minlength=count)


def by_pair(groups: Ints, members: Ints, values: Ints, count: int, size: int) -> tuple[Ints, Ints]:
    """The groups of the pairs that occur, and the sum of `values` of each."""
    key = groups.astype(np.int64) * size + members
    if count * size <= DENSE_SUMS:
        there = np.bincount(key, minlength=count * size) > 0
        return np.flatnonzero(there) // size, sums(key, values, count * size)[there]
    order = np.argsort(key)
    ordered = key[order]
    starts = np.flatnonzero(_changes(ordered))
    if not len(starts):
        return starts, starts
    return ordered[starts] // size, np.add.reduceat(values[order].astype(np.int64), starts)
