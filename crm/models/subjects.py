"""What notes, files and tasks can be about, and who sees what hangs on one of these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import models
from django.db.models import Q

from core.actors import Actor, Visibility
from core.models.scope import Scope

SUBJECTS = ("contact", "company", "deal", "case", "order")
_OWNED = ("contact", "company", "deal", "case", "order__contact", "order__company")


@dataclass(frozen=True, slots=True)
class SubjectScope(Scope):
    """What is on records of a kind that the actor may not see at all is hidden with them.

    subjects: (path to the record that it is on, the kind of that record).
    """

    subjects: tuple[tuple[str, str], ...] = ()

    def sees_all(self, actor: Actor, visibilities: frozenset[Visibility]) -> bool:
        """Whether no row at all is hidden."""
        return Scope.sees_all(self, actor, visibilities) and not self._hidden(actor)

    def q(self, actor: Actor, visibilities: frozenset[Visibility]) -> Q:
        """The condition under which a record is visible."""
        found = Scope.q(self, actor, visibilities)
        for path in self._hidden(actor):
            found &= Q(**{f"{path}__isnull": True})
        return found

    def _hidden(self, actor: Actor) -> list[str]:
        return [path for path, entity in self.subjects if not actor.may(entity, "view")]


# As the record it is on. No path for partners: what we tell each other is not for them.
SUBJECT_SCOPE = SubjectScope(
    owner=tuple(f"{path}__owner_id" for path in _OWNED),
    team=tuple(f"{path}__team_id" for path in _OWNED),
    subjects=tuple((name, name) for name in SUBJECTS),
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
