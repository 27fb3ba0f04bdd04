"""Spans of time as people write them (`90d`, `3mo`), and calendar periods around a moment. All in UTC."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from core.registry.types import TypeFault

_SPAN = re.compile(r"^(\d{1,5})(h|d|w|mo|q|y)$")
_MONTHS = {"mo": 1, "q": 3, "y": 12}
_EXACT = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
PERIODS = ("day", "week", "month", "quarter", "year")
_FIRST, _LAST = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time: so many of h(our), d(ay), w(eek), mo(nth), q(uarter), y(ear)."""

    count: int
    unit: str

    def before(self, moment: datetime) -> datetime:
        """The moment this long before another; never before year 1."""
        return self._shift(moment, -1)

    def after(self, moment: datetime) -> datetime:
        """The moment this long after another; never after year 9999."""
        return self._shift(moment, 1)

    def _shift(self, moment: datetime, sign: int) -> datetime:
        try:
            if self.unit in _EXACT:
                return moment + sign * self.count * _EXACT[self.unit]
            return add_months(moment, sign * self.count * _MONTHS[self.unit])
        except (OverflowError, ValueError):
            return _FIRST if sign < 0 else _LAST


def parse_span(value: object) -> Span:
    """Read `90d`, `12h`, `2w`, `3mo`, `1q`, `1y`. Raises TypeFault."""
    match = _SPAN.match(value) if isinstance(value, str) else None
    if match is None:
        raise TypeFault("invalid_duration", "Must be a duration such as 12h, 90d, 2w, 3mo, 1q or 1y.")
    return Span(int(match[1]), match[2])


def parse_period(value: object) -> str:
    """Read `day`, `week`, `month`, `quarter` or `year`. Raises TypeFault."""
    if not isinstance(value, str) or value not in PERIODS:
        raise TypeFault("invalid_period", f"Must be one of: {', '.join(PERIODS)}.")
    return value


def add_months(moment: datetime, months: int) -> datetime:
    """The same day so many months on; the last day of the month where that day does not exist."""
    index = moment.year * 12 + moment.month - 1 + months
    year, month = divmod(index, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day)


def period(unit: str, moment: datetime, shift: int = 0) -> tuple[datetime, datetime]:
    """The calendar period that holds the moment, or the one `shift` periods on: first moment, and first after it.

    Weeks begin on Monday (ISO 8601).
    """
    start = moment.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "week":
        start -= timedelta(days=start.weekday())
    elif unit != "day":
        months = {"month": 1, "quarter": 3, "year": 12}[unit]
        start = start.replace(day=1, month=(start.month - 1) // months * months + 1)
    if unit in ("day", "week"):
        length = timedelta(days=1 if unit == "day" else 7)
        return start + shift * length, start + (shift + 1) * length
    return add_months(start, shift * months), add_months(start, (shift + 1) * months)
