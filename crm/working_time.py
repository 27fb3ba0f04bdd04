"""Arithmetic of working time: opening spans on the wall clock of a zone, holidays, changes of the clock; all pure.

A moment is open where the zone's wall clock then shows a time within a span of that weekday, and the date is no
holiday. A span that closes at or before it opens runs past midnight into the next day; of a holiday nothing is open,
from midnight to midnight, whichever day a span began on. When clocks go back, a wall time that comes twice counts
twice; when they go forward, one that is skipped does not count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAY = timedelta(days=1)
NOTHING = timedelta(0)
# Nobody waits longer for an hour in which somebody works: a calendar of holidays alone ends here.
HORIZON = timedelta(days=3660)

Moments = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Span:
    """Open on `weekday` (0 is Monday) from `opens` to `closes`, both counted from midnight, of at most 24 hours."""

    weekday: int
    opens: timedelta
    closes: timedelta

    @property
    def end(self) -> timedelta:
        """Where it closes, counted from the midnight before it opens: beyond 24 hours where it runs past midnight."""
        return self.closes if self.closes > self.opens else self.closes + DAY


@dataclass(frozen=True)
class Calendar:
    """When work is done in a time zone."""

    zone: ZoneInfo
    spans: tuple[Span, ...]
    holidays: frozenset[date] = frozenset()

    def on(self, day: date) -> list[tuple[datetime, datetime]]:
        """The open wall times of a date, without zone, in order, none touching another."""
        if day in self.holidays:
            return []
        midnight = datetime.combine(day, time())
        before = (day.weekday() - 1) % 7
        found = [(span.opens, min(span.end, DAY)) for span in self.spans if span.weekday == day.weekday()]
        found += [(NOTHING, span.end - DAY) for span in self.spans if span.weekday == before and span.end > DAY]
        return [(midnight + start, midnight + end) for start, end in joined(found)]


AROUND_THE_CLOCK = Calendar(ZoneInfo("UTC"), tuple(Span(day, NOTHING, DAY) for day in range(7)))


def open_between(calendar: Calendar, start: datetime, end: datetime) -> Iterator[Moments]:
    """The open stretches of the time from `start` to `end`, in UTC and in order."""
    for begin, until, offset in _steady(calendar.zone, start.astimezone(UTC), end.astimezone(UTC)):
        wall, last = (moment.replace(tzinfo=None) + offset for moment in (begin, until))
        day = wall.date()
        while datetime.combine(day, time()) < last:
            for opens, closes in calendar.on(day):
                first, after = max(opens, wall), min(closes, last)
                if first < after:
                    yield (first - offset).replace(tzinfo=UTC), (after - offset).replace(tzinfo=UTC)
            day += DAY


def worked(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    """How much working time lies between two moments; nothing where the end is not after the start."""
    return sum((after - first for first, after in open_between(calendar, start, end)), NOTHING)


def due(calendar: Calendar, running: Iterable[tuple[datetime, datetime | None]], limit: timedelta) -> datetime | None:
    """The moment at which `limit` of working time has passed on a clock that runs in these stretches of time.

    A stretch that ends with None has not ended. None where the clock stands still before the limit is reached, or
    where no working time comes within ten years.
    """
    left = limit
    for start, end in running:
        if left <= NOTHING:
            return start
        for first, after in open_between(calendar, start, end or start + HORIZON):
            if after - first >= left:
                return first + left
            left -= after - first
    return None


def joined(stretches: Iterable[tuple[timedelta, timedelta]]) -> list[tuple[timedelta, timedelta]]:
    """The same time in as few stretches as possible, in order."""
    found: list[tuple[timedelta, timedelta]] = []
    for start, end in sorted(stretches):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def _steady(zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, timedelta]]:
    """The time from `start` to `end` in pieces within which the zone's offset from UTC does not change."""
    while start < end:
        # A zone changes its clock seldom enough that a quarter of a day holds at most one change.
        until = min(start + DAY / 4, end)
        offset = _offset(zone, start)
        if _offset(zone, until) != offset:
            until = _change(zone, start, until)
        yield start, until, offset
        start = until


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first moment after `before`, to the second, at which the offset is another."""
    offset = _offset(zone, before)
    whole = before.replace(microsecond=0)
    low, high = 0, -(-(after - whole) // timedelta(seconds=1))
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(zone, whole + timedelta(seconds=middle)) == offset:
            low = middle
        else:
            high = middle
    return min(whole + timedelta(seconds=high), after)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return moment.astimezone(zone).utcoffset() or NOTHING


def calendar(zone: str, spans: Sequence[dict[str, str]], holidays: Iterable[str]) -> Calendar:
    """A calendar from its stored form. Raises ValueError for a span or date that is none, KeyError for no zone."""
    return Calendar(
        ZoneInfo(zone),
        tuple(
            Span(WEEKDAYS.index(item["weekday"]), clock_time(item["opens"]), clock_time(item["closes"]))
            for item in spans
        ),
        frozenset(date.fromisoformat(item) for item in holidays),
    )


def clock_time(text: str) -> timedelta:
    """`HH:MM` as time since midnight; `24:00` is the end of the day. Raises ValueError."""
    hours, colon, minutes = text.partition(":")
    if not (colon and len(hours) == len(minutes) == 2 and (hours + minutes).isascii() and (hours + minutes).isdigit()):
        raise ValueError(text)
    found = timedelta(hours=int(hours), minutes=int(minutes))
    if int(minutes) > 59 or found > DAY:
        raise ValueError(text)
    return found
