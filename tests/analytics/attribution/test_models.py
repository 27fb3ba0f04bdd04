"""Models of attribution: the published example, and random journeys against a slow and obvious computation."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analytics.attribution import markov, rules
from analytics.attribution.apportioning import apportioned
from analytics.attribution.journeys import Journeys

Path = tuple[tuple[int, ...], bool]

KEYS = 4
PATHS = st.lists(
    st.tuples(st.lists(st.integers(0, KEYS - 1), min_size=1, max_size=6).map(tuple), st.booleans()),
    min_size=1,
    max_size=12,
)
AGES = st.lists(st.floats(0, 400), min_size=72, max_size=72)


def journeys(paths: list[Path], ages: list[float] | None = None, keys: int = KEYS) -> Journeys:
    codes = [code for path, _ in paths for code in path]
    lengths = [len(path) for path, _ in paths]
    return Journeys(
        keys=keys,
        codes=np.array(codes, dtype=np.int64),
        ages=np.array((ages or [0.0] * len(codes))[: len(codes)], dtype=np.float64),
        first=np.cumsum([0, *lengths[:-1]]) if paths else np.zeros(0, dtype=np.int64),
        converted=np.array([converted for _, converted in paths], dtype=bool),
    )


def credit(model: str, paths: list[Path], ages: list[float] | None = None, keys: int = KEYS) -> list[float]:
    given_ = journeys(paths, ages, keys)
    return [float(x) for x in given_.by_key(rules.RULES[model](given_), np.ones(len(given_.first)))]


G, M = 0, 1
EXAMPLE: list[Path] = [((G,), True), ((G,), True), ((M,), True), ((G, M), True), ((G,), False)]


def test_the_example_by_hand() -> None:
    chain = markov.fit(journeys(EXAMPLE, keys=2))
    assert chain.conversion == pytest.approx(0.8)
    assert chain.effects == pytest.approx([0.75, 0.5])
    assert chain.shares is not None
    assert chain.shares * 4 == pytest.approx([2.4, 1.6])


def test_rules_by_hand() -> None:
    path: list[Path] = [((0, 1, 1, 2), True)]
    assert credit("first", path) == [1, 0, 0, 0]
    assert credit("last", path) == [0, 0, 1, 0]
    assert credit("linear", path) == [0.25, 0.5, 0.25, 0]
    assert credit("position", path) == pytest.approx([0.4, 0.2, 0.4, 0])
    assert credit("position", [((3,), True)]) == [0, 0, 0, 1]
    assert credit("position", [((3, 1), True)]) == [0, 0.5, 0, 0.5]
    assert credit("time_decay", [((0, 1), True)], [14.0, 7.0]) == pytest.approx([1 / 3, 2 / 3, 0, 0])
    # Much older than any half-life, and yet a whole conversion.
    assert credit("time_decay", [((0, 1), True)], [90000.0, 90000.0]) == [0.5, 0.5, 0, 0]


@given(paths=PATHS, ages=AGES)
@settings(max_examples=60, deadline=None)
def test_rules_are_what_one_adds_up_path_by_path(paths: list[Path], ages: list[float]) -> None:
    expected = {name: [0.0] * KEYS for name in rules.RULES}
    place = 0
    for path, converted in paths:
        mine = ages[place : place + len(path)]
        place += len(path)
        if not converted:
            continue
        expected["first"][path[0]] += 1
        expected["last"][path[-1]] += 1
        decay = [2.0 ** ((min(mine) - age) / 7) for age in mine]
        for at, code in enumerate(path):
            expected["linear"][code] += 1 / len(path)
            expected["time_decay"][code] += decay[at] / sum(decay)
            ends = at in (0, len(path) - 1)
            within = 0.4 if ends else 0.2 / (len(path) - 2)
            expected["position"][code] += 1 / len(path) if len(path) <= 2 else within
    for name, values in expected.items():
        assert credit(name, paths, ages) == pytest.approx(values, abs=1e-9)
        assert sum(values) == pytest.approx(sum(converted for _, converted in paths))


@given(paths=PATHS)
@settings(max_examples=80, deadline=None)
def test_removal_is_what_solving_the_chain_without_the_key_gives(paths: list[Path]) -> None:
    chain = markov.fit(journeys(paths))
    whole = conversion_without(paths, None)
    assert chain.conversion == pytest.approx(float(whole), abs=1e-9)
    if not whole:
        assert chain.shares is None
        return
    for key in range(KEYS):
        assert chain.effects[key] == pytest.approx(float(1 - conversion_without(paths, key) / whole), abs=1e-9)
    assert chain.shares is not None
    assert chain.shares.sum() == pytest.approx(1)


def conversion_without(paths: list[Path], removed: int | None) -> Fraction:
    """The chance of a conversion with a key removed, exactly, by elimination on fractions."""
    counts: dict[tuple[object, object], int] = {}
    for path, converted in paths:
        states: list[object] = ["start", *path, "conversion" if converted else "nothing"]
        for origin, target in pairwise(states):
            counts[origin, target] = counts.get((origin, target), 0) + 1
    states = ["start", *range(KEYS)]
    size = len(states)
    rows = []
    for origin in states:
        total = sum(n for (o, _), n in counts.items() if o == origin)
        row = [Fraction(counts.get((origin, target), 0), total or 1) for target in states]
        row = [Fraction(0) if target == removed else part for part, target in zip(row, states, strict=True)]
        identity = [Fraction(int(origin == target)) for target in states]
        rows.append([i - part for i, part in zip(identity, row, strict=True)])
        rows[-1].append(Fraction(counts.get((origin, "conversion"), 0), total or 1))
    for at in range(size):
        pivot = next(i for i in range(at, size) if rows[i][at])
        rows[at], rows[pivot] = rows[pivot], rows[at]
        rows[at] = [value / rows[at][at] for value in rows[at]]
        for i in range(size):
            if i != at and rows[i][at]:
                rows[i] = [a - rows[i][at] * b for a, b in zip(rows[i], rows[at], strict=True)]
    return rows[0][-1]


def test_nothing_converted_is_no_credit_to_anybody() -> None:
    assert markov.fit(journeys([((0, 1), False)])).shares is None
    assert markov.fit(journeys([])).conversion == 0
    assert credit("time_decay", []) == [0] * KEYS


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="half-life"):
        rules.time_decay(journeys([((0,), True)]), half_life=0)
    with pytest.raises(ValueError, match="without a key"):
        journeys([((9,), True)])
    with pytest.raises(ValueError, match="every journey has a touch"):
        Journeys(1, np.zeros(1, int), np.zeros(1), np.array([0, 1]), np.zeros(2, bool))


@given(parts=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_apportioned_parts_add_up_and_are_near(parts: list[float]) -> None:
    total = round(sum(parts))
    found = apportioned(np.array(parts), total)
    assert found.sum() == total
    assert np.abs(found - np.array(parts)).max() <= 2


def test_apportioning_gives_the_rest_to_the_largest_then_to_the_first() -> None:
    assert list(apportioned(np.array([1 / 3, 1 / 3, 1 / 3]), 1)) == [1, 0, 0]
    assert list(apportioned(np.array([0.2, 1.7, 0.1]), 2)) == [0, 2, 0]
    assert list(apportioned(np.zeros(0), 0)) == []
    with pytest.raises(ValueError, match="without parts"):
        apportioned(np.zeros(0), 1)
