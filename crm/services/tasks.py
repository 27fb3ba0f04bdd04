"""Writes of tasks: done, taken up again, put off, and coming again."""

from __future__ import annotations

import calendar
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from core import events
from core.actors import Actor
from core.database.inserts import insert
from core.errors import Invalid
from core.history.context import acting
from core.writes.base import Write, Writes
from crm.errors import TaskNotOpen, TaskOpen
from crm.events import TASK_CANCELLED, TASK_COMPLETED, TASK_REOPENED
from crm.models import NotificationKind, Recurrence, Task, TaskStatus
from crm.models.subjects import SUBJECTS, person_of
from crm.services import notifications
from crm.services.notifications import Told

_COMES_AGAIN = (
    *("title", "description", "kind", "priority", "recurrence", "owner_id", "team_id"),
    *(f"{name}_id" for name in SUBJECTS),
)

_BY_MONTHS = (Recurrence.MONTHLY, Recurrence.YEARLY)
LONGEST_MONTH = 31


class Tasks(Writes[Task]):
    """Another moment of reminding is another reminder; whoever is given a task by somebody else is told."""

    def prepare(self, change: Write[Task]) -> None:
        task = change.record
        if task.recurrence is not None and task.due_at is None:
            raise Invalid.one("/due_at", "required", "What comes again must be due at some time.")
        if "remind_at" in change.before or "owner_id" in change.before:
            self._remind_anew(change)

    def saved(self, change: Write[Task]) -> None:
        task = change.record
        if change.changed("owner_id") and task.owner_id not in {None, change.actor.user_id}:
            title, source = f"You were given a task: {task.title}", f"task:{task.pk}:{task.version}"
            notifications.give([_told(task, NotificationKind.TASK_ASSIGNED, title, source)], at=change.at)

    def complete(self, *, actor: Actor, record_id: UUID, at: datetime) -> UUID:
        """Mark as done; a task that recurs comes again. Raises TaskNotOpen."""
        with transaction.atomic():
            change = self._begin("complete", actor, record_id, at)
            self._require_open(change.record)
            self._set(change, status=TaskStatus.DONE, completed_at=at)
            self.apply(change, action="complete")
            self._tell(TASK_COMPLETED, change)
            _come_again(change)
        return record_id

    def cancel(self, *, actor: Actor, record_id: UUID, at: datetime) -> UUID:
        """Mark as not to be done; it does not come again. Raises TaskNotOpen."""
        with transaction.atomic():
            change = self._begin("cancel", actor, record_id, at)
            self._require_open(change.record)
            self._set(change, status=TaskStatus.CANCELLED)
            self.apply(change, action="cancel")
            self._tell(TASK_CANCELLED, change)
        return record_id

    def reopen(self, *, actor: Actor, record_id: UUID, at: datetime) -> UUID:
        """Take a task up again. Raises TaskOpen."""
        with transaction.atomic():
            change = self._begin("reopen", actor, record_id, at)
            if change.record.status == TaskStatus.OPEN:
                raise TaskOpen(task_id=str(record_id))
            self._set(change, status=TaskStatus.OPEN, completed_at=None)
            self.apply(change, action="reopen")
            self._tell(TASK_REOPENED, change)
        return record_id

    def snooze(self, *, actor: Actor, record_id: UUID, at: datetime, until: datetime) -> UUID:
        """Remind again later. Raises TaskNotOpen, Invalid where `until` is not in the future."""
        if until <= at:
            raise Invalid.one("/until", "in_past", "Must be in the future.")
        with transaction.atomic():
            change = self._begin("snooze", actor, record_id, at)
            self._require_open(change.record)
            self._set(change, remind_at=until)
            self.apply(change, action="snooze")
        return record_id

    def _begin(self, action: str, actor: Actor, record_id: UUID, at: datetime) -> Write[Task]:
        actor.require("task", action)
        acting(actor, at)
        task = self.lock(actor=actor, record_id=record_id, action=action)
        return Write(actor=actor, at=at, record=task, values={}, created=False)

    def _require_open(self, task: Task) -> None:
        if task.status != TaskStatus.OPEN:
            raise TaskNotOpen(task_id=str(task.pk), status=task.status)

    def _remind_anew(self, change: Write[Task]) -> None:
        if "remind_at" in change.before:
            self._set(change, reminded_at=None, reminder_mailed_at=None)

    def _set(self, change: Write[Task], **values: Any) -> None:
        for name, value in values.items():
            if getattr(change.record, name) != value:
                change.before.setdefault(name, getattr(change.record, name))
                setattr(change.record, name, value)

    def _tell(self, name: str, change: Write[Task]) -> None:
        task = change.record
        payload = {"id": str(task.pk), "owner_id": str(task.owner_id) if task.owner_id else None}
        events.publish(events.Event(name, payload), actor=change.actor, at=change.at)


def _come_again(change: Write[Task]) -> None:
    """Make the next task of one that recurs, unless it was made when the task was done before."""
    task = change.record
    if task.recurrence is None or task.due_at is None or Task.objects.alive().filter(previous=task).exists():
        return
    try:
        due = next_due(_counted_from(task), task.recurrence, after=max(change.at, task.due_at))
    except (OverflowError, ValueError):
        # Calendars end with the year 9999.
        return
    values = {name: getattr(task, name) for name in _COMES_AGAIN}
    remind = None if task.remind_at is None else due - (task.due_at - task.remind_at)
    moments = {"due_at": due, "remind_at": remind, "created_at": change.at, "updated_at": change.at}
    made = Task(**values, **moments, previous=task)
    insert(made)
    events.publish(
        events.Event("task.created", {"entity": "task", "id": str(made.pk)}), actor=change.actor, at=change.at
    )


def _counted_from(task: Task) -> datetime:
    """When it is due; or when the one was that it came from, where only a shorter month put it on an earlier day."""
    assert task.due_at is not None and task.recurrence is not None  # noqa: S101, PT018 - the caller looks
    due, earlier = task.due_at, task.previous
    is_cut = due.day == calendar.monthrange(due.year, due.month)[1] < LONGEST_MONTH
    if earlier is None or not is_cut or earlier.due_at is None or earlier.recurrence not in _BY_MONTHS:
        return due
    origin = _counted_from(earlier)
    return origin if next_due(origin, task.recurrence, after=due - timedelta.resolution) == due else due


def next_due(due: datetime, recurrence: str, *, after: datetime) -> datetime:
    """The first moment of the recurrence that is later than both `due` and `after`, in UTC.

    Months are counted from `due`: what is due on a 31st is due on the last day of a shorter month, and on the 31st
    again after it.
    """
    step = {Recurrence.DAILY: timedelta(days=1), Recurrence.WEEKLY: timedelta(weeks=1)}.get(Recurrence(recurrence))
    if step is not None:
        return due + step * max(1, (after - due) // step + 1)
    months = 12 if recurrence == Recurrence.YEARLY else 1
    count = max(1, (after.year - due.year) * 12 // months - 1)
    while (found := _months_later(due, count * months)) <= after:
        count += 1
    return found


def _months_later(moment: datetime, months: int) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    return moment.replace(year=year, month=month + 1, day=min(moment.day, calendar.monthrange(year, month + 1)[1]))


def _told(task: Task, kind: NotificationKind, title: str, source: str) -> Told:
    assert task.owner_id is not None  # noqa: S101 - both callers look
    return Told(task.owner_id, kind, title, "task", task.pk, source, person_of(task))


def reminder(task: Task) -> Told:
    """What the owner of a task is told when its moment comes."""
    moment = task.remind_at.isoformat() if task.remind_at else ""
    title, source = f"Reminder: {task.title}", f"task:{task.pk}:{moment}"
    return _told(task, NotificationKind.TASK_REMINDER, title, source)


tasks = Tasks("task")
