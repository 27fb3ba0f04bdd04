"""Jobs: a repeated task does nothing, a killed one goes on from its checkpoint, a cancelled one stops."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from core import jobs
from core.actors import SYSTEM, Actor, ActorKind, Grant, Visibility
from core.errors import Conflict, Forbidden, NotFound
from core.models import Job

AT = datetime(2026, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def worker(*actions: str) -> Actor:
    user = uuid4()
    grant = Grant(frozenset(actions), Visibility.OWN)
    return Actor(kind=ActorKind.USER, id=user, user_id=user, grants={"job": (grant,)})


def make(actor: Actor = SYSTEM) -> Job:
    return jobs.start(kind="recompute", parameters={}, actor=actor, at=AT)


def test_a_job_runs_once() -> None:
    job = make()
    assert jobs.begin(job_id=job.pk, at=AT) is not None
    jobs.progress(job_id=job.pk, done=1, total=3, message="half", at=AT)
    jobs.finish(job_id=job.pk, result={"rows": 3}, at=AT)
    assert jobs.begin(job_id=job.pk, at=AT) is None
    job.refresh_from_db()
    assert (job.status, job.done, job.result) == ("succeeded", 3, {"rows": 3})


def test_a_killed_job_goes_on_from_its_checkpoint() -> None:
    job = make()
    jobs.begin(job_id=job.pk, at=AT)
    jobs.checkpoint(job_id=job.pk, state={"synced": True}, at=AT)
    again = jobs.begin(job_id=job.pk, at=AT)
    assert again is not None
    assert again.state == {"synced": True}


def test_a_queued_job_is_cancelled_at_once() -> None:
    job = make()
    jobs.cancel(actor=SYSTEM, record_id=job.pk, at=AT)
    assert jobs.begin(job_id=job.pk, at=AT) is None
    job.refresh_from_db()
    assert job.status == "cancelled"


def test_a_running_job_stops_at_its_next_report() -> None:
    job = make()
    jobs.begin(job_id=job.pk, at=AT)
    jobs.cancel(actor=SYSTEM, record_id=job.pk, at=AT)
    with pytest.raises(jobs.JobCancelled):
        jobs.progress(job_id=job.pk, done=1, total=2, message="", at=AT)
    jobs.cancelled(job_id=job.pk, at=AT)
    with pytest.raises(Conflict):
        jobs.cancel(actor=SYSTEM, record_id=job.pk, at=AT)


def test_only_own_jobs_are_seen_and_cancelled() -> None:
    owner, stranger, watcher = worker("view", "cancel"), worker("view", "cancel"), worker("view")
    job = make(owner)
    with pytest.raises(NotFound):
        jobs.cancel(actor=stranger, record_id=job.pk, at=AT)
    with pytest.raises(Forbidden):
        jobs.cancel(actor=watcher, record_id=job.pk, at=AT)
    job.refresh_from_db()
    assert job.cancel_requested is False
    jobs.cancel(actor=owner, record_id=job.pk, at=AT)
