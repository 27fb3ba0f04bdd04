"""Writes of cases: from the first request to resolved, closed and rated, with their clocks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction

from core import events
from core.actors import Actor
from core.history.context import acting
from core.personal import erased
from core.writes import inputs
from core.writes.base import Write
from crm import events as names
from crm.errors import CaseNotOver, CaseNotResolved, CaseNotWaiting, CaseOver, CaseWaiting
from crm.models import Case, CaseChange, CaseStatus, Direction, NotificationKind
from crm.models.case import OVER
from crm.services import case_deadlines, clocks, locks, notifications
from crm.services.case_defaults import fill
from crm.services.customers import default_company, require_customer
from crm.services.described import DescribedWrites
from crm.services.interactions import interactions
from crm.services.notifications import Told

# What decides when the clocks pass.
_OF_CLOCKS = frozenset({"status", "priority", "service_level_id", "first_responded_at", "opened_at"})
_EVENTS = {
    CaseStatus.WAITING: names.CASE_WAITING,
    CaseStatus.RESOLVED: names.CASE_RESOLVED,
    CaseStatus.CLOSED: names.CASE_CLOSED,
}


class Cases(DescribedWrites[Case]):
    """Every change of status is kept, and the clocks are wound anew whenever what they depend on changes."""

    def begin(self, values: Mapping[str, Any]) -> None:
        super().begin(values)
        # Whoever changes hours or limits takes it exclusively, and then the cases.
        locks.shared(locks.Subject.SERVICE_LEVELS)

    def prepare(self, change: Write[Case]) -> None:
        super().prepare(change)
        case = change.record
        default_company(change)
        require_customer(case)
        fill(change)
        if change.changed("status"):
            _note(change)
        if change.created or _OF_CLOCKS & set(change.before):
            changed = clocks.wind([case], at=change.at)[case.pk]
            change.before.update({} if change.created else changed)

    def saved(self, change: Write[Case]) -> None:
        super().saved(change)
        case = change.record
        if change.changed("owner_id") and case.owner_id not in {None, change.actor.user_id}:
            notifications.give([_assigned(case)], at=change.at)
        if {"contact_id", "company_id"} & set(change.before):
            CaseChange.objects.filter(case=case).update(contact=case.contact_id, company=case.company_id)

    def update(
        self, *, actor: Actor, record_id: UUID, values: Mapping[str, Any], at: datetime, version: int | None = None
    ) -> Case:
        with transaction.atomic():
            # Before the row: whoever renames a tag holds the lock of tags, and then waits for the row.
            locks.shared(locks.Subject.TAGS)
            locks.shared(locks.Subject.SERVICE_LEVELS)
            case_deadlines.settle([record_id], at=at)
            return super().update(actor=actor, record_id=record_id, values=values, at=at, version=version)

    def assign(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        owner_id: UUID | None = None,
        team_id: UUID | None = None,
        queue_id: UUID | None = None,
    ) -> UUID:
        """Give a case to an agent, a team or a queue; with nothing named, to whoever asks. Raises CaseOver."""
        with transaction.atomic():
            change = self._begin("assign", actor, record_id, at)
            _require_not_over(change.record)
            given = {"owner_id": owner_id, "team_id": team_id, "queue_id": queue_id}
            values: dict[str, UUID | None] = {name: value for name, value in given.items() if value is not None}
            inputs.check_references(self.entity, values, actor=actor)
            # In a team or a queue it waits for whoever takes it; with nothing named, whoever asks does.
            agent = values.setdefault("owner_id", None if values else actor.user_id)
            self._set(change, **values)
            if agent is not None and change.record.status == CaseStatus.NEW:
                self._set(change, status=CaseStatus.OPEN)
            change.values.update(values)
            self.apply(change, action="assign")
        return record_id

    def respond(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        channel: str | None = None,
        subject: str | None = None,
        body: str | None = None,
        minutes: Decimal | None = None,
        outcome: str | None = None,
    ) -> UUID:
        """Record that we answered: an interaction, and the first response where it is the first. Raises CaseOver."""
        with transaction.atomic():
            change = self._begin("respond", actor, record_id, at)
            case = change.record
            _require_not_over(case)
            said = {"channel": channel or case.channel, "subject": subject or case.subject, "body": body}
            interactions.note(
                actor=actor,
                at=at,
                case=case,
                direction=Direction.OUTBOUND,
                occurred_at=at,
                minutes=minutes,
                outcome=outcome,
                **said,
            )
            self._set(change, minutes=case.minutes + (minutes or 0))
            if case.first_responded_at is None:
                self._set(change, first_responded_at=at)
            if case.status == CaseStatus.NEW:
                self._set(change, status=CaseStatus.OPEN)
            self.apply(change, action="respond")
            self._tell(names.CASE_RESPONDED, change)
        return record_id

    def wait(self, *, actor: Actor, record_id: UUID, at: datetime, reason: str | None = None) -> UUID:
        """Wait for somebody else: the clocks stand still. Raises CaseOver, CaseWaiting."""
        with transaction.atomic():
            change = self._begin("wait", actor, record_id, at, reason)
            _require_not_over(change.record)
            if change.record.status == CaseStatus.WAITING:
                raise CaseWaiting(case_id=str(record_id))
            self._go(change, "wait", CaseStatus.WAITING, waiting_since=at)
        return record_id

    def resume(self, *, actor: Actor, record_id: UUID, at: datetime, reason: str | None = None) -> UUID:
        """Go on after waiting. Raises CaseNotWaiting."""
        with transaction.atomic():
            change = self._begin("resume", actor, record_id, at, reason)
            if change.record.status != CaseStatus.WAITING:
                raise CaseNotWaiting(case_id=str(record_id))
            self._go(change, "resume", CaseStatus.OPEN, waiting_since=None)
        return record_id

    def resolve(self, *, actor: Actor, record_id: UUID, at: datetime, reason: str | None = None) -> UUID:
        """Mark as solved. Raises CaseOver."""
        with transaction.atomic():
            change = self._begin("resolve", actor, record_id, at, reason)
            _require_not_over(change.record)
            self._go(change, "resolve", CaseStatus.RESOLVED, waiting_since=None, resolved_at=at)
        return record_id

    def reopen(self, *, actor: Actor, record_id: UUID, at: datetime, reason: str | None = None) -> UUID:
        """Take a resolved or closed case up again; its clocks go on where they stood. Raises CaseNotOver."""
        with transaction.atomic():
            change = self._begin("reopen", actor, record_id, at, reason)
            if change.record.status not in OVER:
                raise CaseNotOver(case_id=str(record_id))
            count = change.record.reopened_count + 1
            self._go(change, "reopen", CaseStatus.OPEN, resolved_at=None, closed_at=None, reopened_count=count)
        return record_id

    def close(self, *, actor: Actor, record_id: UUID, at: datetime, reason: str | None = None) -> UUID:
        """Close a resolved case, or one that needs no resolution, for good. Raises Conflict where it is closed."""
        with transaction.atomic():
            change = self._begin("close", actor, record_id, at, reason)
            if change.record.status == CaseStatus.CLOSED:
                raise CaseOver("The case is closed already.", case_id=str(record_id))
            self._go(change, "close", CaseStatus.CLOSED, waiting_since=None, closed_at=at)
        return record_id

    def rate(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        satisfaction_score: int,
        satisfaction_comment: str | None = None,
    ) -> UUID:
        """Keep what the customer thought of it; a later rating replaces it. Raises CaseNotResolved."""
        with transaction.atomic():
            change = self._begin("rate", actor, record_id, at)
            if change.record.status not in OVER:
                raise CaseNotResolved(case_id=str(record_id))
            self._set(
                change,
                satisfaction_score=satisfaction_score,
                satisfaction_comment=satisfaction_comment,
                rated_at=at,
            )
            self.apply(change, action="rate")
            self._tell(names.CASE_RATED, change, score=satisfaction_score)
        return record_id

    def escalate(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        owner_id: UUID | None = None,
        team_id: UUID | None = None,
    ) -> UUID:
        """Raise a case by one level by hand, and give it to an agent or a team where one is named. Raises CaseOver."""
        with transaction.atomic():
            change = self._begin("escalate", actor, record_id, at)
            _require_not_over(change.record)
            given = {"owner_id": owner_id, "team_id": team_id}
            values: dict[str, UUID | None] = {name: value for name, value in given.items() if value is not None}
            inputs.check_references(self.entity, values, actor=actor)
            if values:
                # A team takes it up as a whole.
                values.setdefault("owner_id", None)
            self._set(change, **values, escalation_level=change.record.escalation_level + 1)
            self.apply(change, action="escalate")
            self._tell(names.CASE_ESCALATED, change, level=change.record.escalation_level)
        return record_id

    def _begin(
        self, action: str, actor: Actor, record_id: UUID, at: datetime, reason: str | None = None
    ) -> Write[Case]:
        actor.require("case", action)
        locks.shared(locks.Subject.SERVICE_LEVELS)
        case_deadlines.settle([record_id], at=at)
        acting(actor, at)
        case = self.lock(actor=actor, record_id=record_id, action=action)
        return Write(actor=actor, at=at, record=case, values={"reason": reason}, created=False)

    def _go(self, change: Write[Case], action: str, status: CaseStatus, **values: Any) -> None:
        self._set(change, status=status, **values)
        self.apply(change, action=action)

    def _set(self, change: Write[Case], **values: Any) -> None:
        for name, value in values.items():
            if getattr(change.record, name) != value:
                change.before.setdefault(name, getattr(change.record, name))
                setattr(change.record, name, value)

    def _tell(self, name: str, change: Write[Case], **more: Any) -> None:
        case = change.record
        payload = {"id": str(case.pk), "number": case.number, "status": case.status, **more}
        events.publish(events.Event(name, payload), actor=change.actor, at=change.at)


def _require_not_over(case: Case) -> None:
    if case.status in OVER:
        raise CaseOver(case_id=str(case.pk), status=case.status)


def _note(change: Write[Case]) -> None:
    """Keep the change of status, and tell of it. The case may not be stored yet: the key is looked at on commit."""
    case, old = change.record, change.before.get("status")
    if change.values.get("reason") is not None:
        erased.refuse_new(CaseChange, {"case_id": case.pk})
    CaseChange.objects.create(
        case=case,
        contact_id=case.contact_id,
        company_id=case.company_id,
        from_status=old,
        to_status=case.status,
        at=case.opened_at if change.created else change.at,
        by=change.actor.label,
        reason=change.values.get("reason"),
        created_at=change.at,
        updated_at=change.at,
    )
    if change.created:
        return
    payload = {"id": str(case.pk), "number": case.number, "from": old, "status": case.status}
    events.publish(events.Event(_event_name(change), payload), actor=change.actor, at=change.at)


def _event_name(change: Write[Case]) -> str:
    if "reopened_count" in change.before:
        return names.CASE_REOPENED
    if change.record.status == CaseStatus.OPEN:
        return names.CASE_RESUMED if change.before["status"] == CaseStatus.WAITING else names.CASE_OPENED
    return _EVENTS[CaseStatus(change.record.status)]


def _assigned(case: Case) -> Told:
    title, source = f"The case {case.number} was given to you", f"case:{case.pk}:{case.version}"
    kind = NotificationKind.CASE_ASSIGNED
    return Told(case.owner_id, kind, title, "case", case.pk, source, case.contact_id)  # type: ignore[arg-type]


cases = Cases("case")
