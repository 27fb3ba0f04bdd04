"""Measures from the sums of their parts: values, intervals, reasons where there is none, changes."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

from analytics.intervals import wilson
from analytics.slicing.catalogue import Kind, Measure
from analytics.slicing.engine import Cells
from analytics.slicing.intervals import mean_interval

_PLACES = {
    Kind.COUNT: Decimal(1), Kind.MONEY: Decimal("0.01"), Kind.UNITS: Decimal("0.001"), Kind.SHARE: Decimal("0.0001"),
    Kind.RATIO: Decimal("0.0001"),
}  # fmt: skip
# What one of a part is written as: cents are hundredths.
_SCALE = {Kind.MONEY: 100, Kind.UNITS: 1000}


@dataclass(frozen=True)
class Value:
    """A measure of a cell: its value, or the reason why there is none; of how many; its 95% interval."""

    value: Decimal | None
    n: int
    low: Decimal | None = None
    high: Decimal | None = None
    reason: str | None = None
    interval_reason: str | None = None


def written(number: int | Fraction, kind: Kind) -> Decimal:
    """A sum, or a mean of sums, as it is shown; rounded half up."""
    exact = Fraction(number) / _SCALE.get(kind, 1)
    return _rounded(exact, _PLACES[kind])


def _rounded(exact: Fraction, places: Decimal) -> Decimal:
    """To the nearest, halves away from zero, in whole numbers: a Decimal would round what is longer than 28 digits."""
    steps = abs(exact) / Fraction(places)
    nearest = (2 * steps.numerator + steps.denominator) // (2 * steps.denominator)
    return (nearest if exact >= 0 else -nearest) * places


def value_of(measure: Measure, cells: Cells, code: int) -> Value:
    """The measure in one cell."""
    if any(part not in cells.parts for part in measure.parts):
        return Value(None, 0, reason="not_by_order")
    sums = [int(cells.parts[part][code]) for part in measure.parts]
    if not measure.over:
        return Value(written(sums[0], measure.kind), int(cells.parts["customers"][code]))
    total, n = sums
    is_count = measure.over in ("cost", "list_price")
    size = int(cells.parts["customers"][code]) if is_count else n
    if n == 0:
        return Value(None, size, reason=_missing(measure))
    exact = Fraction(total, n)
    value = written(exact, measure.kind)
    if measure.interval == "share":
        return _with(value, n, wilson(total, n), measure.kind, 1)
    if measure.interval == "mean":
        found = mean_interval(total, cells.squares[measure.name][code], n)
        return _with(value, n, found, measure.kind, _SCALE.get(measure.kind, 1))
    return Value(value, size)


def _missing(measure: Measure) -> str:
    """Why there is no value: nobody, or nothing, to divide by."""
    return {
        "cost": "no_cost", "list_price": "no_amount", "new_customers": "no_new_customers",
        "customers_before": "nobody_before", "valued_customers": "not_computed",
    }.get(measure.over, "not_enough_data")  # fmt: skip


def _with(value: Decimal, n: int, found: tuple[float, float] | None, kind: Kind, scale: int) -> Value:
    if found is None:
        return Value(value, n, interval_reason="not_enough_data")
    low, high = (Decimal(repr(bound / scale)).quantize(_PLACES[kind], ROUND_HALF_UP) for bound in found)
    return Value(value, n, low, high)


def as_json(measure: Measure, value: Value, before: Value | None, *, compare: bool) -> dict[str, Any]:
    """The wire form."""
    previous = before.value if before is not None else None
    change = value.value - previous if value.value is not None and previous is not None else None
    found: dict[str, Any] = {
        "measure": measure.name,
        "value": _text(value.value),
        "n": value.n,
        "low": _text(value.low),
        "high": _text(value.high),
        "reason": value.reason or value.interval_reason,
    }
    if compare:
        found |= {"previous": _text(previous), "change": _text(change)}
        if change is not None and previous:
            ratio = _rounded(Fraction(change) / Fraction(abs(previous)), Decimal("0.0001"))
            found["relative_change"] = _text(ratio)
    return found


def _text(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
