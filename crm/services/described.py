"""Writes of records that carry tags and custom fields."""

from __future__ import annotations

from collections.abc import Mapping
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
        if not change.changed("custom"):
            return
        present = change.record.custom
        missing = sorted(custom_fields.required_keys(self.entity_name) - set(present))
        if missing:
            raise Invalid([FieldError(f"/custom/{key}", "required", "This field is required.") for key in missing])

    def saved(self, change: Write[M]) -> None:
        names = change.record.tags
        if names and (change.changed("tags") or "deleted_at" in change.before):
            make_missing(names, actor=change.actor, at=change.at)
