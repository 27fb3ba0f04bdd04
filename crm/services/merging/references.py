"""What points at a kind of record: every foreign key of every installed app, found from the models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Exists, OuterRef, Q, QuerySet

from core.models.record import Record


@dataclass(frozen=True)
class Reference:
    """One foreign key. `uniques` are the other columns of uniqueness constraints that hold it, with their condition.

    `apart` are the other keys to the same kind of record that a constraint sets against this one (nobody refers
    themselves): rows with the winner there stay with the loser.
    """

    model: type[models.Model]
    name: str
    uniques: tuple[tuple[tuple[str, ...], Q], ...]
    apart: tuple[str, ...]
    derived: Q | None
    has_version: bool

    @property
    def label(self) -> str:
        return str(self.model._meta.label)

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def column(self) -> str:
        return str(self.model._meta.get_field(self.name).column)  # type: ignore[union-attr]

    @property
    def entity(self) -> str:
        return self.model.entity_name() if issubclass(self.model, Record) else str(self.model._meta.model_name)

    def rows(self, key: UUID) -> QuerySet[Any]:
        """All rows that point at the record, the deleted ones too."""
        return self.model._base_manager.filter(**{self.name: key})

    def clashing(self, winner: UUID, loser: UUID) -> set[Any]:
        """The ids of the loser's rows of which the winner has the like, so that they cannot move."""
        found: set[Any] = set()
        for others, condition in self.uniques:
            same = {name: OuterRef(name) for name in others}
            like = self.rows(winner).filter(condition, **same)
            found.update(self.rows(loser).filter(condition).filter(Exists(like)).values_list("pk", flat=True))
        for name in self.apart:
            found.update(self.rows(loser).filter(**{name: winner}).values_list("pk", flat=True))
        return found

    def derived_ids(self, key: UUID) -> set[Any]:
        """The rows among them that follow from others and are never moved."""
        return set(self.rows(key).filter(self.derived).values_list("pk", flat=True)) if self.derived else set()


@cache
def references_to(target: type[models.Model]) -> tuple[Reference, ...]:
    """Every foreign key to this kind of record, but for the record's own and for tables that are derived as a whole."""
    return tuple(sorted(_found(target), key=lambda item: (item.label, item.name)))


def _found(target: type[models.Model]) -> Iterator[Reference]:
    for model in apps.get_models(include_auto_created=True):
        derived: Q | None = getattr(model, "derived", None)
        if model is target or model._meta.proxy or (derived is not None and not derived):
            continue
        keys = [column for column in model._meta.concrete_fields if _points_at(column, target)]
        for column in keys:
            others = tuple(key.name for key in keys if key is not column and _are_apart(model, key, column))
            names = {item.name for item in model._meta.concrete_fields}
            yield Reference(
                model, column.name, tuple(_uniques(model, column)), others, derived, {"version", "updated_at"} <= names
            )


def _points_at(column: Any, target: type[models.Model]) -> bool:
    return isinstance(column, models.ForeignKey) and column.related_model is target


def _uniques(model: type[models.Model], column: Any) -> Iterator[tuple[tuple[str, ...], Q]]:
    if column.unique:
        yield (), Q()
    for constraint in model._meta.constraints:
        if isinstance(constraint, models.UniqueConstraint) and column.name in constraint.fields:
            yield tuple(name for name in constraint.fields if name != column.name), constraint.condition or Q()


def _are_apart(model: type[models.Model], one: Any, other: Any) -> bool:
    return any(
        isinstance(constraint, models.CheckConstraint) and {one.name, other.name} <= set(_names(constraint.condition))
        for constraint in model._meta.constraints
    )


def _names(condition: Any) -> Iterator[str]:
    """The columns that a condition speaks of."""
    for child in condition.children if isinstance(condition, Q) else ():
        if isinstance(child, Q):
            yield from _names(child)
        elif isinstance(child, tuple):
            yield child[0].split("__")[0].removesuffix("_id")
            if isinstance(child[1], models.F):
                yield str(child[1].name).removesuffix("_id")  # type: ignore[attr-defined]
