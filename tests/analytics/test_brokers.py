"""The queue on the brokers of production: RabbitMQ and Redis proper, where the environment says that they are."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from kombu import Connection

from analytics.lake.database import Lock, held, own_connection
from analytics.models import ContactMetrics
from core.clock import now
from core.models.job import Job
from tests.analytics.support import contact, order
from tests.support.workers import PATIENCE, environment, kill, until, worker

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ASK = """
import django
django.setup()
from core.actors import SYSTEM
from core.clock import now
from analytics.services import recompute
recompute.request(actor=SYSTEM, at=now())
"""
RESEND = """
import django
django.setup()
from datetime import timedelta
from core.clock import now
from analytics.services import recompute
raise SystemExit(0 if recompute.resend_unattended(at=now() + timedelta(minutes=1)) else 1)
"""
QUEUES = ("default",)


def _broker(variable: str) -> Iterator[str]:
    """The broker of that variable, empty, and for one test at a time: all runs of the suite share it."""
    url = os.environ.get(variable)
    if not url:
        pytest.skip(f"{variable} is not set")
    with (Path(tempfile.gettempdir()) / f"bifocal-{variable}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        _empty(url)
        yield url
        _empty(url)


def _empty(url: str) -> None:
    with Connection(url) as connection:
        channel = connection.default_channel
        for queue in QUEUES:
            if connection.transport_cls in ("redis", "rediss"):
                channel.client.delete(queue, "unacked", "unacked_index", "unacked_mutex", f"_kombu.binding.{queue}")
            else:
                channel.queue_delete(queue=queue)


@pytest.fixture
def rabbitmq() -> Iterator[str]:
    yield from _broker("TEST_RABBITMQ_URL")


@pytest.fixture
def redis_proper() -> Iterator[str]:
    yield from _broker("TEST_REDIS_URL")


def _run(code: str, lake_root: Path, broker: str) -> int:
    given = environment(lake_root, broker) | {"DJANGO_SETTINGS_MODULE": "config.settings"}
    return subprocess.run([sys.executable, "-c", code], env=given, cwd=settings.BASE_DIR, check=False).returncode


def _is(status: str) -> bool:
    return bool(Job.objects.get().status == status)


def _interrupted(lake_root: Path, broker: str) -> None:
    """A job that another process asks for, begun by a worker that is killed in the middle."""
    order(contact(), now() - timedelta(days=1), 10)
    assert _run(ASK, lake_root, broker) == 0
    with own_connection() as ours, held(ours, Lock.SYNC), worker(lake_root, broker) as first:
        until(lambda: _is(Job.Status.RUNNING), "the first worker to begin")
        kill(first)
    assert not ContactMetrics.objects.exists()


@pytest.mark.rabbitmq
def test_rabbitmq_gives_the_task_of_a_killed_worker_to_the_next(lake_root: Path, rabbitmq: str) -> None:
    _interrupted(lake_root, rabbitmq)
    with worker(lake_root, rabbitmq) as second:
        until(lambda: _is(Job.Status.SUCCEEDED), "the second worker to finish")
        # Asked to stop, it first says that the task is done.
        second.terminate()
        second.wait(timeout=PATIENCE)
    assert ContactMetrics.objects.get().version == 1
    with Connection(rabbitmq) as connection:
        # Quorum queues alone survive the loss of a node, and a classic one of the same name would be refused.
        declared = connection.default_channel.queue_declare(
            "default", durable=True, auto_delete=False, arguments={"x-queue-type": "quorum"}
        )
    assert declared.message_count == 0


@pytest.mark.redis
def test_redis_loses_no_task_of_a_killed_worker(lake_root: Path, redis_proper: str) -> None:
    _interrupted(lake_root, redis_proper)
    with worker(lake_root, redis_proper):
        # Redis waits for the visibility timeout; what beat does every minute does not.
        until(lambda: _run(RESEND, lake_root, redis_proper) == 0, "the job to be seen as abandoned")
        until(lambda: _is(Job.Status.SUCCEEDED), "the second worker to finish")
    assert ContactMetrics.objects.get().version == 1
