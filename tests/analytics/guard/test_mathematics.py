"""Power, intervals, tests and shrinkage against published figures and SciPy."""

from __future__ import annotations

import math
import random

import pytest
from scipy import stats

from analytics import distributions, intervals
from analytics.guard import Demand, Sample, estimates, judge, power
from analytics.guard.verdicts import NOT_DIFFERENT, TOO_SMALL, TOO_UNCERTAIN, VIABLE


# The base rates of the MineThatData e-mail test (Hillstrom 2008): 122 buyers and 2,262 visitors of 21,306.
@pytest.mark.parametrize(("base", "lift", "published"), [(2262 / 21306, 0.1, 13_791), (0.05, 0.2, 8_155)])
def test_customers_per_arm(base: float, lift: float, published: int) -> None:
    assert power.customers_per_arm(base, lift) == published


def test_customers_per_arm_of_a_rare_outcome_within_the_rounding_of_its_base() -> None:
    found = power.customers_per_arm(122 / 21306, 0.2)
    assert found == pytest.approx(74_912, abs=1)


def test_power_is_what_was_asked_for() -> None:
    n = power.customers_per_arm(0.05, 0.2)
    assert n is not None
    assert power.power_of_rates(0.05, 0.2, n) == pytest.approx(0.8, abs=1e-3)


@pytest.mark.parametrize("freedom", [1, 2.5, 7, 30, 1e4])
@pytest.mark.parametrize("t", [0.01, 0.5, 1.96, 4, 12])
def test_student(t: float, freedom: float) -> None:
    assert distributions.student_two_sided(t, freedom) == pytest.approx(2 * stats.t.sf(t, freedom), rel=1e-9)
    assert distributions.student_quantile(0.95, freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-9)


@pytest.mark.parametrize(("x", "n"), [(0, 10), (10, 10), (3, 17), (122, 21306)])
def test_wilson(x: int, n: int) -> None:
    ours = intervals.wilson(x, n)
    theirs = stats.binomtest(x, n).proportion_ci(method="wilson")
    assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_welch() -> None:
    source = random.Random(3)
    a, b = [source.gauss(10, 3) for _ in range(40)], [source.gauss(11, 8) for _ in range(23)]
    one, other = _sample(a), _sample(b)
    assert one.mean is not None
    assert other.mean is not None
    ours = estimates.compare_means(one.mean, one.variance, one.n, other.mean, other.variance, other.n)
    assert ours == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue, rel=1e-9)


def test_benjamini_hochberg_agrees_with_scipy_and_leaves_out_what_was_not_compared() -> None:
    values = [0.01, None, 0.04, 0.03, 0.005, 1.0, None]
    known = [value for value in values if value is not None]
    expected = iter(stats.false_discovery_control(known))
    found = estimates.benjamini_hochberg(values)
    for value, q in zip(values, found, strict=True):
        assert (q is None) if value is None else q == pytest.approx(next(expected))


def test_small_groups_are_shrunk_to_their_parent_more_than_large_ones() -> None:
    small = estimates.shrunk_rate(3, 10, 0.1, 0.0004)
    large = estimates.shrunk_rate(300, 1000, 0.1, 0.0004)
    assert 0.1 < small < large < 0.3
    assert estimates.shrunk_rate(3, 10, 0.1, 0.0) == 0.1


ALL = Sample.of_rate(1_000_000, 50_000)


@pytest.mark.parametrize(
    ("group", "verdict"),
    [
        (Sample.of_rate(0, 0), TOO_SMALL),
        (Sample.of_rate(1, 1), TOO_SMALL),
        (Sample.of_rate(5_000, 400), TOO_SMALL),
        (Sample.of_rate(20_000, 0), TOO_UNCERTAIN),
        (Sample.of_rate(20_000, 20_000), TOO_UNCERTAIN),
        (Sample.of_rate(40_000, 2_000), NOT_DIFFERENT),
        (Sample.of_rate(40_000, 3_000), VIABLE),
        (ALL, NOT_DIFFERENT),
    ],
)
def test_verdicts(group: Sample, verdict: str) -> None:
    (found,) = judge([(group, [ALL])], Demand())
    assert found.verdict == verdict
    assert (found.alternative is None) == (verdict == VIABLE)
    assert found.interval is None or all(map(math.isfinite, found.interval))
    if group.n < 100:
        assert found.estimate is None
        assert found.interval is None
        assert found.power is None


def test_nobody_at_all() -> None:
    nobody = Sample.of_rate(0, 0)
    (found,) = judge([(nobody, [nobody])], Demand())
    assert found.verdict == TOO_SMALL
    assert found.shrunk is None
    assert found.alternative is not None
    assert found.alternative.steps is None


def test_values_that_are_all_equal() -> None:
    group, parent = Sample(500, 5000.0, 50_000.0, False), Sample(5000, 50_000.0, 500_000.0, False)
    (found,) = judge([(group, [parent])], Demand())
    assert found.verdict == TOO_UNCERTAIN
    assert found.p_value is None


def test_the_nearest_group_above_that_will_do_is_the_alternative() -> None:
    (found,) = judge([(Sample.of_rate(50, 5), [Sample.of_rate(900, 60), ALL])], Demand())
    assert found.alternative is not None
    assert found.alternative.steps == 1


def test_under_the_null_few_are_called_different() -> None:
    """Where no group differs, at most about alpha of the families hold any finding (simulated, 400 families of 10)."""
    source, families = random.Random(11), 0
    for _ in range(400):
        rest = _binomial(source, 40_000, 0.1)
        groups = []
        for _ in range(10):
            x = _binomial(source, 20_000, 0.1)
            groups.append((Sample.of_rate(20_000, x), [Sample.of_rate(60_000, x + rest)]))
        families += any(item.verdict == VIABLE for item in judge(groups, Demand()))
    assert families / 400 < 0.08


def test_false_findings_are_few_among_findings() -> None:
    source, found, false = random.Random(12), 0, 0
    for _ in range(200):
        rest = _binomial(source, 40_000, 0.1)
        groups = []
        for index in range(10):
            x = _binomial(source, 20_000, 0.11 if index < 3 else 0.1)
            groups.append((Sample.of_rate(20_000, x), [Sample.of_rate(60_000, x + rest)]))
        for index, item in enumerate(judge(groups, Demand())):
            found += item.verdict == VIABLE
            false += item.verdict == VIABLE and index >= 3
    assert found > 400
    assert false / found < 0.08


def _sample(values: list[float]) -> Sample:
    return Sample(len(values), sum(values), sum(value * value for value in values), False)


def _binomial(source: random.Random, n: int, p: float) -> int:
    """By the normal distribution, which is close enough at these sizes."""
    return round(source.gauss(n * p, math.sqrt(n * p * (1 - p))))
