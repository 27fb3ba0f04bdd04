"""Names of related records: shown only to those who may see the record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, cast
from uuid import UUID

from django.db import models

from core.actors import Actor
from core.models.record import Record
from core.templatetags.core_admin import NOTHING


class Unseen:
    """Stands where a record would, of which nothing is told."""

    def __init__(self, key: UUID) -> None:
        self.pk = key

    def __str__(self) -> str:
        return NOTHING

    def __getattr__(self, name: str) -> None:
        if name.startswith("_"):
            raise AttributeError(name)


def hide(rows: Sequence[models.Model], actor: Actor, names: Iterable[str] | None = None) -> None:
    """Take the related records that the actor may not see out of the rows: of the named columns, or of all.

    One query for each kind of related record at most, and none where the actor sees all of that kind.
    """
    if not rows:
        return
    by_model: dict[type[Record], list[models.ForeignKey[Any, Any]]] = {}
    for column in keys_of(type(rows[0])):
        target = cast("type[Record]", column.related_model)
        if (names is None or column.name in set(names)) and not sees_all(actor, target):
            by_model.setdefault(target, []).append(column)
    for target, columns in by_model.items():
        wanted = {getattr(row, column.attname) for row in rows for column in columns} - {None}
        shown = seen(target, wanted, actor) if wanted else frozenset()
        for row in rows:
            for column in columns:
                key = getattr(row, column.attname)
                if key is not None and key not in shown:
                    row._state.fields_cache[column.name] = Unseen(key)


def keys_of(model: type[models.Model]) -> list[models.ForeignKey[Any, Any]]:
    """The foreign keys to records of ours."""
    columns = (item for item in model._meta.concrete_fields if isinstance(item, models.ForeignKey))
    return [item for item in columns if issubclass(item.related_model, Record)]


def sees_all(actor: Actor, target: type[Record]) -> bool:
    """Whether no record of this kind is hidden from the actor."""
    return target.scope.sees_all(actor, actor.visibilities(target.entity_name(), "view"))


def seen(target: type[Record], keys: Iterable[UUID], actor: Actor) -> frozenset[UUID]:
    """Which of these records the actor may see."""
    rows = target._default_manager.filter(pk__in=list(keys)).visible_to(actor)
    return frozenset(rows.values_list("pk", flat=True))


def name_of(actor: Actor, record: models.Model) -> str:
    """The record's name, where the actor may see it."""
    kind = type(record)
    if not issubclass(kind, Record) or sees_all(actor, kind) or seen(kind, [record.pk], actor):
        return str(record)
    return NOTHING
