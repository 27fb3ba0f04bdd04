"""Retention: what is older than it may be goes, every night, in bounded steps that a kill does not undo."""

from __future__ import annotations

import logging
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.db.models import ProtectedError
from kombu.exceptions import OperationalError as BrokerAway

from core import jobs, registry
from core.actors import SYSTEM, Actor
from core.clock import now
from core.errors import DomainError, NotFound
from core.history.context import acting
from core.models.job import Job
from core.personal import forgetting
from core.writes.base import Write, Writes
from crm.errors import ContactMerged, OnLegalHold
from crm.models import Event, RetentionAction, RetentionRule
from crm.selectors import people
from crm.selectors import retention as selector
from crm.services import erasures, event_retention, locks

KIND = "retention"
TASK = "crm.tasks.apply_retention"
BATCH = 500
# How long a job may be without news before it is looked after.
PATIENCE = timedelta(minutes=2)
ACTIVE = (Job.Status.QUEUED, Job.Status.RUNNING)

logger = logging.getLogger(__name__)


class RetentionRules(Writes[RetentionRule]):
    """A rule names what there is."""

    def prepare(self, change: Write[RetentionRule]) -> None:
        selector.validate(change.record, change.at)


def dry_run(*, actor: Actor, record_id: UUID, at: datetime) -> dict[str, Any]:
    """To how many records the rule would apply now. Raises NotFound."""
    actor.require("retention_rule", "view")
    rule: RetentionRule | None = RetentionRule.objects.visible_to(actor).alive().filter(pk=record_id).first()
    if rule is None:
        raise NotFound(entity="retention_rule", id=str(record_id))
    return {"count": selector.due(rule, at).count(), "as_of": at.isoformat()}


def request(*, actor: Actor, at: datetime) -> Job:
    """Have all active rules applied by a worker; the job that waits or runs, where there is one."""
    actor.require("retention_rule", "apply")
    with transaction.atomic():
        locks.exclusively(locks.Subject.RETENTION_REQUEST)
        active = Job.objects.filter(kind=KIND, status__in=ACTIVE).order_by("id").first()
        if active is not None:
            assert isinstance(active, Job)  # noqa: S101 - for the type checker
            return active
        job = jobs.start(kind=KIND, parameters={"at": at.isoformat()}, actor=actor, at=at)
        transaction.on_commit(lambda: send(job.pk))
    return job


def ask(*, actor: Actor, at: datetime) -> dict[str, Any]:
    """`request`, answered ready for the wire."""
    job = request(actor=actor, at=at)
    return {"id": str(job.pk)} | {name: getattr(job, name) for name in ("kind", "status", "done", "total", "message")}


def send(job_id: UUID) -> None:
    """Give the job to the workers; `resend_unattended` does it later where the broker is away."""
    try:
        current_app.send_task(TASK, args=[str(job_id)])
    except BrokerAway:
        logger.warning("The broker is away; job %s waits", job_id)


def resend_unattended(*, at: datetime) -> int:
    """Send again the jobs without news: their worker was killed, or the broker was away. Returns how many."""
    waiting = Job.objects.filter(kind=KIND, status__in=ACTIVE, updated_at__lt=at - PATIENCE).order_by("id")
    ids = list(waiting.values_list("id", flat=True))
    for job_id in ids:
        send(job_id)
    return len(ids)


def carry_out(*, job_id: UUID) -> bool:
    """Do a job of `request`; one that a kill interrupted goes on where it was. False where another is at work."""
    with locks.held(locks.Subject.RETENTION) as mine:
        if not mine:
            return False
        job = jobs.begin(job_id=job_id, at=now())
        if job is not None:
            _do(job)
    return True


def _do(job: Job) -> None:
    try:
        counts = _apply_all(job)
        jobs.finish(job_id=job.pk, result={"records": counts}, at=now())
    except jobs.JobCancelled:
        jobs.cancelled(job_id=job.pk, at=now())
    except OperationalError:
        # The database is away or being restarted: the job is done again later.
        raise
    except (DomainError, ProtectedError) as error:
        jobs.fail(job_id=job.pk, message=getattr(error, "detail", "Other records still need them."), at=now())
    except Exception:
        logger.exception("Retention %s failed", job.pk)
        jobs.fail(job_id=job.pk, message="An internal error; the log of the worker has the details.", at=now())


def _apply_all(job: Job) -> dict[str, int]:
    as_of = datetime.fromisoformat(job.parameters["at"])
    state: dict[str, Any] = {"counts": {}, "after": None, **job.state}
    rules = list(RetentionRule.objects.alive().filter(active=True).order_by("pk"))
    for number, rule in enumerate(rules):
        if str(rule.pk) in state.get("over", []):
            continue
        jobs.progress(job_id=job.pk, done=number, total=len(rules), message=f"Applying {rule.name}", at=now())
        for month in event_retention.months(rule, as_of):
            _drop_month(job, rule, state, month)
            jobs.progress(job_id=job.pk, done=number, total=len(rules), message=_so_far(rule, state), at=now())
        while _apply_batch(job, rule, state, as_of):
            jobs.progress(job_id=job.pk, done=number, total=len(rules), message=_so_far(rule, state), at=now())
        count = state["counts"].get(str(rule.pk), 0)
        RetentionRule.objects.filter(pk=rule.pk).update(last_run_at=as_of, last_count=count)
        state["over"] = [*state.get("over", []), str(rule.pk)]
        state["after"] = None
        jobs.checkpoint(job_id=job.pk, state=state, at=now())
    return {rule.name: state["counts"].get(str(rule.pk), 0) for rule in rules}


def _so_far(rule: RetentionRule, state: dict[str, Any]) -> str:
    return f"{rule.name}: {state['counts'].get(str(rule.pk), 0)} records"


def _drop_month(job: Job, rule: RetentionRule, state: dict[str, Any], month: date) -> None:
    """One month of events with its checkpoint, in one transaction."""
    at = now()
    with transaction.atomic():
        acting(SYSTEM, at)
        count = event_retention.drop(month, at=at)
        state["counts"][str(rule.pk)] = state["counts"].get(str(rule.pk), 0) + count
        jobs.checkpoint(job_id=job.pk, state=state, at=at)


def _apply_batch(job: Job, rule: RetentionRule, state: dict[str, Any], as_of: datetime) -> bool:
    """One step with its checkpoint, in one transaction; False where nothing was left to do."""
    at = now()
    with transaction.atomic():
        acting(SYSTEM, at)
        rows = selector.due(rule, as_of)
        if state["after"] is not None:
            rows = rows.filter(pk__gt=UUID(state["after"]))
        ids = list(rows.order_by("pk").values_list("pk", flat=True)[:BATCH])
        if not ids:
            return False
        done, files = _apply(rule, _unheld(rule, ids, as_of), at)
        state["after"] = str(ids[-1])
        state["counts"][str(rule.pk)] = state["counts"].get(str(rule.pk), 0) + done
        jobs.checkpoint(job_id=job.pk, state=state, at=at)
        transaction.on_commit(lambda: _remove(files))
    return True


def _unheld(rule: RetentionRule, ids: list[UUID], as_of: datetime) -> list[UUID]:
    """Those to which the rule still applies once nobody can put the people that they are about on hold meanwhile."""
    people.lock_with_winners(selector.about(rule, ids))
    return list(selector.due(rule, as_of).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))


def _apply(rule: RetentionRule, ids: list[UUID], at: datetime) -> tuple[int, list[str]]:
    """How many it was done to, and the files to remove."""
    if rule.action == RetentionAction.ERASE:
        return sum(_erase(key, rule, at) for key in ids), []
    model = registry.entity(rule.entity).model
    if model is Event and rule.action == RetentionAction.DELETE:
        event_retention.forget_beside(ids, at=at)
    return len(ids), forgetting.forget_rows(model, ids, at=at, remove=rule.action == RetentionAction.DELETE)


def _erase(key: UUID, rule: RetentionRule, at: datetime) -> bool:
    """False where somebody is on hold in a way that was not known when the step began: through who was merged."""
    try:
        with transaction.atomic():
            erasures.erase(actor=SYSTEM, record_id=key, at=at, reason=f"Retention: {rule.name}", confirm=True)
    except (OnLegalHold, ContactMerged):
        return False
    return True


def _remove(files: list[str]) -> None:
    for name in files:
        default_storage.delete(name)


retention_rules = RetentionRules("retention_rule")
