"""Writes of business hours, service levels, steps of escalation and queues."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar
from uuid import UUID
from zoneinfo import available_timezones

from django.db import transaction
from django.db.models import F

from core.actors import Actor
from core.errors import Conflict, Invalid
from core.models.record import Record, RecordQuerySet
from core.writes.base import Write, Writes
from crm.errors import InUse
from crm.models import BusinessCalendar, Case, EscalationStep, Queue, ServiceLevel
from crm.models.case import OVER
from crm.services import locks
from crm.services.case_deadlines import rewind

M = TypeVar("M", bound=Record)


class _OfClocks(Writes[M]):
    """What decides when clocks pass: no case is written while it changes."""

    def begin(self, values: Mapping[str, Any]) -> None:
        locks.exclusively(locks.Subject.SERVICE_LEVELS)

    def delete(self, *, actor: Actor, record_id: UUID, at: datetime, version: int | None = None) -> M:
        with transaction.atomic():
            self.begin({})
            return super().delete(actor=actor, record_id=record_id, at=at, version=version)

    def restore(self, *, actor: Actor, record_id: UUID, at: datetime) -> M:
        with transaction.atomic():
            self.begin({})
            return super().restore(actor=actor, record_id=record_id, at=at)


class Calendars(_OfClocks[BusinessCalendar]):
    """Whoever changes the hours changes when clocks pass."""

    def prepare(self, change: Write[BusinessCalendar]) -> None:
        hours = change.record
        if hours.time_zone not in _time_zones():
            raise Invalid.one("/time_zone", "unknown_time_zone", "Must be a name of the IANA time zone database.")
        if not hours.spans:
            raise Invalid.one("/spans", "required", "Name at least one span in which work is done.")

    def saved(self, change: Write[BusinessCalendar]) -> None:
        if {"time_zone", "spans", "holidays"} & set(change.before):
            rewind(Case.objects.filter(service_level__business_calendar=change.record), at=change.at)

    def deleting(self, change: Write[BusinessCalendar]) -> None:
        if ServiceLevel.objects.alive().filter(business_calendar=change.record).exists():
            raise InUse("Service levels still use this calendar.")


class ServiceLevels(_OfClocks[ServiceLevel]):
    """Limits hold for the cases that are open now as well."""

    def saved(self, change: Write[ServiceLevel]) -> None:
        if set(change.before) - {"name", "external_id"}:
            rewind(Case.objects.filter(service_level=change.record), at=change.at)

    def deleting(self, change: Write[ServiceLevel]) -> None:
        if Queue.objects.alive().filter(service_level=change.record).exists():
            raise InUse("Queues still use this service level.")


class EscalationSteps(_OfClocks[EscalationStep]):
    """A new step counts for the cases that are open now as well."""

    def prepare(self, change: Write[EscalationStep]) -> None:
        step = change.record
        if step.user is not None and step.user.partner_id is not None:
            raise Invalid.one("/user_id", "not_for_partners", "Cases do not go to partners' people.")
        if not ServiceLevel.objects.alive().filter(pk=step.service_level_id).exists():
            raise Conflict("Its service level was deleted: restore that first.")

    def saved(self, change: Write[EscalationStep]) -> None:
        if change.created or {"clock", "percent", "deleted_at"} & set(change.before):
            rewind(Case.objects.filter(service_level=change.record.service_level_id), at=change.at)


class Queues(Writes[Queue]):
    """One queue is the default: making another one so takes it from the first. A queue in use stays."""

    def prepare(self, change: Write[Queue]) -> None:
        queue = change.record
        if queue.is_default:
            others: RecordQuerySet = Queue.objects.alive().filter(is_default=True).exclude(pk=queue.pk)
            others.update(is_default=False, version=F("version") + 1, updated_at=change.at)

    def deleting(self, change: Write[Queue]) -> None:
        if Case.objects.alive().filter(queue=change.record).exclude(status__in=OVER).exists():
            raise InUse("Cases still wait in this queue.")


@cache
def _time_zones() -> set[str]:
    """Their names; finding them reads six hundred files."""
    return available_timezones()


business_calendars = Calendars("business_calendar")
service_levels = ServiceLevels("service_level")
escalation_steps = EscalationSteps("escalation_step")
queues = Queues("queue")
