"""Files: what somebody attached to a record. The content lies in Django's storage, under a key that nobody guesses."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models

from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.subjects import PEOPLE, SUBJECT_SCOPE, SUBJECTS, SubjectScope, subject

PLACES = (*SUBJECTS, "interaction")
_INTERACTION = ("interaction__contact", "interaction__company")

# Whoever deletes a row for good, by whichever way, leaves the content to be removed by a worker.
LEAVE_CONTENT = pgtrigger.Trigger(
    name="leave_content",
    when=pgtrigger.After,
    operation=pgtrigger.Delete,
    func="INSERT INTO crm_file_garbage (key) VALUES (OLD.key) ON CONFLICT DO NOTHING; RETURN NULL;",
)


class File(Record):
    """A file on one record. One on a note is also on the record that the note is on."""

    name = models.CharField(max_length=255, help_text="File name, cleaned of what names should not have.")
    description = models.CharField(max_length=500, null=True, blank=True)
    media_type = models.CharField(max_length=100, help_text="What the content is, by looking at it.")
    size = models.PositiveIntegerField(help_text="In bytes.")
    sha256 = models.CharField(max_length=64, help_text="Digest of the content, in hexadecimal digits.")
    key = models.CharField(max_length=100, editable=False)
    author = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Who sent it.",
    )
    contact = subject("contact", "files")
    company = subject("company", "files")
    deal = subject("deal", "files")
    case = subject("case", "files")
    order = subject("order", "files")
    interaction = subject("interaction", "files")
    note = models.ForeignKey(
        "crm.Note",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="files",
        db_index=False,
        help_text="The note it belongs to.",
    )
    purged_at = models.DateTimeField(
        null=True, blank=True, help_text="When the content of the deleted file was removed for good."
    )

    scope: ClassVar[Scope] = SubjectScope(
        owner=(*SUBJECT_SCOPE.owner, *(f"{path}__owner_id" for path in _INTERACTION)),
        team=(*SUBJECT_SCOPE.team, *(f"{path}__team_id" for path in _INTERACTION)),
        subjects=(
            *SUBJECT_SCOPE.subjects,
            ("interaction", "interaction"),
            ("note", "note"),
            *((f"note__{path}", name) for path, name in SUBJECT_SCOPE.subjects),
        ),
    )
    personal: ClassVar[Personal | None] = Personal(people=(*PEOPLE, "interaction__contact_id"), remove=True)

    class Meta:
        db_table = "crm_file"
        triggers = [*history_triggers("file", hide=("key",)), LEAVE_CONTENT]
        constraints = [
            live_unique("crm", "file", "external_id"),
            models.UniqueConstraint(fields=["key"], name="crm_file_key"),
            rules.exactly_one("file", *PLACES),
        ]
        indexes = [
            rules.deleted("file"),
            rules.by("file", "author"),
            rules.by("file", "note"),
            *(rules.by("file", name, "created_at") for name in PLACES),
            *(rules.by("file", name) for name in ("media_type", "size", "sha256", "name", "created_at", "updated_at")),
            rules.contains("file", "name"),
        ]

    def __str__(self) -> str:
        return self.name


class FileGarbage(models.Model):
    """A key in the storage whose row is gone: its content is still to be removed."""

    key = models.CharField(max_length=100, primary_key=True)

    class Meta:
        db_table = "crm_file_garbage"
