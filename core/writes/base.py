"""Writing records: one path for create, update, delete and restore that every door uses.

A subclass per entity adds its own rules in `prepare` (before saving) and `saved` (after, in the same transaction).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar, cast
from uuid import UUID

from django.db import transaction

from core import events, registry
from core.actors import Actor
from core.database.inserts import insert
from core.errors import Conflict, DomainError, Forbidden, StaleVersion
from core.history.context import acting
from core.models.record import Record
from core.personal import erased
from core.reads.missing import missing
from core.registry.entities import Entity
from core.writes import inputs

M = TypeVar("M", bound=Record)

# The rules for one record, and for many.
_FOR_MANY = {"begin": "begin_many", "prepare": "prepare_many", "saved": "saved_many", "deleting": "deleting_many"}


@dataclass
class Write(Generic[M]):
    """One write in progress. `values`: cleaned inputs by field name; `before`: old values of the changed columns."""

    actor: Actor
    at: datetime
    record: M
    values: dict[str, Any]
    created: bool
    before: dict[str, Any] = field(default_factory=dict)

    def changed(self, attribute: str) -> bool:
        return self.created or attribute in self.before


class Writes(Generic[M]):
    """The writes of one entity. Instances are stateless and shared. `makes_sets`: whether `create_set` is offered.

    `together` says that new records do not depend on each other but by unique values and references: many may then
    be written at once (core.writes.bulk). Others are written one by one, whoever asks for many.
    """

    makes_sets: ClassVar[bool] = False
    together: ClassVar[bool] = False

    def __init__(self, entity: str) -> None:
        self.entity_name = entity

    @property
    def entity(self) -> Entity:
        return registry.entity(self.entity_name)

    def known_as(self, key: str, values: Collection[Any], *, actor: Actor) -> dict[Any, UUID]:
        """Live records that the actor sees and that go by these values of a key now, though they are not their own."""
        return {}

    def __init_subclass__(cls, **options: Any) -> None:
        """A rule for one that says nothing of many is asked of each: what a base class said of many is too little."""
        super().__init_subclass__(**options)
        for one, many in _FOR_MANY.items():
            if one in vars(cls) and many not in vars(cls):
                setattr(cls, many, getattr(Writes, many))

    def begin(self, values: Mapping[str, Any]) -> None:
        """Locks that must be taken before any row is: the first thing in the transaction of a create or update."""

    def prepare(self, change: Write[M]) -> None:
        """Rules across fields and derived values, before saving. Raise Invalid, Conflict or another domain error."""

    def saved(self, change: Write[M]) -> None:
        """Rows that belong to the record, after it is saved, in the same transaction."""

    def deleting(self, change: Write[M]) -> None:
        """May this record be deleted now? Raise Conflict if not."""

    # The same rules for many records in one transaction. They say no less than those for one, only in fewer
    # statements; whatever they raise undoes all of these records, and it is found out which of them are to blame.

    def begin_many(self, values: Sequence[Mapping[str, Any]]) -> None:
        """`begin` for each."""
        for each in values:
            self.begin(each)

    def prepare_many(self, changes: Sequence[Write[M]]) -> None:
        """`prepare` of each."""
        for change in changes:
            self.prepare(change)

    def saved_many(self, changes: Sequence[Write[M]]) -> None:
        """`saved` of each."""
        for change in changes:
            self.saved(change)

    def deleting_many(self, changes: Sequence[Write[M]]) -> None:
        """`deleting` of each."""
        for change in changes:
            self.deleting(change)

    def create(self, *, actor: Actor, values: Mapping[str, Any], at: datetime) -> M:
        """Make a record from raw input. Owner, team and partner default to the actor's own.

        Raises Invalid, Forbidden, Duplicate, or what `prepare` raises.
        """
        self._offer("create", actor)
        cleaned = inputs.clean(self.entity, values, actor=actor, with_custom=False)
        with transaction.atomic():
            self._begin_with(cleaned)
            acting(actor, at)
            inputs.check_references(self.entity, cleaned, actor=actor)
            record = cast("M", self.entity.model(created_at=at, updated_at=at))
            change = Write(actor=actor, at=at, record=record, values=cleaned, created=True)
            inputs.assign(self.entity, record, cleaned)
            inputs.default_scope(record, cleaned, actor)
            self.prepare(change)
            with inputs.translated_integrity():
                insert(record)
            self.saved(change)
            self.require_within_scope(actor, "create", record)
            self._publish("created", change)
        return record

    def create_set(self, *, actor: Actor, items: Sequence[Any], at: datetime) -> list[M | DomainError]:
        """Make many records in few statements: for each item the record, or why it was refused.

        Raises a domain error where the set as a whole was refused: the items are to be made one by one then.
        """
        raise NotImplementedError

    def update(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        values: Mapping[str, Any],
        at: datetime,
        version: int | None = None,
    ) -> M:
        """Change the named fields and no others. Raises NotFound, Forbidden, Invalid, StaleVersion, Duplicate."""
        self._offer("update", actor)
        cleaned = inputs.clean(self.entity, values, actor=actor, partial=True, with_custom=False)
        with transaction.atomic():
            self._begin_with(cleaned)
            acting(actor, at)
            record = self.lock(actor=actor, record_id=record_id, action="update", version=version)
            change = Write(actor=actor, at=at, record=record, values=cleaned, created=False)
            change.before = inputs.assign(self.entity, record, cleaned)
            inputs.check_references(self.entity, cleaned, actor=actor, unless=change.before)
            inputs.refuse_handing_over(self.entity, change.before, actor)
            self.apply(change)
        return record

    def apply(self, change: Write[M], *, action: str = "update") -> None:
        """Save a change that was made to a locked record, with the entity's rules, scope and event.

        For verbs beyond plain update: lock, set attributes, note the old ones in `change.before`, then call this.
        """
        self.prepare(change)
        if not change.before and not has_unstored(self.entity, change.values):
            return
        record = change.record
        erased.require_none([change])
        record.version += 1
        record.updated_at = change.at
        with inputs.translated_integrity():
            record.save(force_update=True)
        self.saved(change)
        self.require_within_scope(change.actor, action, record)
        self._publish("updated", change)

    def delete(self, *, actor: Actor, record_id: UUID, at: datetime, version: int | None = None) -> M:
        """Delete softly: the row stays, hidden, blocking no unique value. Raises NotFound, Forbidden, StaleVersion."""
        self._offer("delete", actor)
        with transaction.atomic():
            acting(actor, at)
            record = self.lock(actor=actor, record_id=record_id, action="delete", version=version)
            change = Write(actor=actor, at=at, record=record, values={}, created=False, before={"deleted_at": None})
            self.deleting(change)
            record.deleted_at = at
            self._touch(record, at)
            self.saved(change)
            self._publish("deleted", change)
        return record

    def restore(self, *, actor: Actor, record_id: UUID, at: datetime) -> M:
        """Bring a deleted record back. Raises NotFound, Conflict (not deleted), Duplicate (its key was taken)."""
        self._offer("restore", actor)
        with transaction.atomic():
            acting(actor, at)
            record = self.lock(actor=actor, record_id=record_id, action="restore", deleted=True)
            change = Write(actor=actor, at=at, record=record, values={}, created=False)
            change.before = {"deleted_at": record.deleted_at}
            record.deleted_at = None
            self.prepare(change)
            self._touch(record, at)
            self.saved(change)
            self._publish("restored", change)
        return record

    def lock(
        self, *, actor: Actor, record_id: UUID, action: str, version: int | None = None, deleted: bool = False
    ) -> M:
        """The record, locked until the transaction ends.

        Raises NotFound where the actor may not even see it, Forbidden where it may see but not do `action`,
        StaleVersion where it has moved on from `version`, Conflict where a restore finds it not deleted.
        """
        rows = self.entity.model._default_manager.filter(pk=record_id)
        record = rows.visible_to(actor, action).select_for_update(of=("self",), no_key=True).first()
        if record is None or (record.deleted_at is not None) is not deleted:
            seen = rows.visible_to(actor, "view") if deleted else rows.visible_to(actor, "view").alive()
            if record is not None and deleted:
                raise Conflict("The record is not deleted.")
            if record is None and seen.exists():
                raise Forbidden(entity=self.entity_name, action=action)
            raise missing(self.entity, record_id, actor)
        if version is not None and record.version != version:
            raise StaleVersion(current_version=record.version)
        return cast("M", record)

    def _begin_with(self, cleaned: dict[str, Any]) -> None:
        """Take the locks first: definitions of custom fields may be held by one of them."""
        self.begin(cleaned)
        column = self.entity.custom_column
        if column in cleaned:
            cleaned[column] = inputs.clean_custom(self.entity, cleaned[column])

    def _offer(self, verb: str, actor: Actor) -> None:
        if verb not in self.entity.verbs:
            raise Forbidden(f"{self.entity.title} records are not changed this way.", entity=self.entity_name)
        actor.require(self.entity_name, verb)

    def _touch(self, record: M, at: datetime) -> None:
        record.version += 1
        record.updated_at = at
        with inputs.translated_integrity():
            record.save(force_update=True)

    def require_within_scope(self, actor: Actor, action: str, record: M) -> None:
        """Nobody writes a record out of their own reach: it would be a way to plant records on others."""
        if actor.is_superuser or self.entity.model.scope.sees_all(actor, actor.visibilities(self.entity_name, action)):
            return
        if not self.entity.model._default_manager.filter(pk=record.pk).visible_to(actor, action).exists():
            raise Forbidden(
                "The record would be outside of what you may write.", entity=self.entity_name, action=action
            )

    def event(self, verb: str, change: Write[M]) -> events.Event:
        """What the outbox is told of a change: <entity>.created, updated, deleted or restored."""
        payload: dict[str, Any] = {"entity": self.entity_name, "id": str(change.record.pk)}
        if change.before:
            payload["changed"] = sorted(change.before)
        return events.Event(f"{self.entity_name}.{verb}", payload)

    def _publish(self, verb: str, change: Write[M]) -> None:
        events.publish(self.event(verb, change), actor=change.actor, at=change.at)


def has_unstored(entity: Entity, values: Mapping[str, Any]) -> bool:
    return any(not entity.by_name[name].stored for name in values if name in entity.by_name)
