"""iCalendar: what our calendars say to others, and others' to us."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import icalendar
from hypothesis import given
from hypothesis import strategies as st

from core.exports.columns import Column
from core.imports import readers
from core.registry.types import Text
from crm.cards.calendar import FIELDS, CalendarReader, CalendarWriter

TASK = {
    "id": "01", "external_id": None, "title": "Call; back, soon", "description": "two\nlines",
    "due_at": "2026-03-01T12:00:00+00:00", "status": "done", "completed_at": "2026-02-28T08:30:00+00:00",
    "updated_at": "2026-02-28T08:30:00+00:00",
}  # fmt: skip
MEETING = {
    "id": "02", "external_id": "m-1", "subject": "Démo", "body": None, "occurred_at": "2026-03-01T12:00:00+00:00",
    "minutes": "45.00", "channel": "visit", "contact.email": "ann@example.com", "contact.name": 'Ann "A"',
    "updated_at": "2026-02-28T08:30:00+00:00",
}  # fmt: skip


def written(entity: str, record: dict[str, Any], folder: Path) -> bytes:
    columns = [Column(name, (name,), Text()) for name in FIELDS[entity]]
    writer = CalendarWriter(folder / "file.ics", columns, {})
    writer.write([[record[name] for name in FIELDS[entity]]])
    writer.close()
    return (folder / "file.ics").read_bytes()


def read(data: bytes) -> tuple[str | None, list[dict[str, Any]]]:
    file = io.BytesIO(data)
    reader = readers.of_file(file, "a.ics")
    layout = reader.inspect(file, {})
    rows = reader.rows(file, layout)
    return reader.entity, [dict(zip(layout.columns, row.cells, strict=True)) | {"faults": row.faults} for row in rows]


def test_a_task_comes_back_and_others_read_it(tmp_path: Path) -> None:
    data = written("task", TASK, tmp_path)
    entity, (found,) = read(data)
    assert entity == "task"
    for name in ("title", "description", "due_at", "status", "completed_at"):
        assert found[name] == TASK[name]
    (todo,) = icalendar.Calendar.from_ical(data).walk("VTODO")
    assert str(todo["SUMMARY"]) == TASK["title"]
    assert todo.decoded("DUE").isoformat() == TASK["due_at"]


def test_a_meeting_comes_back_and_others_read_it(tmp_path: Path) -> None:
    data = written("interaction", MEETING, tmp_path)
    entity, (found,) = read(data)
    assert entity == "interaction"
    for name in ("external_id", "subject", "occurred_at", "minutes", "channel"):
        assert found[name] == MEETING[name]
    assert found["contact.email"] == "ann@example.com"
    (event,) = icalendar.Calendar.from_ical(data).walk("VEVENT")
    assert event.decoded("DURATION").total_seconds() == 45 * 60
    assert str(event["ATTENDEE"]) == "mailto:ann@example.com"


def test_calendars_of_other_programs() -> None:
    entity, rows = read(
        b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:Europe/Brussels\r\nEND:VTIMEZONE\r\n"
        b"BEGIN:VEVENT\r\nUID:1\r\nDTSTART;TZID=Europe/Brussels:20260701T100000\r\nDTEND;TZID=Europe/Brussels:"
        b"20260701T113000\r\nRRULE:FREQ=WEEKLY\r\nSUMMARY:Weekly\r\nATTENDEE;CN=Bob:MAILTO:Bob@example.com\r\n"
        b"BEGIN:VALARM\r\nSUMMARY:alarm\r\nDTSTART:x\r\nEND:VALARM\r\nSTATUS:CONFIRMED\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:2\r\nDTSTART;VALUE=DATE:20260702\r\nDURATION:P1DT2H\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:3\r\nDTSTART;TZID=Nowhere/Land:20260702T100000\r\nEND:VEVENT\r\n"
        b"BEGIN:VEVENT\r\nUID:4\r\nDTSTART:20261399T000000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )
    assert entity == "interaction"
    weekly, whole_day, nowhere, never = rows
    assert (weekly["occurred_at"], weekly["minutes"]) == ("2026-07-01T08:00:00+00:00", "90.00")
    assert (weekly["subject"], weekly["contact.email"], weekly["status"]) == ("Weekly", "bob@example.com", "confirmed")
    assert (whole_day["occurred_at"], whole_day["minutes"]) == ("2026-07-02T00:00:00+00:00", "1560.00")
    for broken in (nowhere, never):
        assert [fault.code for fault in broken["faults"]] == ["invalid_datetime"]


@given(st.binary(max_size=400))
def test_nothing_makes_the_reader_fall_over(data: bytes) -> None:
    for entity, name in (("task", b"VTODO"), ("interaction", b"VEVENT")):
        reader = CalendarReader(entity)
        file = io.BytesIO(b"BEGIN:VCALENDAR\nBEGIN:" + name + b"\nDTSTART:" + data)
        list(reader.rows(file, reader.inspect(file, {})))
