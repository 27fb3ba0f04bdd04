"""A real worker that is killed in the middle of a scan, and another one that goes on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db import connection

from config.celery import app
from core.actors import SYSTEM
from core.clock import now
from core.jobs import sending
from core.models import Job, OutboxEvent
from crm.models import Contact, DuplicateCandidate
from crm.services import duplicate_scans
from tests.support.workers import kill, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AT = datetime(2026, 3, 1, tzinfo=UTC)
GROUPS, SIZE = 1200, 8
PAIRS = GROUPS * SIZE * (SIZE - 1) // 2


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


def test_a_kill_loses_nothing_and_finds_nothing_twice(tmp_path: Path) -> None:
    Contact.objects.bulk_create(
        [
            Contact(first_name="Ada", last_name=f"Alder{n}", phone=f"+4930{n:07}", created_at=AT, updated_at=AT)
            for n in range(GROUPS)
            for _ in range(SIZE)
        ],
        batch_size=4000,
    )
    told = duplicate_scans.request(actor=SYSTEM, at=now(), full=True)
    job = Job.objects.get(pk=told["id"])
    with worker(tmp_path) as first:
        until(DuplicateCandidate.objects.exists, "the first pairs to be found")
        kill(first)
    # What the killed worker's session was at is over once nobody holds its lock.
    until(_nobody_scans, "the killed worker's session to end")
    job.refresh_from_db()
    assert job.status == Job.Status.RUNNING
    half = DuplicateCandidate.objects.count()
    assert half == job.state["found"] == job.state["new"]
    assert 0 < half < PAIRS
    early = dict(DuplicateCandidate.objects.values_list("pk", "updated_at"))
    with worker(tmp_path):
        # What beat does every minute; here as if a minute had passed.
        assert sending.resend_unattended(at=now() + timedelta(minutes=2)) == 1
        until(lambda: Job.objects.get(pk=job.pk).status == Job.Status.SUCCEEDED, "the second worker to finish")
    job.refresh_from_db()
    assert (job.result["pairs"], job.result["found"], job.result["new"]) == (PAIRS, PAIRS, PAIRS)
    assert DuplicateCandidate.objects.count() == PAIRS
    assert set(DuplicateCandidate.objects.values_list("version", flat=True)) == {1}
    assert dict(DuplicateCandidate.objects.filter(pk__in=early).values_list("pk", "updated_at")) == early
    assert OutboxEvent.objects.filter(name="job.succeeded").count() == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_class WHERE relname LIKE 'crm_scan_%'")
        assert cursor.fetchone() == (0,)


def _nobody_scans() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 16)")
        return bool(cursor.fetchone()[0])
