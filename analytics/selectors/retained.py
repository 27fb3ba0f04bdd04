"""Of which computations the tables are still kept as files."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from analytics import steps
from analytics.engine.results import Kept
from analytics.models import MetricRun
from core.models.job import Job

_ACTIVE = (Job.Status.QUEUED, Job.Status.RUNNING)


def live_job_id() -> Any | None:
    """The computation whose results contacts show; None before the first, and once its job is gone."""
    return _succeeded().filter(is_live=True).values_list("job_id", flat=True).first()


def folders() -> Kept:
    """The live computation whole, those at work, and the profiles of the last ANALYTICS_KEPT_RUNS."""
    at_work = Job.objects.filter(status__in=_ACTIVE).values_list("id", flat=True)
    live = live_job_id()
    whole = {str(job) for job in (*at_work, live) if job is not None}
    last = _succeeded().values_list("job_id", flat=True)[: settings.ANALYTICS_KEPT_RUNS]
    return Kept(frozenset(whole), frozenset(str(job) for job in last), frozenset({steps.PROFILES}))


def _succeeded() -> Any:
    runs = MetricRun.objects.filter(definition=steps.PROFILES, status=MetricRun.Status.SUCCEEDED, job__isnull=False)
    return runs.order_by("-id")
