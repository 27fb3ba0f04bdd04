"""Giving somebody everything that is kept of a person, and noting that it was given."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils.html import escape

from core.actors import Actor
from core.database.inserts import insert
from core.errors import Forbidden, NotFound
from core.history.context import acting
from core.registry.types import Attachment
from crm.models import Contact, DataExport, ExportFormat
from crm.selectors import data_export, people

_TYPES = {ExportFormat.JSON: "application/json", ExportFormat.HTML: "text/html; charset=utf-8"}
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}"
    "h2{margin-top:2.5rem;border-bottom:1px solid #ccc}article{border-bottom:1px solid #eee;padding:.5rem 0}"
    "dl{display:grid;grid-template-columns:14rem 1fr;margin:0}dt{color:#666}dd{margin:0;overflow-wrap:anywhere}"
)


def export(
    *, actor: Actor, record_id: UUID, at: datetime, format: str | None = None, reason: str | None = None
) -> Attachment:
    """Everything about the contact and those merged into it, as JSON or as a page to be read; who reads it is noted.

    Deleted contacts too. Raises NotFound, Forbidden.
    """
    actor.require("contact", "export_data")
    kind = ExportFormat(format or ExportFormat.JSON)
    rows = Contact.objects.filter(pk=record_id)
    if not rows.visible_to(actor, "export_data").exists():
        if rows.visible_to(actor).exists():
            raise Forbidden(entity="contact", action="export_data")
        raise NotFound(entity="contact", id=str(record_id))
    render = _json if kind is ExportFormat.JSON else _html

    def chunks() -> Iterator[bytes]:
        _note(actor, record_id, kind, reason, at)
        yield from render(people.with_merged(record_id), at)

    return Attachment(f"data-export-{record_id}.{kind}", _TYPES[kind], chunks)


def _note(actor: Actor, record_id: UUID, kind: ExportFormat, reason: str | None, at: datetime) -> None:
    """Noted where it is read, not where a link to it is given."""
    with transaction.atomic():
        acting(actor, at)
        moments = {"at": at, "created_at": at, "updated_at": at}
        insert(DataExport(contact_id=record_id, format=kind, reason=reason, by=actor.label, **moments))


def _json(found: list[UUID], at: datetime) -> Iterator[bytes]:
    head: dict[str, Any] = {
        "format": data_export.FORMAT,
        "generated_at": at.isoformat(),
        "ids": [str(key) for key in found],
    }
    head |= {"left_out": data_export.left_out()}
    yield orjson.dumps(head)[:-1] + b',"sections":{'
    for index, section in enumerate(data_export.sections(found)):
        yield (b"," if index else b"") + orjson.dumps(section.name) + b":["
        first = True
        for text in section.rows:
            yield (b"\n" if first else b",\n") + text.encode()
            first = False
        yield b"]"
    yield b"}}\n"


def _html(found: list[UUID], at: datetime) -> Iterator[bytes]:
    yield (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Personal data</title>'
        f"<style>{_STYLE}</style></head><body><h1>Personal data</h1>"
        f"<p>Everything that is kept of this person, as of {escape(at.strftime('%Y-%m-%d %H:%M UTC'))}.</p>"
    ).encode()
    for section in data_export.sections(found):
        count = 0
        for text in section.rows:
            if not count:
                yield f"<h2>{escape(section.title)}</h2>".encode()
            count += 1
            yield _article(orjson.loads(text)).encode()
        if count:
            yield f"<p>{count} in all.</p>".encode()
    yield b"</body></html>\n"


def _article(row: dict[str, object]) -> str:
    """Names and values of a row; what is empty is not shown."""
    shown = ((name, value) for name, value in row.items() if value not in (None, "", [], {}))
    pairs = (f"<dt>{escape(name.replace('_', ' '))}</dt><dd>{escape(_readable(value))}</dd>" for name, value in shown)
    return f"<article><dl>{''.join(pairs)}</dl></article>\n"


def _readable(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
