"""Days and moments as people write them; which of day and month comes first is said by the whole column."""

# ruff: noqa: DTZ001 - what a cell says has no zone: that is the import's, or in the text

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache

# How the parts of a date follow each other; "excel" are days counted from 1900.
YMD, DMY, MDY, EXCEL = "y-m-d", "d/m/y", "m/d/y", "excel"
ORDERS = (YMD, DMY, MDY, EXCEL)

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan january janvier januari januar enero gennaio janeiro janv ene gen",
            "feb february février fevrier februari februar febrero febbraio fevereiro févr fev",
            "mar march mars maart märz maerz marzo março marco mrt mär",
            "apr april avril abril aprile avr abr",
            "may mai mei mayo maggio maio mag",
            "jun june juin juni junio giugno junho giu",
            "jul july juillet juli julio luglio julho juil lug",
            "aug august août aout augustus agosto ago aoû",
            "sep sept september septembre septiembre settembre setembro set",
            "oct october octobre oktober octubre ottobre outubro okt ott out",
            "nov november novembre noviembre novembro",
            "dec december décembre decembre dezember diciembre dicembre dezembro déc dez dic",
        ),
        1,
    )
    for name in names.split()
}
_TIME = re.compile(
    r"^(\d{1,2})[:.h](\d{2})(?:[:.](\d{2})(?:[.,](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?\s*(Z|z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
)
_NUMERIC = re.compile(r"^(\d{1,4})([./\-\s])\s?(\d{1,2})\2\s?(\d{1,4})\.?$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_NAMED = re.compile(
    r"^(?:[^\W\d]{2,10}\.?,?\s+)?(\d{1,2})(?:st|nd|rd|th|er|\.)?[\s\-/.]+(?:de\s+)?"
    r"([^\W\d]{3,10})\.?[\s\-/.,]+(?:de\s+)?(\d{4}|\d{2})$"
)
_MONTH_FIRST = re.compile(r"^(?:[^\W\d]{3,10}\.?,?\s+)?([^\W\d]{3,10})\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})$")
_YEAR_FIRST = re.compile(r"^(\d{4})[\s\-/.]([^\W\d]{3,10})[\s\-/.](\d{1,2})$")
_SPLIT = re.compile(r"(?:[T ]|,\s*|\s+)(?=\d{1,2}[:h.]\d{2}(?:\D|$))")
_SERIAL = re.compile(r"^\d{4,5}(?:[.,]\d{1,15})?$")
# No date is longer; long texts are not worth remembering either.
LONGEST = 60
_EPOCH = datetime(1899, 12, 30)
# Days from 1954 to 2119: other numbers are hardly dates.
_LEAST_SERIAL, _MOST_SERIAL = 20_000, 80_000


def parse_day(text: str, order: str) -> date | None:
    """The day that a text names in this order of its parts; None where it names none. A time of day is let go."""
    found = parse(text, order)
    return None if found is None else found.date()


def parse(text: str, order: str) -> datetime | None:
    """The moment that a text names: aware where it tells its offset, midnight where it has no time of day."""
    return _parse(text, order) if len(text) <= LONGEST else None


@lru_cache(maxsize=65_536)
def _parse(text: str, order: str) -> datetime | None:
    text = " ".join(text.split())
    if order == EXCEL:
        found = _serial(text)
        if found is not None:
            return found
        order = YMD
    day, clock = text, ""
    parts = _SPLIT.split(text, maxsplit=1)
    if len(parts) == 2:
        day, clock = parts[0].rstrip(","), parts[1]
    numbers = _parts(day, order)
    if numbers is None:
        return None
    try:
        moment = datetime(*numbers)
        return _with_time(moment, clock) if clock else moment
    except ValueError:
        return None


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """In UTC; one without an offset is taken for local time of the zone."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=zone)).astimezone(UTC)


def orders_of(text: str) -> frozenset[str]:
    """In which orders a text is a date at all; of those that mean the same day all are given."""
    return frozenset(
        order for order in ORDERS if parse(text, order) is not None and not (order == EXCEL and not _serial(text))
    )


def is_plain_number(text: str) -> bool:
    """Whether only the order "excel" makes a date of it: then other evidence must say that it is one."""
    return bool(_SERIAL.match(text))


def _parts(day: str, order: str) -> tuple[int, int, int] | None:
    found = _NUMERIC.match(day)
    if found:
        return _ordered(found[1], found[3], found[4], order)
    if compact := _COMPACT.match(day):
        return int(compact[1]), int(compact[2]), int(compact[3])
    for pattern, at in ((_NAMED, (3, 2, 1)), (_MONTH_FIRST, (3, 1, 2)), (_YEAR_FIRST, (1, 2, 3))):
        named = pattern.match(day)
        month = _MONTHS.get(named[at[1]].casefold().rstrip(".")) if named else None
        if named and month:
            return _year(named[at[0]]), month, int(named[at[2]])
    return None


def _ordered(first: str, second: str, third: str, order: str) -> tuple[int, int, int] | None:
    if len(first) == 4:
        # Nobody writes the year first and then the day.
        return (int(first), int(second), int(third)) if len(third) <= 2 else None
    if len(third) == 3 or len(first) == 3:
        return None
    if len(third) == 4 and order == YMD:
        return None
    if order == YMD:
        return _year(first), int(second), int(third)
    day, month = (first, second) if order == DMY else (second, first)
    return _year(third), int(month), int(day)


def _year(text: str) -> int:
    """Two digits are of 1969 to 2068, as POSIX has it."""
    number = int(text)
    if len(text) > 2:
        return number
    return number + (1900 if number >= 69 else 2000)


def _with_time(moment: datetime, clock: str) -> datetime | None:
    found = _TIME.match(clock)
    if found is None:
        return None
    hour = int(found[1])
    if found[5]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + (12 if found[5][0] in "pP" else 0)
    micro = int((found[4] or "").ljust(6, "0")[:6] or 0)
    moment = moment.replace(hour=hour, minute=int(found[2]), second=int(found[3] or 0), microsecond=micro)
    if not found[6]:
        return moment
    if found[6] in ("Z", "z", "UTC", "GMT"):
        return moment.replace(tzinfo=UTC)
    return datetime.fromisoformat(f"{moment.isoformat()}{found[6]}")


def _serial(text: str) -> datetime | None:
    if not _SERIAL.match(text):
        return None
    number = float(text.replace(",", "."))
    if not _LEAST_SERIAL <= number < _MOST_SERIAL:
        return None
    return _EPOCH + timedelta(milliseconds=round(number * 86_400_000))
