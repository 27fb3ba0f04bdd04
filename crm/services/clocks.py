"""The clocks of cases: when their limits and steps of escalation pass, and what happens to a case when one has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F

from accounts.models import User
from core import events
from core.actors import Actor
from crm import working_time
from crm.events import CASE_BREACHED, CASE_ESCALATED
from crm.models import Case, CaseChange, CaseClock, CaseDeadline, EscalationStep, NotificationKind, ServiceLevel
from crm.models.case import RUNNING
from crm.services import notifications
from crm.services.notifications import Told
from crm.working_time import AROUND_THE_CLOCK, Calendar

Stretches = list[tuple[datetime, datetime | None]]
DUE: dict[str, str] = {CaseClock.FIRST_RESPONSE: "first_response_due_at", CaseClock.RESOLUTION: "resolution_due_at"}
_WORDS = {CaseClock.FIRST_RESPONSE.value: "first response", CaseClock.RESOLUTION.value: "resolution"}
BREACHED: dict[str, str] = {
    CaseClock.FIRST_RESPONSE: "first_response_breached",
    CaseClock.RESOLUTION: "resolution_breached",
}


@dataclass(frozen=True)
class Promise:
    """What holds for a case: limits, whose hours count, and the steps of escalation."""

    level: ServiceLevel
    calendar: Calendar
    steps: tuple[EscalationStep, ...]


def promises(level_ids: Iterable[UUID | None]) -> dict[UUID, Promise]:
    """By id of the service level; a deleted level promises nothing."""
    wanted = {item for item in level_ids if item is not None}
    if not wanted:
        return {}
    levels = list(ServiceLevel.objects.alive().filter(pk__in=wanted).select_related("business_calendar"))
    steps: dict[UUID, list[EscalationStep]] = {}
    for step in EscalationStep.objects.alive().filter(service_level__in=levels).order_by("percent", "pk"):
        steps.setdefault(step.service_level_id, []).append(step)
    return {level.pk: Promise(level, _calendar(level), tuple(steps.get(level.pk, ()))) for level in levels}


def wind(cases: Sequence[Case], *, at: datetime) -> dict[UUID, dict[str, Any]]:
    """Compute when the clocks of these locked cases pass, and keep the deadlines; returns the attributes that changed,
    with their old values, by case. The cases themselves are not saved.

    What has passed stays passed, and what came in time keeps the moment by which it had to.
    """
    held = promises(case.service_level_id for case in cases)
    running = _running(cases)
    known = _known(cases)
    before: dict[UUID, dict[str, Any]] = {}
    made: list[CaseDeadline] = []
    moved: list[CaseDeadline] = []
    for case in cases:
        before[case.pk] = {}
        rows = known.get(case.pk, {})
        wanted = _wanted(case, held.get(case.service_level_id) if case.service_level_id else None, running[case.pk])
        for (clock, step_id), due in wanted.items():
            if step_id is None and _still_counts(case, clock) and getattr(case, DUE[clock]) != due:
                before[case.pk][DUE[clock]] = getattr(case, DUE[clock])
                setattr(case, DUE[clock], due)
        for key in rows.keys() | wanted.keys():
            due = wanted.get(key) if _still_counts(case, key[0]) else None
            row = rows.get(key)
            if row is None and due is not None:
                made.append(_deadline(case, *key, due, at))
            elif row is not None and row.passed_at is None and row.due_at != due:
                row.due_at = due
                row.version += 1
                row.updated_at = at
                moved.append(row)
    CaseDeadline.objects.bulk_create(made)
    CaseDeadline.objects.bulk_update(moved, ["due_at", "version", "updated_at"])
    return before


def _deadline(case: Case, clock: str, step_id: UUID | None, due: datetime, at: datetime) -> CaseDeadline:
    return CaseDeadline(case_id=case.pk, clock=clock, step_id=step_id, due_at=due, created_at=at, updated_at=at)


def _wanted(
    case: Case, promise: Promise | None, running: Stretches
) -> Mapping[tuple[str, UUID | None], datetime | None]:
    """When each limit and step passes, by clock and step."""
    found: dict[tuple[str, UUID | None], datetime | None] = {(clock, None): None for clock in DUE}
    if promise is None:
        return found
    for clock in DUE:
        minutes = promise.level.limit(clock, case.priority)
        if minutes is None:
            continue
        limit = timedelta(minutes=minutes)
        found[clock, None] = working_time.due(promise.calendar, running, limit)
        for step in promise.steps:
            if step.clock == clock:
                found[clock, step.pk] = working_time.due(promise.calendar, running, limit * step.percent / 100)
    return found


def _still_counts(case: Case, clock: str) -> bool:
    """Whether what the clock times has not come yet."""
    if case.status not in RUNNING and case.waiting_since is None:
        return False
    return clock == CaseClock.RESOLUTION or case.first_responded_at is None


def _running(cases: Sequence[Case]) -> dict[UUID, Stretches]:
    """The stretches of time in which our clock ran, by case: since it was opened, less waiting and being over."""
    found: dict[UUID, Stretches] = {case.pk: [(case.opened_at, None)] for case in cases}
    changes = CaseChange.objects.alive().filter(case__in=[case.pk for case in cases]).order_by("at", "pk")
    for case_id, status, at in changes.values_list("case_id", "to_status", "at"):
        stretches = found[case_id]
        start, end = stretches[-1]
        if status in RUNNING and end is not None:
            stretches.append((max(at, end), None))
        elif status not in RUNNING and end is None:
            stretches[-1] = (start, max(at, start))
    return found


def _known(cases: Sequence[Case]) -> dict[UUID, dict[tuple[str, UUID | None], CaseDeadline]]:
    found: dict[UUID, dict[tuple[str, UUID | None], CaseDeadline]] = {}
    for row in CaseDeadline.objects.filter(case__in=[case.pk for case in cases]).order_by("pk"):
        found.setdefault(row.case_id, {})[row.clock, row.step_id] = row
    return found


def _calendar(level: ServiceLevel) -> Calendar:
    hours = level.business_calendar
    if hours is None:
        return AROUND_THE_CLOCK
    return working_time.calendar(hours.time_zone, hours.spans, hours.holidays)


def strike(cases: Sequence[Case], *, actor: Actor, at: datetime) -> dict[UUID, dict[str, Any]]:
    """Let pass what is due of these locked cases: mark it, once and for good, change the cases, and tell of it.

    Returns the old values of the attributes that changed, by case; the cases themselves are not saved.
    """
    before: dict[UUID, dict[str, Any]] = {case.pk: {} for case in cases}
    by_id = {case.pk: case for case in cases}
    due = CaseDeadline.objects.filter(case__in=by_id, passed_at__isnull=True, due_at__lt=at)
    passed = list(due.select_related("step__user", "step__team").order_by("due_at", "pk"))
    if not passed:
        return before
    CaseDeadline.objects.filter(pk__in=[row.pk for row in passed]).update(
        passed_at=at, updated_at=at, version=F("version") + 1
    )
    told, notes = [], []
    for row in passed:
        case = by_id[row.case_id]
        for name, value in _consequences(case, row).items():
            if getattr(case, name) != value:
                before[case.pk].setdefault(name, getattr(case, name))
                setattr(case, name, value)
        told.append(_event(case, row))
        notes += _notes(case, row)
    events.publish(*told, actor=actor, at=at)
    notifications.give(notes, at=at)
    return before


def _consequences(case: Case, row: CaseDeadline) -> dict[str, Any]:
    step = row.step
    if step is None:
        return {BREACHED[row.clock]: True}
    changes: dict[str, Any] = {"escalation_level": case.escalation_level + 1}
    if step.user is not None and step.user.is_active and step.user.deleted_at is None:
        changes["owner_id"] = step.user_id
        changes["team_id"] = step.team_id or step.user.team_id or case.team_id
    elif step.team is not None and step.team.deleted_at is None:
        # The team takes it up; whoever had it does not have it any more.
        changes["team_id"] = step.team_id
        changes["owner_id"] = None
    return changes


def _notes(case: Case, row: CaseDeadline) -> list[Told]:
    """Whoever has the case is told; where a team has it, all of the team are."""
    if case.owner_id is not None:
        users = [case.owner_id]
    elif row.step is not None and row.step.team_id is not None:
        users = list(User.objects.alive().filter(team=row.step.team_id).order_by("pk").values_list("pk", flat=True))
    else:
        users = []
    if row.step is None:
        kind, title = NotificationKind.CASE_BREACHED, f"The case {case.number} passed its limit: {_WORDS[row.clock]}"
    else:
        kind, title = NotificationKind.CASE_ESCALATED, f"The case {case.number} was escalated"
    source = f"deadline:{row.pk}"
    return [Told(user, kind, title, "case", case.pk, source, case.contact_id) for user in users]


def _event(case: Case, row: CaseDeadline) -> events.Event:
    about = {
        "id": str(case.pk),
        "number": case.number,
        "clock": row.clock,
        "due_at": row.due_at.isoformat() if row.due_at else None,
        "owner_id": _text(case.owner_id),
        "team_id": _text(case.team_id),
    }
    if row.step is None:
        return events.Event(CASE_BREACHED, about)
    more = {"step_id": str(row.step_id), "percent": row.step.percent, "level": case.escalation_level}
    return events.Event(CASE_ESCALATED, about | more)


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
