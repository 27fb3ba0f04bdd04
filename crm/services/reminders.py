"""Reminding of tasks: a notification in the transaction that marks the task, and one mail after it, never a second."""

from __future__ import annotations

from datetime import datetime
from smtplib import SMTPException
from typing import Any
from zoneinfo import ZoneInfo

import structlog
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.db.models import F

from core import events
from core.actors import SYSTEM
from core.history.context import acting
from crm.events import TASK_REMINDER
from crm.models import Task, TaskStatus
from crm.services import notifications
from crm.services.tasks import reminder

logger = structlog.get_logger(__name__)

BATCH = 200


def remind(*, at: datetime) -> int:
    """Remind of what is due for it; returns of how many tasks. Several workers may do it at once.

    Each batch is one transaction: a killed worker has reminded of all of it or of nothing.
    """
    handled = 0
    while True:
        with transaction.atomic():
            found = _batch(at)
        handled += found
        if found < BATCH:
            return handled


def _batch(at: datetime) -> int:
    due = Task.objects.alive().filter(status=TaskStatus.OPEN, reminded_at__isnull=True, remind_at__lte=at)
    rows = due.filter(owner__isnull=False).order_by("remind_at", "pk")[:BATCH]
    tasks = list(rows.select_for_update(of=("self",), no_key=True, skip_locked=True))
    if not tasks:
        return 0
    acting(SYSTEM, at)
    ids = [task.pk for task in tasks]
    Task.objects.filter(pk__in=ids).update(reminded_at=at, updated_at=at, version=F("version") + 1)
    notifications.give([reminder(task) for task in tasks], at=at)
    told = [events.Event(TASK_REMINDER, {"id": str(task.pk), "owner_id": str(task.owner_id)}) for task in tasks]
    events.publish(*told, actor=SYSTEM, at=at)
    return len(tasks)


def mail(*, at: datetime) -> int:
    """Send the mails of reminders that have none yet; returns how many were handed over.

    A mail is marked as sent before it is: where a worker is killed in between it is lost, and the notification alone
    tells. The other order would send it twice. While there is no mail server, nothing is marked.
    """
    connection = get_connection()
    sent = 0
    while (task := _next_unsent()) is not None:
        try:
            connection.open()
        except (OSError, SMTPException):
            logger.warning("mail_server_unreachable", waiting_for="reminders")
            return sent
        if not _claim(task, at):
            continue
        try:
            sent += _message(task, connection).send()
        except (OSError, SMTPException):
            logger.exception("reminder_not_mailed", task_id=str(task.pk))
            connection.close()
    connection.close()
    return sent


def _next_unsent() -> Task | None:
    rows = Task.objects.alive().filter(reminded_at__isnull=False, reminder_mailed_at__isnull=True)
    rows = rows.filter(status=TaskStatus.OPEN, owner__is_active=True, owner__deleted_at__isnull=True)
    found: Task | None = rows.select_related("owner").order_by("pk").first()
    return found


def _claim(task: Task, at: datetime) -> bool:
    """Whether this worker, and no other, sends the mail."""
    rows = Task.objects.filter(pk=task.pk, reminded_at=task.reminded_at, reminder_mailed_at__isnull=True)
    return bool(rows.update(reminder_mailed_at=at))


def _message(task: Task, connection: Any) -> EmailMessage:
    assert task.owner is not None  # noqa: S101 - as it was looked for
    # A line break in a title would begin another header.
    title = " ".join(task.title.split())
    parts = [title]
    if task.due_at is not None:
        local = task.due_at.astimezone(ZoneInfo(task.owner.time_zone))
        parts.append(f"Due: {local:%Y-%m-%d %H:%M} ({task.owner.time_zone})")
    parts += [task.description] if task.description else []
    return EmailMessage(f"Reminder: {title}", "\n\n".join(parts), to=[task.owner.email], connection=connection)
