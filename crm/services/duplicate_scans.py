"""Scanning all contacts for pairs that look like one person, as a job that a kill does not make begin anew."""

from __future__ import annotations

import logging
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from core import jobs
from core.actors import Actor
from core.clock import now
from core.errors import DomainError
from core.jobs import acting, sending
from core.jobs.shapes import started
from core.models.job import Job
from crm.services import locks, scan_blocks, scan_pairs

KIND = "duplicate_scan"
TASK = "crm.tasks.scan_duplicates"
ACTION = "scan_duplicates"
ACTIVE = (Job.Status.QUEUED, Job.Status.RUNNING)
COUNTS = ("found", "new", "removed")

logger = logging.getLogger(__name__)


def request(*, actor: Actor, at: datetime, full: bool | None = None) -> dict[str, Any]:
    """Start a scan, or tell of the one that waits or runs. Raises Forbidden.

    full: compare all contacts; otherwise only those that changed since the last scan are compared with all.
    """
    actor.require("contact", ACTION)
    with transaction.atomic():
        locks.exclusively(locks.Subject.DUPLICATE_SCAN_REQUEST)
        active = Job.objects.filter(kind=KIND, status__in=ACTIVE).order_by("id")
        for job in active:
            if job.parameters["full"] or not full:
                assert isinstance(job, Job)  # noqa: S101 - for the type checker
                return started(job)
        job = jobs.start(kind=KIND, parameters={"full": bool(full)}, actor=actor, at=at)
        # Kept in the state, which nobody is shown.
        Job.objects.filter(pk=job.pk).update(state={"actor": acting.noted(actor)})
        sending.send(job)
    return started(job)


def carry_out(*, job_id: UUID) -> None:
    """Do a job of `request`, from where it is. Does nothing where it is over, or where another scan is at work.

    It is sent again later then, as all jobs are that there is no news of.
    """
    with locks.held(locks.Subject.DUPLICATE_SCAN) as mine:
        job = jobs.begin(job_id=job_id, at=now()) if mine else None
        if job is None:
            return
        try:
            _do(job)
        except jobs.JobCancelled:
            scan_blocks.drop()
            jobs.cancelled(job_id=job_id, at=now(), result=_result(job.state))
        except (OperationalError, InterfaceError):
            # The database is away or being restarted: nothing can be recorded, and the job is done again later.
            raise
        except DomainError as refusal:
            jobs.fail(job_id=job_id, message=refusal.detail, at=now())
        except Exception:
            logger.exception("Scan %s failed", job_id)
            scan_blocks.drop()
            jobs.fail(job_id=job_id, message="An internal error; the log of the worker has the details.", at=now())


def _do(job: Job) -> None:
    acting.recalled(job.state["actor"], at=now()).require("contact", ACTION)
    if "after" not in job.state or not scan_blocks.are_there(job.state["pairs"]):
        _block(job)
    while job.state["after"] < job.state["pairs"]:
        _piece(job)
        _report(job, f"{job.state['after']:,} of {job.state['pairs']:,} pairs")
    with transaction.atomic():
        job.state["removed"] = scan_pairs.remove_others(job.pk, full=job.state["since"] is None)
        jobs.finish(job_id=job.pk, result=_result(job.state), at=now())
    scan_blocks.drop()


def _block(job: Job) -> None:
    """Say what is to be compared, and note it."""
    as_of = now()
    since = None if job.parameters["full"] else _last()
    report = partial(_say, job.pk)
    made = scan_blocks.make(since=since, as_of=as_of, report=report)
    job.state = {
        "actor": job.state["actor"], "as_of": as_of.isoformat(), "since": since and since.isoformat(), "after": 0,
        "threshold": settings.DUPLICATE_THRESHOLD, **dict.fromkeys(COUNTS, 0), **made,
    }  # fmt: skip
    jobs.checkpoint(job_id=job.pk, state=job.state, at=now())


def _last() -> datetime | None:
    """When the last scan that is a ground to go on from began; None where there is none."""
    done = Job.objects.filter(kind=KIND, status=Job.Status.SUCCEEDED).order_by("-finished_at").first()
    if done is None or done.result["threshold"] != settings.DUPLICATE_THRESHOLD:
        return None
    return datetime.fromisoformat(done.result["as_of"])


def _piece(job: Job) -> None:
    """Score the next pairs: one transaction together with its checkpoint, so that a kill leaves whole pieces."""
    at = now()
    with transaction.atomic():
        first = job.state["after"] + 1
        last = min(job.state["after"] + scan_pairs.PIECE, job.state["pairs"])
        found, new = scan_pairs.score_and_write(job.pk, first=first, last=last, at=at)
        state = job.state | {
            "after": last, "found": job.state["found"] + found, "new": job.state["new"] + new
        }  # fmt: skip
        jobs.checkpoint(job_id=job.pk, state=state, at=at)
    job.state = state


def _report(job: Job, message: str) -> None:
    jobs.progress(job_id=job.pk, done=job.state["after"], total=job.state["pairs"], message=message, at=now())


def _say(job_id: UUID, message: str) -> None:
    jobs.progress(job_id=job_id, done=0, total=None, message=message, at=now())


def _result(state: dict[str, Any]) -> dict[str, Any]:
    """What is told in the end: pairs compared and found, and the blocks that were passed over."""
    names = ("as_of", "since", "threshold", "pairs", "skipped_blocks", *COUNTS)
    return {name: state.get(name) for name in names} | {"block_limit": scan_blocks.BLOCK}
