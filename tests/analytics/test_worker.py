"""The whole way through a real Celery worker on the real broker, one that is killed in the middle included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from analytics.lake.database import Lock, held, own_connection
from analytics.models import ContactMetrics, MetricRun
from analytics.services import recompute
from config.celery import app
from core.actors import SYSTEM
from core.clock import now
from core.models.job import Job
from tests.analytics.support import contact, order

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

AT = datetime(2026, 3, 1, tzinfo=UTC)
PATIENCE = 60.0


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


@contextmanager
def worker(lake_root: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a session of its own, on this test's database, broker and lake."""
    database = connection.settings_dict
    who = f"{quote(database['USER'])}:{quote(database['PASSWORD'] or '')}"
    url = f"postgres://{who}@{database['HOST']}:{database['PORT']}"
    environment = os.environ | {
        "DATABASE_URL": f"{url}/{database['NAME']}",
        "BROKER_URL": settings.CELERY_BROKER_URL,
        "LAKE_ROOT": str(lake_root),
        "BIFOCAL_ENV": "test",
        "PYTHONWARNINGS": "ignore",
    }
    command = [sys.executable, "-m", "celery", "--app", "config", "worker", "--concurrency", "1",
               "--without-gossip", "--without-mingle", "--loglevel", "ERROR"]  # fmt: skip
    process = subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, start_new_session=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for: {what}"
        time.sleep(0.05)


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
        _until(_is(job, Job.Status.RUNNING), "the first worker to begin")
        os.killpg(first.pid, signal.SIGKILL)
        first.wait()
    assert job.status == Job.Status.RUNNING
    assert not ContactMetrics.objects.exists()
    with worker(lake_root):
        _until(lambda: _resent(job), "the job to be seen as abandoned")
        _until(_is(job, Job.Status.SUCCEEDED), "the second worker to finish")
    assert ContactMetrics.objects.count() == 6
    assert set(ContactMetrics.objects.values_list("version", flat=True)) == {1}
    assert MetricRun.objects.count() == 5


def _resent(job: Job) -> bool:
    """What beat does every minute; here as if a minute had passed."""
    return job.pk in _unattended(now() + timedelta(minutes=1))


def _unattended(at: datetime) -> list[Any]:
    return list(Job.objects.values_list("pk", flat=True)) if recompute.resend_unattended(at=at) else []
