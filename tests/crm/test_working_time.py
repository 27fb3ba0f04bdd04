from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crm.working_time import AROUND_THE_CLOCK, HORIZON, Calendar, Span, clock_time, due, open_between, worked

ZONES = (
    "Europe/Brussels", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "UTC",
    "Africa/Casablanca", "America/St_Johns",
)  # fmt: skip
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def span(weekday: int, opens: str, closes: str) -> Span:
    return Span(weekday, clock_time(opens), clock_time(closes))


def is_open(calendar: Calendar, moment: datetime) -> bool:
    """The plain meaning: what the clock on the wall shows."""
    wall = moment.astimezone(calendar.zone).replace(tzinfo=None)
    if wall.date() in calendar.holidays:
        return False
    since = wall - datetime.combine(wall.date(), datetime.min.time())
    for item in calendar.spans:
        if item.weekday == wall.weekday() and item.opens <= since < item.end:
            return True
        if item.weekday == (wall.weekday() - 1) % 7 and item.opens <= since + timedelta(days=1) < item.end:
            return True
    return False


def counted(calendar: Calendar, start: datetime, end: datetime) -> timedelta:
    total, moment = timedelta(0), start
    while moment < end:
        total += MINUTE if is_open(calendar, moment) else timedelta(0)
        moment += MINUTE
    return total


times = st.integers(0, 1440).map(lambda minutes: timedelta(minutes=minutes))
spans = st.builds(Span, st.integers(0, 6), times.filter(lambda item: item < timedelta(days=1)), times)
# Days around changes of the clock, a year's end, a day that a zone left out (Apia, 30 December 2011).
days = st.sampled_from(
    [date(2026, 3, 28), date(2026, 10, 24), date(2026, 3, 7), date(2026, 10, 31), date(2025, 12, 30),
     date(2011, 12, 29), date(2026, 4, 4), date(2026, 2, 14), date(2024, 2, 28)]
)  # fmt: skip
moments = st.builds(
    lambda day, minutes: datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=minutes),
    days,
    st.integers(-1440, 2880),
)
calendars = st.builds(
    lambda zone, found, free: Calendar(ZoneInfo(zone), tuple(found), frozenset(free)),
    st.sampled_from(ZONES),
    st.lists(spans, min_size=1, max_size=8),
    st.sets(days.map(lambda day: day + timedelta(days=1)), max_size=2),
)


@settings(max_examples=150, deadline=None)
@given(calendar=calendars, start=moments, minutes=st.integers(0, 3 * 1440))
def test_working_time_is_what_a_count_minute_by_minute_finds(calendar: Calendar, start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    assert worked(calendar, start, end) == counted(calendar, start, end)


@settings(max_examples=150, deadline=None)
@given(calendar=calendars, start=moments, minutes=st.integers(1, 2000), second=st.integers(0, 59))
@example(AROUND_THE_CLOCK, datetime(2026, 3, 1, tzinfo=UTC), 60, 0)
def test_a_limit_passes_when_as_much_has_been_worked(
    calendar: Calendar, start: datetime, minutes: int, second: int
) -> None:
    start += timedelta(seconds=second)
    limit = minutes * MINUTE
    found = due(calendar, [(start, None)], limit)
    if worked(calendar, start, start + HORIZON) < limit:
        # A minute a week does not come to it within ten years.
        assert found is None
        return
    assert found is not None
    assert worked(calendar, start, found) == limit
    # And not a moment sooner.
    assert worked(calendar, start, found - timedelta(microseconds=1)) < limit


@settings(max_examples=100, deadline=None)
@given(calendar=calendars, start=moments, cuts=st.lists(st.integers(1, 900), min_size=2, max_size=6))
def test_a_clock_that_stands_still_at_times_counts_what_it_ran(
    calendar: Calendar, start: datetime, cuts: list[int]
) -> None:
    edges = [start]
    for minutes in cuts:
        edges.append(edges[-1] + minutes * MINUTE)
    stretches = list(zip(edges[::2], [*edges[1::2], None], strict=False))
    limit = timedelta(minutes=300)
    found = due(calendar, stretches, limit)
    if found is None:
        assert stretches[-1][1] is not None
        ran = sum((worked(calendar, first, last) for first, last in stretches if last), timedelta(0))
        assert ran < limit
    else:
        ran = sum((worked(calendar, first, min(last or found, found)) for first, last in stretches), timedelta(0))
        assert ran == limit


@settings(max_examples=100, deadline=None)
@given(calendar=calendars, start=moments, minutes=st.integers(0, 3000))
def test_stretches_are_in_order_and_apart(calendar: Calendar, start: datetime, minutes: int) -> None:
    end = start + minutes * MINUTE
    edges = [edge for stretch in open_between(calendar, start, end) for edge in stretch]
    assert edges == sorted(edges)
    assert all(start <= edge <= end for edge in edges)


NINE_TO_FIVE = tuple(span(day, "09:00", "17:00") for day in range(5))


def test_over_a_weekend() -> None:
    brussels = Calendar(ZoneInfo("Europe/Brussels"), NINE_TO_FIVE)
    friday = datetime(2026, 3, 6, 15, 30, tzinfo=UTC)  # 16:30 there
    assert due(brussels, [(friday, None)], HOUR) == datetime(2026, 3, 9, 8, 30, tzinfo=UTC)


def test_the_night_in_which_an_hour_is_skipped_and_the_one_in_which_it_comes_twice() -> None:
    night = Calendar(ZoneInfo("Europe/Brussels"), (span(5, "22:00", "06:00"),))
    spring = datetime(2026, 3, 28, 12, tzinfo=UTC), datetime(2026, 3, 29, 12, tzinfo=UTC)
    autumn = datetime(2026, 10, 24, 12, tzinfo=UTC), datetime(2026, 10, 25, 12, tzinfo=UTC)
    assert worked(night, *spring) == 7 * HOUR
    assert worked(night, *autumn) == 9 * HOUR


def test_a_holiday_takes_what_a_night_shift_would_have_worked_in_it() -> None:
    night = (span(3, "22:00", "06:00"),)
    christmas = Calendar(ZoneInfo("UTC"), night, frozenset({date(2026, 12, 25)}))
    assert worked(christmas, datetime(2026, 12, 24, tzinfo=UTC), datetime(2026, 12, 27, tzinfo=UTC)) == 2 * HOUR


def test_nobody_ever_works() -> None:
    shut = Calendar(ZoneInfo("UTC"), ())
    assert due(shut, [(datetime(2026, 1, 1, tzinfo=UTC), None)], MINUTE) is None


@pytest.mark.parametrize("text", ["9:00", "24:01", "12:60", "25:00", "12.00", "\uff11\uff12:00", "", "12:0", "-1:00"])
def test_what_is_no_time_of_day(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - any will do
        clock_time(text)
