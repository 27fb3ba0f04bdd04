"""A real worker that is killed in the middle of many records, and another one that goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from django.conf import settings
from django.db.models import Count

from config.celery import app
from core import registry
from core.actors import SYSTEM
from core.bulk import requests
from core.clock import now
from core.jobs import sending
from core.models import Change, Job, OutboxEvent
from crm.models import Contact
from tests.support.workers import kill, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AT = datetime(2026, 3, 1, tzinfo=UTC)
MANY = 12_000


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


def _is(job: Job, status: str) -> Callable[[], bool]:
    def check() -> bool:
        job.refresh_from_db()
        return bool(job.status == status)

    return check


def test_a_kill_loses_nothing_and_does_nothing_twice(tmp_path: Path) -> None:
    Contact.objects.bulk_create(
        [Contact(last_name=f"Person {n}", created_at=AT, updated_at=AT) for n in range(MANY)], batch_size=4000
    )
    told = requests.request(
        registry.entity("contact"), actor=SYSTEM, at=now(), action="delete", filter={}, expected_count=MANY
    )
    job = Job.objects.get(pk=told["id"])
    assert isinstance(job, Job)
    with worker(tmp_path) as first:
        until(lambda: Contact.objects.filter(deleted_at__isnull=False).exists(), "the first records to be deleted")
        kill(first)
    job.refresh_from_db()
    assert job.status == Job.Status.RUNNING
    half = Contact.objects.filter(deleted_at__isnull=False).count()
    assert half == job.state["changed"]
    assert 0 < half < MANY
    with worker(tmp_path):
        # What beat does every minute; here as if a minute had passed.
        assert sending.resend_unattended(at=now() + timedelta(minutes=2)) == 1
        until(_is(job, Job.Status.SUCCEEDED), "the second worker to finish")
    assert job.result == {"changed": MANY, "refused": 0, "unchanged": 0, "problems": []}
    assert not Contact.objects.alive().exists()
    assert set(Contact.objects.values_list("version", flat=True)) == {2}
    changes = Change.objects.filter(entity="contact", operation="update")
    assert changes.count() == MANY
    assert changes.aggregate(records=Count("record_id", distinct=True))["records"] == MANY
    assert OutboxEvent.objects.filter(name="contact.deleted").count() == MANY
