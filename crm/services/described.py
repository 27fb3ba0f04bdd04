"""Writes of records that carry custom fields, and tags."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from core.errors import FieldError, Invalid
from core.models.record import Record
from core.writes.base import Write, Writes
from crm.models import Case, Company, Contact, Deal
from crm.selectors import custom_fields
from crm.services import locks
from crm.services.tags import make_missing

C = TypeVar("C", bound=Record)
M = TypeVar("M", bound=Case | Company | Contact | Deal)


class CustomisedWrites(Writes[C]):
    """Gives new records their defaults and insists on required custom fields. Subclasses call `super()` in hooks."""

    def begin(self, values: Mapping[str, Any]) -> None:
        # A definition changes alone: nobody stores a choice that is being taken away.
        if values.get("custom"):
            locks.shared(locks.Subject.CUSTOM_FIELDS)

    def begin_many(self, values: Sequence[Mapping[str, Any]]) -> None:
        self.begin({"custom": any(each.get("custom") for each in values)})

    def prepare(self, change: Write[C]) -> None:
        CustomisedWrites.prepare_many(self, [change])

    def prepare_many(self, changes: Sequence[Write[C]]) -> None:
        changes = [change for change in changes if change.changed("custom")]
        asked = custom_fields.asked_of_new_records(self.entity_name) if changes else []
        for change in changes if asked else ():
            _complete(change, asked)


def _complete(change: Write[Any], asked: Sequence[tuple[str, bool, Any]]) -> None:
    """Add the defaults of a new record; raises Invalid where a required value is missing."""
    sent = change.values.get("custom") or {}
    defaults = {key: default for key, _, default in asked if default is not None and key not in sent}
    present = (defaults | change.record.custom) if change.created else change.record.custom
    missing = [key for key, required, _ in asked if required and key not in present]
    if missing:
        raise Invalid([FieldError(f"/custom/{key}", "required", "This field is required.") for key in missing])
    change.record.custom = present


class DescribedWrites(CustomisedWrites[M]):
    """Makes unknown tags too."""

    def begin(self, values: Mapping[str, Any]) -> None:
        # Renaming a tag takes it too, and then the rows that carry the tag.
        if values.get("tags"):
            locks.shared(locks.Subject.TAGS)
        super().begin(values)

    def begin_many(self, values: Sequence[Mapping[str, Any]]) -> None:
        self.begin({name: any(each.get(name) for each in values) for name in ("tags", "custom")})

    def saved(self, change: Write[M]) -> None:
        DescribedWrites.saved_many(self, [change])

    def saved_many(self, changes: Sequence[Write[M]]) -> None:
        marked = [change for change in changes if change.changed("tags") or "deleted_at" in change.before]
        names = {name for change in marked for name in change.record.tags}
        if names:
            make_missing(names, actor=marked[0].actor, at=marked[0].at)
