"""What notes, files and tasks can be about, and who sees what hangs on one of these."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import models

from core.models.scope import Scope

SUBJECTS = ("contact", "company", "deal", "case", "order")
_OWNED = ("contact", "company", "deal", "case", "order__contact", "order__company")

# As the record it is on. No path for partners: what we tell each other is not for them.
SUBJECT_SCOPE = Scope(
    owner=tuple(f"{path}__owner_id" for path in _OWNED), team=tuple(f"{path}__team_id" for path in _OWNED)
)
# Whom it may tell of.
PEOPLE = ("contact_id", "deal__contact_id", "case__contact_id", "order__contact_id")


def subject(name: str, related_name: str) -> models.ForeignKey[models.Model | None, models.Model | None]:
    """A foreign key to one of the subjects."""
    return models.ForeignKey(
        f"crm.{name.capitalize()}",
        models.CASCADE,
        null=True,
        blank=True,
        related_name=related_name,
        db_index=False,
        help_text=f"The {name} it is about.",
    )


def person_of(record: Any) -> UUID | None:
    """Whom a record on one of the subjects is about, by whichever way it leads there."""
    about = (getattr(record, name) for name in ("deal", "case", "order"))
    others = (item.contact_id for item in about if item is not None and item.contact_id is not None)
    found: UUID | None = record.contact_id or next(others, None)
    return found
