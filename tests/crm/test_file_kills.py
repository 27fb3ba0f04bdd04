"""A program killed between storing a content and committing its row leaves nothing that stays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from pytest_django import Settings

from core.actors import SYSTEM
from crm.models import File
from crm.services import file_purging
from crm.services.files import files
from tests.crm import make
from tests.support.processes import kill, process, until_somebody_waits_for

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
CODE = """
from datetime import datetime; from uuid import UUID
from django.core.files.uploadedfile import SimpleUploadedFile
from core.actors import SYSTEM
from crm.services.files import files
files.upload(actor=SYSTEM, at=datetime.fromisoformat({at!r}), file=SimpleUploadedFile("a.txt", b"text"),
             contact_id=UUID({contact!r}))
"""
PURGE = """
from datetime import datetime
from crm.services import file_purging
file_purging.purge(at=datetime.fromisoformat({at!r}))
"""


@pytest.fixture
def folder(settings: Settings, tmp_path: Path) -> Path:
    local = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = settings.STORAGES | {"default": local}
    return tmp_path


def _lock(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")


def stored(folder: Path) -> int:
    return sum(path.is_file() for path in folder.rglob("*"))


def test_killed_between_storage_and_commit(folder: Path) -> None:
    contact = make.contact(AT, first_name="Ada")
    code = CODE.format(at=AT.isoformat(), contact=str(contact.pk))
    with process(code, FILES_STORAGE="local", MEDIA_ROOT=str(folder)) as sender, transaction.atomic():
        _lock("crm_file")
        until_somebody_waits_for("crm_file")
        kill(sender)
    assert (stored(folder), File.objects.count()) == (1, 0)
    assert file_purging.sweep(at=AT + timedelta(days=3)) == 1
    assert stored(folder) == 0


def test_killed_between_removal_and_commit(folder: Path) -> None:
    contact = make.contact(AT, first_name="Ada")
    key = files.upload(actor=SYSTEM, at=AT, file=SimpleUploadedFile("a.txt", b"text"), contact_id=contact.pk)
    files.delete(actor=SYSTEM, record_id=key, at=AT)
    late = AT + timedelta(days=40)
    code = PURGE.format(at=late.isoformat())
    with process(code, FILES_STORAGE="local", MEDIA_ROOT=str(folder)) as worker, transaction.atomic():
        # It has removed the content, and waits to write the history of having said so.
        _lock("core_change")
        until_somebody_waits_for("core_change")
        kill(worker)
    assert (stored(folder), File.objects.get().purged_at) == (0, None)
    assert file_purging.purge(at=late) == 1
    assert File.objects.get().purged_at == late
