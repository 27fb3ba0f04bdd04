"""Cards and calendars among the files that are imported and exported."""

from __future__ import annotations

from core.exports import formats
from core.exports.formats import Format
from core.imports import readers
from crm.cards import calendar, vcard


def register() -> None:
    """For the start of the program."""
    formats.register(Format("vcard", "text/vcard; charset=utf-8", "vcf", vcard.CardWriter, {"contact": vcard.FIELDS}))
    formats.register(Format("ics", "text/calendar; charset=utf-8", "ics", calendar.CalendarWriter, calendar.FIELDS))
    readers.register(vcard.CardReader())
    readers.register(calendar.CalendarReader("interaction"))
    readers.register(calendar.CalendarReader("task"))
