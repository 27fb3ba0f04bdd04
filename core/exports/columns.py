"""The columns of an export, and what must be read for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import registry
from core.actors import Actor
from core.errors import FieldError, Invalid
from core.reads.selection import Nested, Selection
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.types import FieldType

MAX_COLUMNS = 200
MAX_DEPTH = 3


@dataclass(frozen=True)
class Column:
    """One column: `path` leads from a row to its value, over relations and into custom fields."""

    name: str
    path: tuple[str, ...]
    type: FieldType
    title: str = ""

    def value(self, row: Mapping[str, Any]) -> Any:
        """The value in wire form; None where something on the way is hidden or missing."""
        found: Any = row
        for step in self.path:
            if found is None:
                return None
            found = found.get(step)
        return found


def columns_of(entity: Entity, names: Sequence[str] | None, *, actor: Actor) -> tuple[Column, ...]:
    """The columns of these names, or all that the actor may see. Raises Invalid."""
    if names is None:
        return tuple(_all(entity, actor))
    errors: list[FieldError] = []
    columns: dict[str, Column] = {}
    for index, name in enumerate(names):
        try:
            columns.setdefault(name, _column(entity, name, actor))
        except _Unknown as fault:
            errors.append(FieldError(f"/fields/{index}", fault.code, str(fault)))
    if not columns and not errors:
        errors.append(FieldError("/fields", "required", "Name at least one column."))
    if len(columns) > MAX_COLUMNS:
        errors.append(FieldError("/fields", "too_many", f"There may be {MAX_COLUMNS} columns."))
    if errors:
        raise Invalid(errors)
    return tuple(columns.values())


def seen(entity: Entity, columns: Iterable[Column], *, actor: Actor) -> tuple[Column, ...]:
    """The columns that the actor may still see."""
    return tuple(item for item in columns if all(actor.may(*needed) for needed in needs(entity, [item])))


def needs(entity: Entity, columns: Iterable[Column]) -> set[tuple[str, str]]:
    """The grants (entity, action) that showing these columns rests on."""
    wanted = {(entity.name, "view")}
    for column in columns:
        at = entity
        for step in column.path:
            relation = at.relations_by_name.get(step)
            if relation is None:
                item = at.by_name[step]
                wanted |= {(at.name, item.needs)} if item.needs else set()
                break
            at = registry.entity(relation.target)
            wanted.add((at.name, "view"))
    return wanted


def selection_for(entity: Entity, columns: Iterable[Column]) -> Selection:
    """What to read of each record."""
    fields: dict[str, None] = {}
    below: dict[str, list[Column]] = {}
    for column in columns:
        head, *rest = column.path
        if head in entity.relations_by_name and rest:
            below.setdefault(head, []).append(Column(column.name, tuple(rest), column.type))
        else:
            fields[head] = None
    nested = {
        name: Nested(name, selection_for(registry.entity(entity.relations_by_name[name].target), parts))
        for name, parts in below.items()
    }
    return Selection(tuple(fields), nested)


class _Unknown(ValueError):
    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def _all(entity: Entity, actor: Actor) -> Iterable[Column]:
    for item in entity.visible_fields(actor):
        if item.name == entity.custom_column and entity.custom_fields is not None:
            kinds = entity.custom_fields(entity.name)
            yield from (Column(f"{item.name}.{key}", (item.name, key), kinds[key]) for key in sorted(kinds))
        else:
            yield Column(item.name, (item.name,), item.type, item.doc)


def _column(entity: Entity, name: str, actor: Actor) -> Column:
    at, way = entity, name.split(".")
    for depth, step in enumerate(way):
        relation = at.relations_by_name.get(step)
        is_last = depth == len(way) - 1
        if relation is None or (is_last and step in at.by_name):
            return Column(name, tuple(way), _type(at, way[depth:], actor))
        if relation.many:
            raise _Unknown("many", f"{step} is a list: a file has one row per record.")
        if depth >= MAX_DEPTH:
            raise _Unknown("too_deep", f"A column may cross {MAX_DEPTH} relations.")
        at = registry.entity(relation.target)
        if not actor.may(at.name, "view"):
            raise _Unknown("forbidden_field", f"You may not see {step}.")
    raise _Unknown("unknown_field", f"Name a field of {at.title}.")


def _type(entity: Entity, way: Sequence[str], actor: Actor) -> FieldType:
    item: Field | None = entity.by_name.get(way[0])
    if item is None or not item.readable:
        raise _Unknown("unknown_field", f"{entity.title} has no field {way[0][:100]!r}.")
    if not entity.may_see(actor, item):
        raise _Unknown("forbidden_field", f"You may not see the field {way[0]!r}.")
    if len(way) == 1:
        return item.type
    find: Callable[[str], Mapping[str, FieldType]] | None = entity.custom_fields
    if len(way) == 2 and find is not None and way[0] == entity.custom_column:
        kinds = find(entity.name)
        if way[1] in kinds:
            return kinds[way[1]]
    raise _Unknown("unknown_field", f"{entity.title} has no field {'.'.join(way)[:100]!r}.")
