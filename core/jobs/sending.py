"""Giving jobs to workers: sent when they are asked for, and again when nobody works on them."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

from core.models.job import Job

# How long a job may be without news before it is looked after: its worker was killed, or the broker was away.
PATIENCE = timedelta(seconds=60)
ACTIVE = (Job.Status.QUEUED, Job.Status.RUNNING)

_tasks: dict[str, str] = {}
logger = logging.getLogger(__name__)


def register(kind: str, task: str) -> None:
    """Say which task carries out jobs of a kind. It takes the job's id, and does no harm when it is run twice."""
    _tasks[kind] = task


def send(job: Job) -> None:
    """Give the job to the workers once the present transaction is committed."""
    task, job_id = _tasks[job.kind], job.pk
    transaction.on_commit(lambda: _send(task, job_id))


def resend_unattended(*, at: datetime) -> int:
    """Send again the jobs that there has been no news of. Returns how many."""
    waiting = Job.objects.filter(kind__in=_tasks, status__in=ACTIVE, updated_at__lt=at - PATIENCE).order_by("id")
    found = list(waiting.values_list("id", "kind"))
    for job_id, kind in found:
        _send(_tasks[kind], job_id)
    return len(found)


def _send(task: str, job_id: UUID) -> None:
    try:
        current_app.send_task(task, args=[str(job_id)])
    except OperationalError:
        logger.warning("The broker is away; job %s waits", job_id)
