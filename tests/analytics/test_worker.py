"""The whole way through a real Celery worker on the real broker, one that is killed in the middle included."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import redis
from django.conf import settings
from django.core.management import call_command

from analytics import steps
from analytics.lake.database import Lock, held, own_connection
from analytics.models import ContactMetrics, MetricRun
from analytics.services import recompute
from config.celery import app
from core.actors import SYSTEM
from core.clock import now
from core.models.job import Job
from tests.analytics.support import contact, order
from tests.support.workers import kill, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AT = datetime(2026, 3, 1, tzinfo=UTC)


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


def _customers(number: int) -> None:
    for place in range(1, number + 1):
        order(contact(), AT - timedelta(days=place), 10 * place)


def test_demo_commands_go_through_the_worker(lake_root: Path, tmp_path: Path) -> None:
    _customers(6)
    said, report = StringIO(), StringIO()
    with worker(lake_root):
        call_command("demo_recompute", stdout=said)
    call_command("demo_report", stdout=report, json=str(tmp_path / "report.json"))
    assert "6 contacts computed, 6 of them changed" in said.getvalue()
    # As of the day after the last order.
    assert "As of 2026-03-01" in report.getvalue()
    assert "customers                            6" in report.getvalue()
    assert "52.4%" in report.getvalue()
    assert (tmp_path / "report.json").exists()


def test_a_worker_killed_in_the_middle_and_another_one(lake_root: Path) -> None:
    _customers(6)
    job = recompute.request(actor=SYSTEM, at=now())
    # The sync lock is ours: the first worker gets stuck in the middle of its work.
    with own_connection() as ours, held(ours, Lock.SYNC), worker(lake_root) as first:
        until(_is(job, Job.Status.RUNNING), "the first worker to begin")
        kill(first)
    assert job.status == Job.Status.RUNNING
    assert not ContactMetrics.objects.exists()
    with worker(lake_root):
        until(lambda: _resent(job), "the job to be seen as abandoned")
        until(_is(job, Job.Status.SUCCEEDED), "the second worker to finish")
    assert ContactMetrics.objects.count() == 6
    assert set(ContactMetrics.objects.values_list("version", flat=True)) == {1}
    assert MetricRun.objects.count() == len(steps.names())


def _resent(job: Job) -> bool:
    """What beat does every minute; here as if a minute had passed."""
    return job.pk in _unattended(now() + timedelta(minutes=1))


def _unattended(at: datetime) -> list[Any]:
    return list(Job.objects.values_list("pk", flat=True)) if recompute.resend_unattended(at=at) else []
