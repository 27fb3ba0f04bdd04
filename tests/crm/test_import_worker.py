"""A real Celery worker, killed in the middle of a commit: the next one goes on, and nothing is there twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from core.actors import SYSTEM
from core.clock import now
from core.imports.service import imports
from core.jobs import sending
from core.models.imports import Import
from crm.models import Contact, LifecycleChange
from tests.support.workers import kill, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROWS = 12_000


def test_a_killed_worker_and_another_one(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    monkeypatch.setenv("MEDIA_ROOT", str(tmp_path / "media"))
    lines = "".join(f"first{n},last{n},a{n}@example.com\n" for n in range(ROWS))
    file = SimpleUploadedFile("a.csv", f"first_name,last_name,email\n{lines}".encode())
    # Without a key each row is made: written twice, it would be there twice.
    mapping = {"first_name": "first_name", "last_name": "last_name", "email": "source_detail"}
    record_id = imports.take(actor=SYSTEM, at=now(), file=file, entity="contact", mapping=mapping)
    with worker(tmp_path) as first:
        imports.commit(actor=SYSTEM, record_id=record_id, at=now())
        until(lambda: Contact.objects.count() >= 2_000, "some chunks to be in")
        kill(first)
    record = Import.objects.get(pk=record_id)
    read = record.report["read"]
    assert record.status == "committing"
    assert 0 < read < ROWS
    assert Contact.objects.count() == read
    with worker(tmp_path):
        assert sending.resend_unattended(at=now() + timedelta(minutes=5)) == 1
        until(lambda: Import.objects.get(pk=record_id).status == "committed", "the second worker to finish")
    assert Contact.objects.count() == ROWS
    assert Contact.objects.values("source_detail").distinct().count() == ROWS
    assert LifecycleChange.objects.count() == ROWS
    assert Import.objects.get(pk=record_id).report["created"] == ROWS
