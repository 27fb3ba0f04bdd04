"""Asking for models to be fitted: over any contacts, up to any day, as a job that a worker carries out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction

from core import jobs, registry
from core.actors import Actor
from core.errors import Invalid
from core.jobs import acting, sending
from core.jobs.shapes import started
from core.models.job import Job
from core.models.record import RecordQuerySet
from core.reads import reader

KIND = "fit_models"
TASK = "analytics.tasks.fit_models"
HORIZON_DAYS = 365


def ask(
    *,
    actor: Actor,
    at: datetime,
    filter: Mapping[str, Any] | None = None,
    calibration_end: date | None = None,
    holdout_end: date | None = None,
    models: Sequence[str] | None = None,
    horizon_days: int | None = None,
) -> dict[str, Any]:
    """Start the job. What can be wrong about the request is refused now: Forbidden, Invalid, InvalidCriteria."""
    actor.require("analytics", "recompute")
    actor.require("contact", "view")
    _check(at, calibration_end, holdout_end, models)
    contacts(actor=actor, at=at, where=filter or {})
    parameters = {
        "filter": filter,
        "calibration_end": calibration_end and calibration_end.isoformat(),
        "holdout_end": holdout_end and holdout_end.isoformat(),
        "models": None if models is None else list(dict.fromkeys(models)),
        "horizon_days": horizon_days or HORIZON_DAYS,
        "asked_at": at.isoformat(),
    }
    with transaction.atomic():
        job = jobs.start(kind=KIND, parameters=parameters, actor=actor, at=at)
        # Kept in the state, which nobody is shown.
        Job.objects.filter(pk=job.pk).update(state={"actor": acting.noted(actor)})
        sending.send(job)
    return started(job)


def contacts(*, actor: Actor, at: datetime, where: Mapping[str, Any]) -> RecordQuerySet:
    """The contacts that the criteria find and the actor sees. Raises InvalidCriteria."""
    entity = registry.entity("contact")
    rows: RecordQuerySet = entity.model._default_manager.all()
    return reader.restricted(entity, rows.visible_to(actor).alive(), actor, at, where, None)


def sees_all(actor: Actor) -> bool:
    """Whether no contact is hidden from the actor."""
    model = registry.entity("contact").model
    return model.scope.sees_all(actor, actor.visibilities("contact", "view"))


def _check(at: datetime, calibration_end: date | None, holdout_end: date | None, models: Sequence[str] | None) -> None:
    today = at.date()
    for pointer, day in (("/calibration_end", calibration_end), ("/holdout_end", holdout_end)):
        if day is not None and day > today:
            raise Invalid.one(pointer, "in_the_future", "Must not be in the future.")
    if calibration_end is not None and holdout_end is not None and holdout_end < calibration_end:
        raise Invalid.one("/holdout_end", "out_of_range", "Must not be before the end of calibration.")
    if models is not None and not models:
        raise Invalid.one("/models", "blank", "Name at least one.")
