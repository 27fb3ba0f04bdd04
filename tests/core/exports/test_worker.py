"""Exports in processes of their own: one that is killed, and one whose memory is measured."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.files.storage import default_storage
from django.db import connection, transaction

from config.celery import app
from core.actors import SYSTEM
from core.clock import now
from core.exports.service import exports
from core.jobs import sending
from core.models import Export, Job
from crm.models import Contact
from tests.support.workers import environment, kill, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AT = datetime(2026, 3, 1, tzinfo=UTC)
KILLED, MEASURED = 60_000, 300_000
# MiB beyond what the program takes by itself.
MEMORY = 100


@pytest.fixture(autouse=True)
def empty_queue() -> Iterator[None]:
    _forget_tasks()
    yield
    _forget_tasks()


def _forget_tasks() -> None:
    """Those that wait, and those that a killed worker had taken."""
    app.control.purge()
    with redis.Redis.from_url(settings.CELERY_BROKER_URL) as broker:
        broker.delete("unacked", "unacked_index", "unacked_mutex")


def _people(count: int) -> None:
    """Copies of one contact, by SQL and without history: they are only to be read."""
    first = Contact.objects.create(last_name="First", city="Ghent", created_at=AT, updated_at=AT)
    made = {"id": "gen_random_uuid()", "last_name": "'Person ' || n", "email": "'p' || n || '@example.com'"}
    columns = [item.column for item in Contact._meta.concrete_fields if not getattr(item, "generated", False)]
    values = ", ".join(made.get(name, f'c."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ALTER TABLE crm_contact DISABLE TRIGGER USER")
        cursor.execute(
            f"INSERT INTO crm_contact ({names}) SELECT {values} "  # noqa: S608 - names from a model
            "FROM crm_contact c, generate_series(2, %s) n WHERE c.id = %s",
            [count, first.pk],
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE crm_contact ENABLE TRIGGER USER")


def _export(form: str) -> Export:
    values = {"entity": "contact", "format": form, "fields": ["id", "name", "email", "city", "company.name"]}
    return exports.create(actor=SYSTEM, values=values, at=now())


def _is(job: Any, status: str) -> Callable[[], bool]:
    def check() -> bool:
        job.refresh_from_db()
        return bool(job.status == status)

    return check


def test_a_killed_export_begins_anew_and_leaves_one_whole_file(tmp_path: Path) -> None:
    _people(KILLED)
    export = _export("csv")
    job = export.job
    with worker(tmp_path) as first:
        until(lambda: bool(Job.objects.filter(pk=job.pk, message="Reading").exists()), "it to be at the rows")
        kill(first)
    job.refresh_from_db()
    export.refresh_from_db()
    assert (job.status, export.path) == (Job.Status.RUNNING, "")
    with worker(tmp_path):
        # What beat does every minute; here as if a minute had passed.
        assert sending.resend_unattended(at=now() + timedelta(minutes=2)) == 1
        until(_is(job, Job.Status.SUCCEEDED), "the second worker to finish")
    export.refresh_from_db()
    assert export.rows == KILLED
    with default_storage.open(export.path, "rb") as file:
        lines = file.read().splitlines()
    assert len(lines) == len(set(lines)) == KILLED + 1
    _, files = default_storage.listdir("exports")
    assert [name for name in files if str(export.pk) in name] == [Path(export.path).name]


_MEASURE = """
import django, re, sys
django.setup()
from core.exports import work
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) // 1024
before = peak()
work.carry_out(job_id=sys.argv[1])
print(before, peak())
"""


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    _people(MEASURED)
    told = {}
    for form, most in {"csv": MEMORY, "xlsx": MEMORY, "parquet": MEMORY + 256}.items():
        export = _export(form)
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", _MEASURE, str(export.job_id)],
            env=environment(tmp_path) | {"DJANGO_SETTINGS_MODULE": "config.settings"},
            cwd=settings.BASE_DIR, capture_output=True, text=True, check=True,
        )  # fmt: skip
        before, after = map(int, done.stdout.split())
        told[form] = (before, after)
        export.refresh_from_db()
        assert export.rows == MEASURED
        assert after - before < most, told
