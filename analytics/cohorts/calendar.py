"""Calendar periods: months, quarters and years in UTC, each told by its first day."""

from __future__ import annotations

from datetime import UTC, date, datetime

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def number(day: date, granularity: str) -> int:
    """Periods count on without gaps, so that their differences are ages."""
    return (12 * day.year + day.month - 1) // MONTHS[granularity]


def first_day(period: int, granularity: str) -> date:
    """The first day of the period of that number."""
    year, month = divmod(period * MONTHS[granularity], 12)
    return date(year, month + 1, 1)


def is_over(period: int, granularity: str, as_of: datetime) -> bool:
    """Whether nothing can happen in it any more, seen from `as_of`; orders at `as_of` itself count."""
    after = first_day(period + 1, granularity)
    return as_of >= datetime(after.year, after.month, 1, tzinfo=UTC)
