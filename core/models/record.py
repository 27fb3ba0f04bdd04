"""The base of every business record: id, external id, version, soft deletion, and scoping on its queryset."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.db import models
from django.utils import timezone

from core.actors import Actor
from core.ids import new_id
from core.models.scope import OPEN, Scope


class RecordQuerySet(models.QuerySet[Any]):
    """Every read starts here."""

    def alive(self) -> Self:
        """Without the softly deleted."""
        return self.filter(deleted_at__isnull=True)

    def visible_to(self, actor: Actor, action: str = "view") -> Self:
        """The records to which the actor may do `action`; none where nothing grants it."""
        model: type[Record] = self.model
        return self.filter(model.scope.q(actor, actor.visibilities(model.entity_name(), action)))


@dataclass(frozen=True, slots=True)
class Personal:
    """What of a kind of record is about a person: followed by the export and the erasure of a person's data.

    people: ORM paths from a row to the ids of the people it is about ("id" where the row is the person).
    columns: attributes that hold personal data, emptied (null, or the column's default) when the person is erased;
    the rest of the row stays, so that totals do.
    remove: whether the whole row goes instead, since nothing of it is worth keeping without the person.
    erased: where the row is the person, the attribute that is set once they were erased.
    """

    people: tuple[str, ...]
    columns: tuple[str, ...] = ()
    remove: bool = False
    erased: str = ""


class Record(models.Model):
    """Abstract base. `version` grows with every write and is the ETag; `external_id` is another system's id."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    external_id = models.CharField(max_length=200, null=True, blank=True, help_text="The id in another system.")
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(default=timezone.now, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    deleted_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = RecordQuerySet.as_manager()
    scope: ClassVar[Scope] = OPEN
    personal: ClassVar[Personal | None] = None
    # Columns whose texts may name anybody, though no row is about a person: a rule's criteria (core.personal.naming).
    may_name: ClassVar[tuple[str, ...]] = ()
    # Which rows follow from other records, and are left behind where their record is merged; with Q(), all of them.
    derived: ClassVar[models.Q | None] = None

    class Meta:
        abstract = True

    @classmethod
    def entity_name(cls) -> str:
        """The name under which the registry knows this kind of record: PriceTier -> price_tier."""
        name = cls.__name__
        return "".join(f"_{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))


def live_unique(app: str, model: str, *fields: str) -> models.UniqueConstraint:
    """A uniqueness among live rows only, so that a deleted row blocks no value."""
    name = f"{app}_{model}_{'_'.join(fields)}_live_uniq"
    return models.UniqueConstraint(fields=fields, condition=models.Q(deleted_at__isnull=True), name=name)
