"""iCalendar (RFC 5545): tasks as VTODO, meetings and visits as VEVENT, read and written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, Any
from zoneinfo import ZoneInfo

from core.exports.columns import Column
from core.imports.readers import Cell, Fault, Layout, Row
from crm.cards import lines
from crm.cards.lines import Line

PRODUCT = "-//Bifocal//Bifocal//EN"
FIELDS: Mapping[str, tuple[str, ...]] = {
    "task": ("id", "external_id", "title", "description", "due_at", "status", "completed_at", "updated_at"),
    "interaction": (
        "id", "external_id", "subject", "body", "occurred_at", "minutes", "channel", "contact.email", "contact.name",
        "updated_at",
    ),
}  # fmt: skip
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "task": ("external_id", "title", "description", "due_at", "status", "contact.email", "completed_at"),
    "interaction": ("external_id", "subject", "body", "occurred_at", "minutes", "channel", "contact.email", "status"),
}
_COMPONENTS = {"task": "VTODO", "interaction": "VEVENT"}
_STATUS = {"open": "NEEDS-ACTION", "done": "COMPLETED", "cancelled": "CANCELLED"}
_DURATION = re.compile(r"P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?")
_SAMPLE = 200
_MOST_LINES = 500


class CalendarReader:
    """One kind of component of a calendar, a row each. A repetition is read once, and said."""

    settings: frozenset[str] = frozenset()

    def __init__(self, entity: str) -> None:
        self.entity: str | None = entity
        self.format = "ics" if entity == "interaction" else "ics-tasks"
        self._component = _COMPONENTS[entity]
        self._columns = _COLUMNS[entity]

    def recognises(self, head: bytes, name: str) -> bool:
        begins = head.lstrip(b"\xef\xbb\xbf\r\n \t")[:15].upper() == b"BEGIN:VCALENDAR"
        return begins and (self.entity == "interaction" or b"BEGIN:VTODO" in head.upper())

    def inspect(self, file: IO[bytes], options: Mapping[str, Any]) -> Layout:
        notices = (
            f"Of the calendar only {self._component} is read.",
            "Rules of repetition (RRULE) are left out: what repeats is read once.",
            "Whole days and times without a zone are taken as UTC.",
        )
        return Layout(self.format, self._columns, 1, {}, notices)

    def rows(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        file.seek(0)
        for number, found, closed in _components(file, self._component):
            faults = [] if closed else [Fault("incomplete", f"END:{self._component} is missing.")]
            faults += [Fault("too_long", f"{item.name} is too long.") for item in found.values() if item.cut]
            try:
                read = _task(found) if self.entity == "task" else _event(found)
            except (ValueError, OverflowError):
                read = {}
                faults.append(Fault("invalid_datetime", "A time in it is none of the calendar."))
            yield Row(number, [lines.cell(read.get(name)) for name in self._columns], tuple(faults))

    def sample(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        for index, row in enumerate(self.rows(file, layout)):
            if index == _SAMPLE:
                return
            yield row


def _components(file: IO[bytes], wanted: str) -> Iterator[tuple[int, dict[str, Line], bool]]:
    """The properties of each component, the first of each name; what is nested in it (alarms) is left out."""
    found: dict[str, Line] | None = None
    number = inner = 0
    for line in lines.read(file):
        value = line.value.strip().upper()
        if line.name == "BEGIN" and value == wanted:
            if found is not None:
                yield number, found, False
            found, number, inner = {}, line.number, 0
        elif found is not None and line.name in ("BEGIN", "END"):
            if line.name == "END" and value == wanted:
                yield number, found, True
                found = None
            inner += 1 if line.name == "BEGIN" else -1
        elif found is not None and inner <= 0 and len(found) < _MOST_LINES:
            found.setdefault(line.name, line)
    if found is not None:
        yield number, found, False


def _task(found: Mapping[str, Line]) -> dict[str, Cell]:
    status = _value(found, "STATUS") or ""
    words = {word: name for name, word in _STATUS.items()}
    due = found.get("DUE")
    moment = _moment(due) if due else _end(found)
    return {
        "external_id": _value(found, "UID"),
        "title": _value(found, "SUMMARY"),
        "description": _value(found, "DESCRIPTION"),
        "due_at": _wire(moment),
        "status": words.get(status.upper(), "open"),
        "contact.email": _attendee(found),
        "completed_at": _wire(_moment(found["COMPLETED"])) if "COMPLETED" in found else None,
    }


def _event(found: Mapping[str, Line]) -> dict[str, Cell]:
    start = _moment(found["DTSTART"]) if "DTSTART" in found else None
    end = _moment(found["DTEND"]) if "DTEND" in found else _end(found)
    minutes = (end - start).total_seconds() / 60 if start and end and end >= start else None
    categories = (_value(found, "CATEGORIES") or "").lower()
    return {
        "external_id": _value(found, "UID"),
        "subject": _value(found, "SUMMARY"),
        "body": _value(found, "DESCRIPTION"),
        "occurred_at": _wire(start),
        "minutes": None if minutes is None else f"{minutes:.2f}",
        "channel": "visit" if "visit" in categories else "call" if "call" in categories else "meeting",
        "contact.email": _attendee(found),
        "status": (_value(found, "STATUS") or "").lower() or None,
    }


def _value(found: Mapping[str, Line], name: str) -> str | None:
    return lines.plain(found[name].value) or None if name in found else None


def _attendee(found: Mapping[str, Line]) -> str | None:
    """The address of whom it is with."""
    value = (_value(found, "ATTENDEE") or "").lower()
    return value.removeprefix("mailto:") or None


def _moment(line: Line) -> datetime:
    """In the zone that the property names. Raises ValueError."""
    value = line.value.strip()
    if re.fullmatch(r"\d{8}", value):
        return datetime.strptime(value, "%Y%m%d").replace(tzinfo=UTC)
    if value.endswith("Z"):
        return datetime.strptime(value, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    moment = datetime.strptime(value, "%Y%m%dT%H%M%S")  # noqa: DTZ007 - the zone is a parameter
    name = next(iter(line.parameters.get("TZID", ())), "UTC")
    try:
        zone = ZoneInfo(name.rpartition("/freeassociation.sourceforge.net/")[2] or name)
    except (KeyError, ValueError, OSError):
        raise ValueError("unknown zone") from None
    return moment.replace(tzinfo=zone)


def _end(found: Mapping[str, Line]) -> datetime | None:
    """The start and its duration."""
    if "DTSTART" not in found or "DURATION" not in found:
        return None
    parts = _DURATION.fullmatch(found["DURATION"].value.strip().lstrip("+").upper())
    if parts is None:
        raise ValueError("no duration")
    weeks, days, hours, minutes, seconds = (int(part or 0) for part in parts.groups())
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return _moment(found["DTSTART"]) + length


def _wire(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


class CalendarWriter:
    """A component per record; which kind is told by the columns."""

    def __init__(self, path: Path, columns: Sequence[Column], options: Mapping[str, Any]) -> None:
        self._file = path.open("wb")
        self._names = [column.name for column in columns]
        self._make = _todo if "title" in self._names else _meeting
        self._put(["BEGIN:VCALENDAR", "VERSION:2.0", f"PRODID:{PRODUCT}"])

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self._put(self._make(dict(zip(self._names, row, strict=True))))

    def close(self) -> None:
        self._put(["END:VCALENDAR"])
        self._file.close()

    def _put(self, found: Sequence[str]) -> None:
        self._file.write(b"".join(map(lines.folded, found)))


def _todo(task: Mapping[str, Any]) -> list[str]:
    status = _STATUS.get(task["status"] or "open", "IN-PROCESS")
    found = [*_head("VTODO", task), *_texts(task, SUMMARY="title", DESCRIPTION="description"), f"STATUS:{status}"]
    moments = (("DUE", "due_at"), ("COMPLETED", "completed_at"))
    found += [f"{name}:{_compact(task[key])}" for name, key in moments if task[key]]
    return [*found, "END:VTODO"]


def _meeting(one: Mapping[str, Any]) -> list[str]:
    found = [*_head("VEVENT", one), *_texts(one, SUMMARY="subject", DESCRIPTION="body", CATEGORIES="channel")]
    if one["occurred_at"]:
        found.append(f"DTSTART:{_compact(one['occurred_at'])}")
    if one["minutes"]:
        found.append(f"DURATION:PT{round(float(one['minutes']) * 60)}S")
    if one["contact.email"]:
        name = re.sub(r'["\r\n]', "", one["contact.name"] or "")
        found.append(f'ATTENDEE;CN="{name}":mailto:{one["contact.email"]}')
    return [*found, "END:VEVENT"]


def _head(kind: str, record: Mapping[str, Any]) -> list[str]:
    # A component needs an identity (RFC 5545, 3.8.4.7); without one from elsewhere it is ours.
    uid = lines.escaped(record["external_id"] or record["id"])
    return [f"BEGIN:{kind}", f"UID:{uid}", f"DTSTAMP:{_compact(record['updated_at'])}"]


def _texts(record: Mapping[str, Any], **names: str) -> list[str]:
    return [f"{name}:{lines.escaped(record[key])}" for name, key in names.items() if record[key]]


def _compact(moment: str) -> str:
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
