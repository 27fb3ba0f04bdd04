"""The whole way: what an export wrote comes in again by the importer, as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from core.actors import SYSTEM
from core.clock import now
from core.exports import work as writing
from core.exports.service import exports
from core.imports import work as reading
from core.imports.service import imports
from core.models import Export, Import
from core.models.imports import ImportProblem
from crm.models import Contact, Interaction, Task
from tests.support.samples import Samples

pytestmark = pytest.mark.django_db

PERSON: dict[str, Any] = {
    "external_id": "crm-7", "first_name": "=Zoë", "last_name": "+Ørsted, Jr.", "email": "zoe@example.com",
    "phone": "+3225551234", "job_title": "'-Head; of R&D", "city": "Århus", "country": "DK",
    "birth_date": "1990-01-02", "tags": ["b vip", "a"],
}  # fmt: skip


@pytest.fixture(autouse=True)
def kept_in(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go to a folder of the test's own, and no worker is told."""
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr("core.jobs.sending.send", lambda job: None)


def exported(entity: str, form: str, **more: Any) -> bytes:
    export = exports.create(actor=SYSTEM, values={"entity": entity, "format": form, **more}, at=now())
    writing.carry_out(job_id=export.job_id)
    with default_storage.open(Export.objects.get(pk=export.pk).path, "rb") as file:
        return bytes(file.read())


def imported(content: bytes, name: str, entity: str, **given: Any) -> Import:
    key = imports.take(actor=SYSTEM, at=now(), file=SimpleUploadedFile(name, content), entity=entity, **given)
    imports.commit(actor=SYSTEM, record_id=key, at=now())
    record = Import.objects.get(pk=key)
    assert record.job_id
    reading.carry_out(job_id=record.job_id)
    record.refresh_from_db()
    assert record.report["failed"] == 0, (list(ImportProblem.objects.values_list("errors", flat=True)), record.mapping)
    return record


def shown(record: Any, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


@pytest.mark.parametrize("version", ["4.0", "3.0"])
def test_a_contact_by_card(version: str) -> None:
    made = Samples().make("contact", **PERSON)
    before = shown(Contact.objects.get(pk=made.pk), tuple(PERSON))
    data = exported("contact", "vcard", options={"version": version})
    Contact.objects.filter(pk=made.pk).update(deleted_at=now())
    assert imported(data, "people.vcf", "contact").report["created"] == 1
    assert shown(Contact.objects.alive().get(), tuple(PERSON)) == before
    assert imported(data, "people.vcf", "contact").report["unchanged"] == 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_contact_by_table(form: str) -> None:
    made = Samples().make("contact", **PERSON)
    before = shown(Contact.objects.get(pk=made.pk), tuple(PERSON))
    data = exported("contact", form, fields=list(PERSON))
    Contact.objects.filter(pk=made.pk).update(deleted_at=now())
    assert imported(data, f"people.{form}", "contact").report["created"] == 1
    assert shown(Contact.objects.alive().get(), tuple(PERSON)) == before


def test_a_task_by_calendar() -> None:
    values = {"title": "Call; back", "description": "two\nlines", "due_at": "2026-03-01T12:00:00Z", "external_id": "t1"}
    Samples().make("task", **values)
    data = exported("task", "ics")
    Task.objects.update(deleted_at=now())
    assert imported(data, "todo.ics", "task").report["created"] == 1
    found = Task.objects.alive().get()
    assert (found.title, found.description, found.external_id) == ("Call; back", "two\nlines", "t1")
    assert found.due_at is not None
    assert found.due_at.isoformat() == "2026-03-01T12:00:00+00:00"


def test_a_meeting_by_calendar_is_with_whom_its_attendee_is() -> None:
    person = Samples().make("contact", email="ann@example.com")
    values = {"channel": "meeting", "occurred_at": "2026-03-01T12:00:00Z", "minutes": "45", "subject": "Démo"}
    Samples().make("interaction", contact_id=str(person.pk), external_id="m1", **values)
    data = exported("interaction", "ics")
    Interaction.objects.update(deleted_at=now())
    assert imported(data, "meetings.ics", "interaction").report["created"] == 1
    found = Interaction.objects.alive().get()
    assert (found.contact_id, found.minutes, found.subject) == (person.pk, 45, "Démo")
