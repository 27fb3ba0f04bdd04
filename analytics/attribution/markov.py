"""Attribution by removal effects in an absorbing Markov chain (Anderl, Becker, von Wangenheim & Schumann 2016)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, identity
from scipy.sparse.linalg import splu

from analytics.attribution.journeys import Floats, Integers, Journeys

_BLOCK = 256


@dataclass(frozen=True)
class Chain:
    """What was found: how likely a journey converts, and by which share less if a key were not there (keys)."""

    conversion: float
    effects: Floats

    @property
    def shares(self) -> Floats | None:
        """The part of all conversions that each key is credited with; None where nothing converted."""
        total = float(self.effects.sum())
        return self.effects / total if total > 0 else None


def fit(journeys: Journeys) -> Chain:
    """The chain of first order over the keys, from the start to a conversion or to nothing, loops included.

    A key is removed by letting every transition to it end in nothing (Anderl et al. 2016). With N the inverse of I - Q
    (Kemeny & Snell 1960, Finite Markov Chains, chapter 3), p the first steps and x = N c the conversion from each key,
    what is lost are the conversions that pass the key: P(ever at k) x_k, where P(ever at k) = (p N)_k / N_kk.
    """
    keys = journeys.keys
    if not len(journeys.codes) or not journeys.converted.any():
        return Chain(0.0, np.zeros(keys))
    ends = np.append(journeys.first[1:], len(journeys.codes)) - 1
    starts = _shares_of(journeys.codes[journeys.first], keys) / len(journeys.first)
    visits = np.bincount(journeys.codes, minlength=keys)
    seen = np.maximum(visits, 1).astype(np.float64)
    converting = _shares_of(journeys.codes[ends[journeys.converted]], keys) / seen
    # Everything but the last touch of a journey is followed by the next.
    inner = np.ones(len(journeys.codes), dtype=bool)
    inner[ends] = False
    origin = journeys.codes[inner]
    target = journeys.codes[np.flatnonzero(inner) + 1]
    pairs, counts = np.unique(origin * keys + target, return_counts=True)
    weights = counts / seen[pairs // keys]
    steps = csc_array((weights, (pairs // keys, pairs % keys)), shape=(keys, keys))
    return _solve(steps, starts, converting)


def _shares_of(codes: Integers, keys: int) -> Floats:
    return np.bincount(codes, minlength=keys).astype(np.float64)


def _solve(steps: csc_array, starts: Floats, converting: Floats) -> Chain:
    keys = len(starts)
    solver = splu(csc_array(identity(keys, format="csc") - steps))
    conversion_from = solver.solve(converting)
    expected_visits = solver.solve(starts, trans="T")
    returns = np.empty(keys)
    for begin in range(0, keys, _BLOCK):
        end = min(begin + _BLOCK, keys)
        unit = np.zeros((keys, end - begin))
        unit[np.arange(begin, end), np.arange(end - begin)] = 1.0
        returns[begin:end] = solver.solve(unit)[np.arange(begin, end), np.arange(end - begin)]
    conversion = float(starts @ conversion_from)
    passing = expected_visits / returns * conversion_from
    return Chain(conversion, np.clip(passing / conversion, 0.0, 1.0))
