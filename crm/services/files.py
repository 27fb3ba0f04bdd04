"""Taking in, handing out and removing files. The content is stored before the row: what a kill leaves is swept."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from core import events
from core.actors import Actor
from core.database.inserts import insert
from core.errors import Invalid, NotFound, Unavailable
from core.history.context import acting
from core.registry.types import Attachment
from core.writes import inputs
from core.writes.base import Write, Writes
from crm import sniffing
from crm.errors import ContentGone
from crm.models import File, Note
from crm.models.file import PLACES
from crm.models.subjects import SUBJECTS
from crm.services import contents
from crm.services.customers import held
from crm.services.notes import require_one_subject


class Files(Writes[File]):
    """Name and description can be changed; the content never."""

    def prepare(self, change: Write[File]) -> None:
        file = change.record
        if "name" in change.before:
            file.name = sniffing.clean_name(file.name)
            _require_allowed(file.name, file.media_type)
        is_restored = "deleted_at" in change.before and file.deleted_at is None
        if is_restored and (file.purged_at is not None or not contents.exists(file.key)):
            raise ContentGone(file_id=str(file.pk))

    def upload(
        self, *, actor: Actor, at: datetime, file: UploadedFile[Any], name: str | None = None, **given: Any
    ) -> UUID:
        """Take in a file for one record. Raises Invalid (type, size, subject), Forbidden."""
        actor.require("file", "create")
        values = {key: value for key, value in given.items() if value is not None}
        made = File(created_at=at, updated_at=at, author_id=actor.user_id)
        with transaction.atomic():
            acting(actor, at)
            inputs.check_references(self.entity, values, actor=actor)
            for key, value in values.items():
                setattr(made, self.entity.by_name[key].attribute, value)
            _take_subject_of_note(made)
            require_one_subject(made, PLACES)
            made.name = sniffing.clean_name(name or file.name or "")
            _look(made, file)
            made.key = contents.save(f"{contents.FOLDER}/{at:%Y/%m/%d}/{secrets.token_hex(24)}", file)
            try:
                with inputs.translated_integrity():
                    insert(made)
                self.require_within_scope(actor, "create", made)
            except Exception:
                # Where even this is not reached, the sweep finds it.
                with suppress(Unavailable):
                    contents.delete(made.key)
                raise
            payload = {"entity": "file", "id": str(made.pk)}
            events.publish(events.Event("file.created", payload), actor=actor, at=at)
        return made.pk


def content(*, actor: Actor, record_id: UUID, at: datetime) -> Attachment:
    """The content, to be downloaded by whoever sees the file now. Raises NotFound, ContentGone."""
    actor.require("file", "view")
    found: File | None = File.objects.visible_to(actor).alive().filter(pk=record_id).first()
    if found is None:
        raise NotFound(entity="file", id=str(record_id))
    key = found.key
    if not contents.exists(key):
        raise ContentGone(file_id=str(record_id))

    return Attachment(found.name, found.media_type, partial(contents.chunks, key), found.size)


def _look(made: File, file: UploadedFile[Any]) -> None:
    """Size, digest and type of what came."""
    digest, size = hashlib.sha256(), 0
    for chunk in file.chunks():
        digest.update(chunk)
        size += len(chunk)
    if size == 0:
        raise Invalid.one("/file", "empty", "The file is empty.")
    made.size, made.sha256 = size, digest.hexdigest()
    made.media_type = sniffing.media_type_of(file, made.name)
    _require_allowed(made.name, made.media_type)


def _require_allowed(name: str, media_type: str) -> None:
    rules: Mapping[str, Any] = settings.BIFOCAL_FILES
    allowed, denied = rules["allowed_types"], rules["denied_types"]
    if media_type in denied or (allowed and media_type not in allowed):
        raise Invalid.one("/file", "type_not_allowed", f"Files of the type {media_type} are not taken.")
    if sniffing.suffix_of(name) in rules["denied_suffixes"]:
        raise Invalid.one("/file", "type_not_allowed", f"Files named {sniffing.suffix_of(name)} are not taken.")


def _take_subject_of_note(made: File) -> None:
    """A file on a note is on the record that the note is on, and on no other."""
    note_id = made.note_id
    if note_id is None:
        return
    note = held(lambda: Note.objects.get(pk=note_id), lambda found: [found.contact_id])
    for name in SUBJECTS:
        said, of_note = getattr(made, f"{name}_id"), getattr(note, f"{name}_id")
        if said not in {None, of_note}:
            raise Invalid.one(f"/{name}_id", "other_subject", "The note is on another record.")
        setattr(made, f"{name}_id", of_note)


files = Files("file")
