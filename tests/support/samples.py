"""Valid input for, and records of, every entity, made from the registry alone; rules across fields are in `rules`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, cast

from django.db import models

from core import registry
from core.actors import SYSTEM
from core.models.record import Record
from core.registry.derive import field_type
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.operations import Operation
from core.registry.types import Text
from tests.support import rules
from tests.support.values import sample

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Samples:
    """A source of samples. Two sources with the same start give the same values in the same order.

    `marker` is put in front of every text of a record that belongs to somebody, to find it where it should not be.
    """

    def __init__(self, *, start: int = 1, at: datetime = AT, marker: str = "") -> None:
        self.number = start
        self.at = at
        self.marker = marker

    def next(self) -> int:
        self.number += 1
        return self.number

    # Input

    def minimal(self, entity: Entity | str, /, **given: Any) -> dict[str, Any]:
        """The least that a record of this kind is created from."""
        entity = _entity(entity)
        rule = rules.of(entity.name)
        fixed = rule.needed(self) | given
        wanted = [item for item in entity.input_fields() if item.required and item.name not in fixed]
        return self._values(entity, wanted) | fixed

    def full(self, entity: Entity | str, /, **given: Any) -> dict[str, Any]:
        """Everything that a record of this kind can be created with."""
        entity = _entity(entity)
        rule = rules.of(entity.name)
        fixed = rule.needed(self) | rule.complete(self) | given
        skipped = rule.not_at_creation | set(fixed)
        wanted = [item for item in entity.input_fields() if item.name not in skipped]
        return self._values(entity, wanted) | fixed

    def changes(self, entity: Entity | str, record: Record) -> dict[str, Any]:
        """Another value for every field that an update may write."""
        entity = _entity(entity)
        rule = rules.of(entity.name)
        fixed = rule.changed(self, record)
        skipped = rule.not_in_updates | set(fixed)
        wanted = [item for item in entity.input_fields() if not item.create_only and item.name not in skipped]
        return self._values(entity, wanted) | fixed

    def input_of(self, operation: Operation, record: Record | None, *, full: bool = False) -> dict[str, Any]:
        """Input with which the operation can be carried out on the record."""
        fixed = rules.operation_input(operation.name, self, record)
        if fixed is None:
            wanted = [item for item in operation.input if full or item.required]
            return {item.name: self.value(item) for item in wanted}
        return fixed

    def value(self, item: Field, *, entity: Entity | None = None) -> Any:
        """A new value for this field; a reference is to a new record."""
        if item.reference is not None:
            return str(self.make(item.reference).pk)
        if entity is not None and item.name == entity.custom_column and entity.custom_fields is not None:
            kinds = entity.custom_fields(entity.name)
            return {key: sample(kind, key, self.next()) for key, kind in kinds.items()}
        found = sample(item.type, item.name, self.next())
        return self.marker + found if self._is_marked(item, entity) else found

    def _is_marked(self, item: Field, entity: Entity | None) -> bool:
        return bool(self.marker) and _is_plain(item) and entity is not None and not entity.model.scope.is_open

    def _values(self, entity: Entity, fields: list[Field]) -> dict[str, Any]:
        return {item.name: self.value(item, entity=entity) for item in fields}

    # Records

    def make(self, entity: Entity | str, /, *, full: bool = False, **given: Any) -> Record:
        """A new record, made as the product makes it where it can be created, else by what brings it about."""
        entity = _entity(entity)
        if entity.writes is not None and "create" in entity.verbs:
            values = self.full(entity, **given) if full else self.minimal(entity, **given)
            return cast("Record", entity.writes.create(actor=SYSTEM, values=values, at=self.at))
        maker = rules.MAKERS.get(entity.name)
        made = maker(self) if maker else self._row(entity)
        if given:
            entity.model._default_manager.filter(pk=made.pk).update(**given)
            made.refresh_from_db()
        return made

    def _row(self, entity: Entity) -> Record:
        """A row of a kind that nobody writes through the API, straight from its columns."""
        values: dict[str, Any] = {"created_at": self.at, "updated_at": self.at}
        for column in entity.model._meta.concrete_fields:
            if column.null or column.has_default() or column.primary_key or getattr(column, "auto_now", False):
                continue
            if isinstance(column, models.ForeignKey):
                raise AssertionError(
                    f"{entity.name} cannot be created through the API and needs a {column.name}: "
                    f"say in {rules.__name__}.MAKERS how one comes about"
                )
            kind = field_type(column)
            values[column.attname] = kind.parse(sample(kind, column.name, self.next()))
        return cast("Record", entity.model._default_manager.create(**values))


def _entity(entity: Entity | str) -> Entity:
    return registry.entity(entity) if isinstance(entity, str) else entity


def _is_plain(item: Field) -> bool:
    """Whether any text will do."""
    return type(item.type) is Text and item.type.max_length >= 60 and item.name not in rules.NOT_FREE


def same(entity: Entity, sent: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
    """What a record shows otherwise than it was written: {} where everything came back in its canonical form."""
    wrong: dict[str, Any] = {}
    for name, value in sent.items():
        item = entity.by_name[name]
        if not item.readable or not (item.stored or item.sql) or name == entity.custom_column:
            continue
        expected = None if value is None else item.type.dump(item.type.parse(value))
        if _canonical(row[name]) != _canonical(expected):
            wrong[name] = {"sent": value, "shown": row[name]}
    return wrong


def _canonical(value: Any) -> Any:
    if isinstance(value, str):
        try:
            return Decimal(value)
        except InvalidOperation:
            pass
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            return value
    return value
