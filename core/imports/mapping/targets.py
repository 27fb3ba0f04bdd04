"""What a column can become: a field, a custom field, or a relation found by one of the other's keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core import registry
from core.actors import Actor
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Relation, Shape
from core.registry.types import FieldType, Text

CUSTOM = "custom"


@dataclass(frozen=True)
class Target:
    """One thing that a column can become. `name` is what a mapping calls it: email, custom.age, company.external_id.

    field: the field that is written. custom: the key of a custom field. relation: the other entity's name, and `key`
    its field by which the record is found. words: readings of cells that the type does not know (names of countries).
    """

    name: str
    label: str
    type: FieldType
    field: Field | None = None
    custom: str | None = None
    relation: str | None = None
    entity: str | None = None
    key: str | None = None
    required: bool = False


def of_entity(entity: Entity, actor: Actor) -> dict[str, Target]:
    """Everything that a column of a file of this entity can become, by name."""
    found: dict[str, Target] = {}
    for item in entity.input_fields():
        if (
            not entity.may_see(actor, item)
            or isinstance(item.type, Shape | ListOf)
            or item.name == entity.custom_column
        ):
            continue
        if item.stored:
            label = item.name.replace("_", " ")
            found[item.name] = Target(item.name, label, item.type, field=item, required=item.required)
    if entity.custom_column and entity.custom_fields:
        for key, kind in entity.custom_fields(entity.name).items():
            found[f"{CUSTOM}.{key}"] = Target(f"{CUSTOM}.{key}", key.replace("_", " "), kind, custom=key)
    for relation in entity.relations:
        found |= {item.name: item for item in _through(entity, relation, actor)}
    return found


def _through(entity: Entity, relation: Relation, actor: Actor) -> list[Target]:
    """The ways to the one record at the end of a relation."""
    writable = next((item for item in entity.input_fields() if item.attribute == relation.column), None)
    if relation.reverse or writable is None or writable.reference is None or not actor.may(relation.target, "view"):
        return []
    other = registry.entity(relation.target)
    label = relation.name.replace("_", " ")
    found = []
    for key in dict.fromkeys((*other.keys, other.identity, *_addresses(other))):
        item = other.by_name.get(key)
        if item is None or key == "id" or not item.filterable or not other.may_see(actor, item):
            continue
        if item.stored and isinstance(item.type, Text):
            name = f"{relation.name}.{key}"
            found.append(
                Target(
                    name,
                    f"{label} {key.replace('_', ' ')}",
                    item.type,
                    field=writable,
                    relation=relation.name,
                    entity=other.name,
                    key=key,
                )
            )
    return found


def _addresses(entity: Entity) -> list[str]:
    return [item.name for item in entity.fields if item.name == "email"]


def columns_of(mapping: Mapping[str, object]) -> Mapping[str, object]:
    """The part of a mapping that is about columns; a mapping of nothing else may be given bare."""
    if set(mapping) <= {"columns", "constants"} and all(isinstance(part, Mapping) for part in mapping.values()):
        part = mapping.get("columns", {})
        return part if isinstance(part, Mapping) else {}
    return mapping


def constants_of(mapping: Mapping[str, object]) -> Mapping[str, object]:
    """The constant values of a mapping, by target."""
    if set(mapping) <= {"columns", "constants"}:
        part = mapping.get("constants", {})
        return part if isinstance(part, Mapping) else {}
    return {}
