"""What our people have to do, what they tell each other, and what they are told: tasks, notes, notifications."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import through
from crm.models.subjects import PEOPLE, SUBJECT_SCOPE, SUBJECTS, subject


class TaskKind(models.TextChoices):
    TODO = "todo"
    CALL = "call"
    EMAIL = "email"
    VISIT = "visit"
    FOLLOW_UP = "follow_up"


class TaskStatus(models.TextChoices):
    OPEN = "open"
    DONE = "done"
    CANCELLED = "cancelled"


class TaskPriority(models.TextChoices):
    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


class Recurrence(models.TextChoices):
    """How soon a task that is done comes again."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"


class Task(Record):
    """Something that somebody of ours has to do. Its owner is whoever does it; partners never see it."""

    title = models.CharField(max_length=200)
    description = models.TextField(null=True, blank=True)
    kind = models.CharField(max_length=9, choices=TaskKind, default=TaskKind.TODO)
    status = models.CharField(max_length=9, choices=TaskStatus, default=TaskStatus.OPEN)
    priority = models.CharField(max_length=6, choices=TaskPriority, default=TaskPriority.NORMAL)
    due_at = models.DateTimeField(null=True, blank=True, help_text="By when it must be done.")
    remind_at = models.DateTimeField(null=True, blank=True, help_text="When its owner is reminded, once.")
    reminded_at = models.DateTimeField(null=True, blank=True, help_text="When its owner was reminded.")
    # When its mail was handed over; set before it is, so that none is sent twice.
    reminder_mailed_at = models.DateTimeField(null=True, blank=True, editable=False)
    completed_at = models.DateTimeField(null=True, blank=True, help_text="When it was done.")
    recurrence = models.CharField(
        max_length=7, choices=Recurrence, null=True, blank=True, help_text="How soon it comes again once it is done."
    )
    previous = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The task that this one came from by its recurrence.",
    )
    owner = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Who does it.",
    )
    team = models.ForeignKey(
        "accounts.Team",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The team that does it.",
    )
    contact = subject("contact", "tasks")
    company = subject("company", "tasks")
    deal = subject("deal", "tasks")
    case = subject("case", "tasks")
    order = subject("order", "tasks")

    scope: ClassVar[Scope] = Scope(owner=("owner_id",), team=("team_id",))
    personal: ClassVar[Personal | None] = Personal(people=PEOPLE, columns=("title", "description", "external_id"))

    class Meta:
        db_table = "crm_task"
        triggers = [
            *history_triggers("task", hide=("reminder_mailed_at",)),
            *fact_triggers("tasks", month_column="created_at"),
        ]
        constraints = [
            live_unique("crm", "task", "external_id"),
            live_unique("crm", "task", "previous"),
            rules.check(
                "task",
                "done_has_moment",
                Q(status=TaskStatus.DONE, completed_at__isnull=False)
                | (~Q(status=TaskStatus.DONE) & Q(completed_at__isnull=True)),
                "A task has a moment of completion when it is done, and only then.",
            ),
        ]
        indexes = [
            rules.deleted("task"),
            *(
                rules.by("task", name)
                for name in (
                    "owner", "team", *SUBJECTS, "status", "kind", "priority", "due_at", "remind_at", "completed_at",
                    "created_at", "updated_at",
                )
            ),
            models.Index(fields=["owner", "status", "due_at", "id"], name="crm_task_todo"),
            models.Index(
                fields=["remind_at", "id"],
                condition=Q(status=TaskStatus.OPEN, reminded_at__isnull=True, remind_at__isnull=False),
                name="crm_task_to_remind",
            ),
            models.Index(
                fields=["id"],
                condition=Q(reminded_at__isnull=False, reminder_mailed_at__isnull=True),
                name="crm_task_to_mail",
            ),
            *(
                models.Index(
                    fields=[name, "completed_at", "id"],
                    condition=Q(completed_at__isnull=False),
                    name=f"crm_task_{name}_done",
                )
                for name in ("contact", "company")
            ),
            rules.contains("task", "title"),
        ]  # fmt: skip

    def __str__(self) -> str:
        return self.title


class Note(Record):
    """A remark of our own on one record, seen by whoever of us sees the record. Partners never do."""

    body = models.TextField(help_text="Markdown; HTML in it is text. @name and @address mention somebody.")
    is_pinned = models.BooleanField(default=False, help_text="Whether it stands first.")
    author = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Who wrote it.",
    )
    contact = subject("contact", "notes")
    company = subject("company", "notes")
    deal = subject("deal", "notes")
    case = subject("case", "notes")
    order = subject("order", "notes")

    scope: ClassVar[Scope] = SUBJECT_SCOPE
    personal: ClassVar[Personal | None] = Personal(people=PEOPLE, remove=True)

    class Meta:
        db_table = "crm_note"
        triggers = history_triggers("note")
        constraints = [live_unique("crm", "note", "external_id"), rules.exactly_one("note", *SUBJECTS)]
        indexes = [
            rules.deleted("note"),
            rules.by("note", "author"),
            *(rules.by("note", name, "created_at") for name in SUBJECTS),
            rules.by("note", "created_at"),
            rules.by("note", "updated_at"),
            rules.contains("note", "body"),
        ]

    def __str__(self) -> str:
        return self.body[:80]


class NoteMention(Record):
    """Somebody whom a note mentions. They are told of it once, however often the note is edited."""

    note = models.ForeignKey("crm.Note", models.CASCADE, related_name="mentions", db_index=False)
    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", db_index=False)

    scope: ClassVar[Scope] = through("note", Note.scope)
    personal: ClassVar[Personal | None] = Personal(people=tuple(f"note__{path}" for path in PEOPLE), remove=True)

    class Meta:
        db_table = "crm_note_mention"
        triggers = history_triggers("note_mention")
        constraints = [models.UniqueConstraint(fields=["note", "user"], name="crm_note_mention_once")]
        indexes = [rules.by("note_mention", "user")]


class NotificationKind(models.TextChoices):
    MENTION = "mention"
    TASK_ASSIGNED = "task_assigned"
    TASK_REMINDER = "task_reminder"
    CASE_ASSIGNED = "case_assigned"
    CASE_ESCALATED = "case_escalated"
    CASE_BREACHED = "case_breached"


class Notification(Record):
    """Something that one user is told. Nobody else sees it."""

    user = models.ForeignKey("accounts.User", models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=14, choices=NotificationKind)
    title = models.CharField(max_length=300, help_text="In a few words.")
    entity = models.CharField(max_length=63, help_text="The kind of record it is about.")
    record_id = models.UUIDField(help_text="The record it is about.")
    # What brought it about: of the same source, nobody is told twice.
    source = models.CharField(max_length=200, editable=False)
    contact = models.ForeignKey(
        "crm.Contact",
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        help_text="The person whom its record is about.",
    )
    read_at = models.DateTimeField(null=True, help_text="When it was read.")

    scope: ClassVar[Scope] = Scope(owner=("user_id",))
    personal: ClassVar[Personal | None] = Personal(people=("contact_id",), remove=True)

    class Meta:
        db_table = "crm_notification"
        constraints = [models.UniqueConstraint(fields=["user", "source"], name="crm_notification_once")]
        indexes = [
            rules.by("notification", "user"),
            models.Index(fields=["user", "id"], condition=Q(read_at__isnull=True), name="crm_notification_unread"),
            rules.by("notification", "record_id"),
            rules.by("notification", "contact"),
        ]

    def __str__(self) -> str:
        return self.title
