"""The triangle of cohorts: what each did in every period up to now. Cells that cannot exist yet are not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from analytics.cohorts.calendar import first_day, is_over, number
from analytics.intervals import wilson

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Activity:
    """What a cohort did in one period. Amounts are of orders in the base currency; null where no order has one."""

    active: int = 0
    orders: int = 0
    other_currency_orders: int = 0
    margin_orders: int = 0
    revenue: Decimal | None = ZERO
    margin: Decimal | None = ZERO


@dataclass(frozen=True)
class Cell:
    """One period of one cohort; `offset` periods after its first. Shares are 0 to 1, with a 95% score interval.

    complete: the period is over. Of one that goes on, all figures may still grow.
    cumulative_revenue, cumulative_margin: from the cohort's first period to this one; their `_per_customer` are of
    everybody in the cohort, active or not.
    """

    period: date
    offset: int
    complete: bool
    activity: Activity
    retention: float | None
    interval: tuple[float, float] | None
    cumulative_revenue: Decimal | None
    cumulative_margin: Decimal | None
    revenue_per_customer: Decimal | None
    margin_per_customer: Decimal | None


@dataclass(frozen=True)
class Cohort:
    """Those who began in one period. complete: that period is over, and nobody can join any more."""

    cohort: date
    customers: int
    complete: bool
    cells: tuple[Cell, ...]


@dataclass
class Pooled:
    """All cohorts at the same age, of which only periods that are over count."""

    offset: int
    cohorts: int = 0
    customers: int = 0
    active: int = 0
    interval: tuple[float, float] | None = field(default=None, init=False)

    @property
    def retention(self) -> float | None:
        return self.active / self.customers if self.customers else None


def triangle(
    sizes: Mapping[date, int],
    activities: Mapping[tuple[date, date], Activity],
    *,
    granularity: str,
    as_of: datetime,
) -> tuple[Cohort, ...]:
    """Every cohort with every period from its own to that of `as_of`; where nobody bought, the cell says 0.

    sizes: how many began in each period. activities: by cohort and period. granularity: month, quarter or year.
    """
    last = number(as_of.astimezone(UTC).date(), granularity)
    found = []
    for start in sorted(sizes):
        begun = number(start, granularity)
        cells = _cells(start, sizes[start], range(begun, last + 1), activities, granularity, as_of)
        found.append(Cohort(start, sizes[start], is_over(begun, granularity, as_of), tuple(cells)))
    return tuple(found)


def _cells(
    start: date,
    size: int,
    periods: range,
    activities: Mapping[tuple[date, date], Activity],
    granularity: str,
    as_of: datetime,
) -> Iterable[Cell]:
    revenue: Decimal | None = None
    margin: Decimal | None = None
    for offset, period in enumerate(periods):
        day = first_day(period, granularity)
        activity = activities.get((start, day), Activity())
        revenue, margin = _added(revenue, activity.revenue), _added(margin, activity.margin)
        yield Cell(
            period=day,
            offset=offset,
            complete=is_over(period, granularity, as_of),
            activity=activity,
            retention=activity.active / size if size else None,
            interval=wilson(activity.active, size),
            cumulative_revenue=revenue,
            cumulative_margin=margin,
            revenue_per_customer=_each(revenue, size),
            margin_per_customer=_each(margin, size),
        )


def pooled(cohorts: Iterable[Cohort]) -> list[Pooled]:
    """Retention by age, over all cohorts that have lived through it whole: the mean weighted by their customers."""
    ages: dict[int, Pooled] = {}
    for cohort in cohorts:
        for cell in cohort.cells:
            if cell.complete:
                age = ages.setdefault(cell.offset, Pooled(cell.offset))
                age.cohorts += 1
                age.customers += cohort.customers
                age.active += cell.activity.active
    for age in ages.values():
        age.interval = wilson(age.active, age.customers)
    return [ages[offset] for offset in sorted(ages)]


def _added(before: Decimal | None, amount: Decimal | None) -> Decimal | None:
    if before is None or amount is None:
        return before if amount is None else amount
    return before + amount


def _each(amount: Decimal | None, size: int) -> Decimal | None:
    return None if amount is None or not size else (amount / size).quantize(CENT, ROUND_HALF_UP)
