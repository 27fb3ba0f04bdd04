"""Writes of records that carry tags and custom fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from core.errors import FieldError, Invalid
from core.writes.base import Write, Writes
from crm.models import Case, Company, Contact, Deal
from crm.selectors import custom_fields
from crm.services import locks
from crm.services.tags import make_missing

M = TypeVar("M", bound=Case | Company | Contact | Deal)


class DescribedWrites(Writes[M]):
    """Makes unknown tags and insists on required custom fields. Subclasses call `super()` in their hooks."""

    def begin(self, values: Mapping[str, Any]) -> None:
        # Renaming a tag takes it too, and then the rows that carry the tag.
        if values.get("tags"):
            locks.shared(locks.Subject.TAGS)

    def prepare(self, change: Write[M]) -> None:
        DescribedWrites.prepare_many(self, [change])

    def prepare_many(self, changes: Sequence[Write[M]]) -> None:
        changes = [change for change in changes if change.changed("custom")]
        required = custom_fields.required_keys(self.entity_name) if changes else frozenset()
        for change in changes:
            missing = sorted(required - set(change.record.custom))
            if missing:
                raise Invalid([FieldError(f"/custom/{key}", "required", "This field is required.") for key in missing])

    def saved(self, change: Write[M]) -> None:
        DescribedWrites.saved_many(self, [change])

    def saved_many(self, changes: Sequence[Write[M]]) -> None:
        marked = [change for change in changes if change.changed("tags") or "deleted_at" in change.before]
        names = {name for change in marked for name in change.record.tags}
        if names:
            make_missing(names, actor=marked[0].actor, at=marked[0].at)
