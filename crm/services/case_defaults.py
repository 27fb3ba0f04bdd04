"""What a case has where nobody says it: number, queue, service level, team, agent, partner."""

from __future__ import annotations

from uuid import UUID

from core.errors import Invalid
from core.writes.base import Write
from crm.models import Case, Company, Contact, Queue
from crm.services.numbers import next_number


def fill(change: Write[Case]) -> None:
    """Fill in a new case, and let a case that changes its queue take that queue's service level and team."""
    case, values = change.record, change.values
    if change.created:
        _begin(change)
    if not (change.created or "queue_id" in change.before):
        return
    queue = Queue.objects.alive().filter(pk=case.queue_id).first() if case.queue_id else None
    if queue is None:
        return
    if "service_level_id" not in values:
        _set(change, "service_level_id", queue.service_level_id)
    if "team_id" not in values and queue.team_id is not None:
        _set(change, "team_id", queue.team_id)


def _begin(change: Write[Case]) -> None:
    case, values, actor = change.record, change.values, change.actor
    if "opened_at" not in values:
        case.opened_at = change.at
    if case.opened_at > change.at:
        raise Invalid.one("/opened_at", "in_future", "Must not be in the future.")
    if not case.number:
        case.number = next_number(Case, "crm_case_number_seq", "C")
    if "queue_id" not in values:
        case.queue_id = Queue.objects.alive().filter(is_default=True).values_list("pk", flat=True).first()
    sees_all = Case.scope.sees_all(actor, actor.visibilities("case", "create"))
    if case.queue_id is not None and "owner_id" not in values and sees_all:
        # It waits in its queue; of somebody who reaches only their own it would be lost there.
        case.owner_id = None
    if case.partner_id is None and "partner_id" not in values:
        case.partner_id = _partner(case)


def _partner(case: Case) -> UUID | None:
    """The partner of the customer sees the case too."""
    for model, key in ((Contact, case.contact_id), (Company, case.company_id)):
        found: UUID | None = model.objects.filter(pk=key).values_list("partner_id", flat=True).first() if key else None
        if found is not None:
            return found
    return None


def _set(change: Write[Case], name: str, value: UUID | None) -> None:
    old = getattr(change.record, name)
    if old != value:
        if not change.created:
            change.before.setdefault(name, old)
        setattr(change.record, name, value)
