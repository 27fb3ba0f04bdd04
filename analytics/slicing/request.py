"""What a caller asks of slices, checked: every fault by its place in the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import ceil
from typing import Any

from analytics.slicing import catalogue
from analytics.slicing.catalogue import MEASURES, Measure
from core.criteria.durations import Span, parse_period, parse_span, period
from core.errors import FieldError, Invalid
from core.registry.types import TypeFault

_CLOSEST = timedelta(microseconds=1)
Bounds = tuple[datetime | None, datetime]


@dataclass(frozen=True)
class Period:
    """The time that is looked at, as of a moment: days from and to, the last so long, or a period of the calendar."""

    as_of: datetime
    first: datetime | None = None
    end: datetime | None = None
    last: Span | None = None
    unit: str | None = None
    shift: int = 0

    def bounds(self, back: int = 0) -> Bounds | None:
        """The first moment, and the first after it, of the period so many back; None where there is none before."""
        now = self.as_of + _CLOSEST
        if self.last is not None:
            end = self.as_of
            for _ in range(back):
                end = self.last.before(end)
            return self.last.before(end) + _CLOSEST, end + _CLOSEST
        if self.unit is not None:
            start, end = period(self.unit, self.as_of, self.shift - back)
            if self.shift:
                return start, end
            # As far into the earlier one as this one has come.
            this = period(self.unit, self.as_of)[0]
            return start, min(end, start + (now - this))
        if back == 0:
            return self.first, min(now, self.end or now)
        if self.first is None:
            return None
        length = (self.end or now) - self.first
        return self.first - back * length, self.first - (back - 1) * length


@dataclass(frozen=True)
class Request:
    """A slice that can be answered."""

    dimensions: tuple[str, ...]
    measures: tuple[Measure, ...]
    period: Period
    compare: bool = False
    threshold: int | None = None
    order_by: str | None = None
    limit: int = 1000
    minimum: int = 0


def read(
    *,
    at: datetime,
    dimensions: Sequence[str] | None,
    measures: Sequence[str] | None,
    period: Mapping[str, Any] | None,
    as_of: datetime | None,
    compare: bool,
    threshold: Decimal | None,
    order_by: str | None,
    limit: int | None,
    minimum: int | None,
) -> Request:
    """The request. Raises Invalid with the place of every fault. Which dimensions there are the store knows."""
    errors: list[FieldError] = []
    asked = tuple(dimensions or ())
    if len(asked) > catalogue.MAX_DIMENSIONS:
        errors.append(FieldError("/dimensions", "too_many", f"May be at most {catalogue.MAX_DIMENSIONS}."))
    found = _measures(measures or catalogue.DEFAULT_MEASURES, errors)
    for where, names in (("dimensions", asked), ("measures", tuple(measures or ()))):
        errors += [
            FieldError(f"/{where}/{index}", "duplicate", "Is named twice.")
            for index, name in enumerate(names)
            if name in names[:index]
        ]
    if as_of is not None and as_of > at:
        errors.append(FieldError("/as_of", "in_the_future", "Must not be in the future."))
    if threshold is not None and threshold <= 0:
        errors.append(FieldError("/first_order_threshold", "out_of_range", "Must be more than 0."))
    when = _period(period or {}, as_of or at, errors)
    if compare and when.bounds(1) is None:
        errors.append(FieldError("/compare", "needs_period", "Needs a period that has one before it."))
    if order_by is not None and order_by.removeprefix("-") not in {*asked, *(item.name for item in found)}:
        errors.append(FieldError("/order_by", "unknown_order", "Must be one of the dimensions or measures asked for."))
    if errors:
        raise Invalid(errors)
    cents = None if threshold is None else ceil(threshold * 100)
    return Request(asked, found, when, compare, cents, order_by, limit or 1000, minimum or 0)


def _measures(names: Sequence[str], errors: list[FieldError]) -> tuple[Measure, ...]:
    for index, name in enumerate(names):
        if name not in MEASURES:
            errors.append(
                FieldError(f"/measures/{index}", "unknown_measure", f"Must be one of: {', '.join(sorted(MEASURES))}.")
            )
    return tuple(MEASURES[name] for name in names if name in MEASURES)


def _period(given: Mapping[str, Any], as_of: datetime, errors: list[FieldError]) -> Period:
    said = {name: value for name, value in given.items() if value is not None}
    forms = [form for form in ({"from", "to"}, {"last"}, {"this"}, {"previous"}) if form & set(said)]
    if len(forms) > 1:
        errors.append(FieldError("/period", "ambiguous", "Must be either from and to, or last, this or previous."))
        return Period(as_of)
    try:
        if "last" in said:
            return Period(as_of, last=parse_span(said["last"]))
        for name, shift in (("this", 0), ("previous", -1)):
            if name in said:
                return Period(as_of, unit=parse_period(said[name]), shift=shift)
    except TypeFault as fault:
        errors.append(FieldError(f"/period/{next(iter(said))}", fault.code, str(fault)))
        return Period(as_of)
    first, last = said.get("from"), said.get("to")
    if first is not None and last is not None and first > last:
        errors.append(FieldError("/period/to", "out_of_range", "Must not be before from."))
        return Period(as_of)
    return Period(as_of, first=first and _midnight(first), end=last and _midnight(last) + timedelta(days=1))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), UTC)
