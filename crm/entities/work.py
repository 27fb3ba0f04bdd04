"""Tasks, notes with their mentions, notifications."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import Field, Relation, Shape, many, one
from core.registry.operations import Operation
from core.registry.types import Integer, Text
from crm.entities import common
from crm.models import Note, NoteMention, Notification, Task
from crm.models.subjects import SUBJECTS
from crm.services import notifications
from crm.services.notes import notes
from crm.services.tasks import tasks

LONG = Text(max_length=100_000)
SUBJECT_RELATIONS: tuple[Relation, ...] = tuple(one(name, name, doc=f"The {name} it is about.") for name in SUBJECTS)


def _verb(name: str, doc: str, *fields: Field) -> Operation:
    return Operation(
        name=f"{name}_task",
        path=name,
        run=getattr(tasks, name),
        entity="task",
        action=name,
        on_record=True,
        input=fields,
        doc=doc,
    )


TASK = Entity(
    name="task",
    plural="tasks",
    model=Task,
    doc="Something that somebody of ours has to do.",
    fields=(
        *common.record_fields(Task),
        field(Task, "title"),
        field(Task, "description", type=LONG, filterable=False),
        field(Task, "kind", groupable=True),
        field(Task, "status", groupable=True, **common.READ_ONLY),
        field(Task, "priority", groupable=True),
        field(Task, "due_at", sortable=True, groupable=True),
        field(Task, "remind_at", sortable=True),
        field(Task, "reminded_at", **common.READ_ONLY),
        field(Task, "completed_at", sortable=True, groupable=True, **common.READ_ONLY),
        field(Task, "recurrence", groupable=True),
        common.reference(Task, "previous_id", "task", **common.READ_ONLY),
        common.reference(Task, "owner_id", "user"),
        common.reference(Task, "team_id", "team"),
        *(common.reference(Task, f"{name}_id", name) for name in SUBJECTS),
    ),
    relations=(
        one("owner", "user", doc="Who does it."),
        one("team", "team", doc="The team that does it."),
        one("previous", "task", doc="The task that it came from."),
        *SUBJECT_RELATIONS,
    ),
    writes=tasks,
    time_field="due_at",
    search_fields=("title",),
    identity="title",
    operations=[
        _verb("complete", "Mark a task as done; one that recurs comes again."),
        _verb("cancel", "Mark a task as not to be done."),
        _verb("reopen", "Take a task up again."),
        _verb(
            "snooze",
            "Remind of a task again later.",
            common.parameter("until", common.MOMENT, "When.", nullable=False, required=True),
        ),
    ],
)

NOTE = Entity(
    name="note",
    plural="notes",
    model=Note,
    doc="A remark of our own on one record, seen by whoever of us sees the record.",
    fields=(
        *common.record_fields(Note),
        field(Note, "body", type=LONG),
        field(Note, "is_pinned", groupable=True),
        common.reference(Note, "author_id", "user", **common.READ_ONLY),
        *(common.reference(Note, f"{name}_id", name, create_only=True) for name in SUBJECTS),
    ),
    relations=(
        one("author", "user", doc="Who wrote it."),
        *SUBJECT_RELATIONS,
        many("mentions", "note_mention", "note_id", "Whom it mentions."),
        many("files", "file", "note_id", "Its files."),
    ),
    writes=notes,
    search_fields=("body",),
)

NOTE_MENTION = Entity(
    name="note_mention",
    plural="note-mentions",
    model=NoteMention,
    doc="Somebody whom a note mentions. Written by the system.",
    fields=(
        *common.record_fields(NoteMention, external=False),
        common.reference(NoteMention, "note_id", "note", **common.READ_ONLY),
        common.reference(NoteMention, "user_id", "user", **common.READ_ONLY),
    ),
    relations=(one("note", "note"), one("user", "user")),
    verbs=common.CLOSED,
    keys=(),
)

NOTIFICATION = Entity(
    name="notification",
    plural="notifications",
    model=Notification,
    doc="Something that one user is told; nobody else sees it.",
    fields=(
        *common.record_fields(Notification, external=False),
        common.reference(Notification, "user_id", "user", **common.READ_ONLY),
        field(Notification, "kind", groupable=True, **common.READ_ONLY),
        field(Notification, "title", filterable=False, **common.READ_ONLY),
        field(Notification, "entity", groupable=True, **common.READ_ONLY),
        field(Notification, "record_id", **common.READ_ONLY),
        common.reference(Notification, "contact_id", "contact", **common.READ_ONLY),
        field(Notification, "read_at", groupable=True, **common.READ_ONLY),
    ),
    relations=(one("user", "user"), one("contact", "contact")),
    verbs=common.CLOSED,
    keys=(),
    operations=[
        Operation(
            name="mark_notification_read",
            path="mark-read",
            run=notifications.mark_read,
            entity="notification",
            action="mark_read",
            on_record=True,
            doc="Mark a notification as read.",
        ),
        Operation(
            name="mark_all_notifications_read",
            path="notifications/mark-all-read",
            run=notifications.mark_all_read,
            entity="notification",
            action="mark_read",
            output=Shape(
                title="MarkedRead",
                fields=(Field("marked", Integer(minimum=0), "How many were unread.", nullable=False),),
            ),
            doc="Mark all of one's own notifications as read.",
        ),
    ],
)
