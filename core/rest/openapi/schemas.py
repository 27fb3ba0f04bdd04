"""JSON Schemas of entities and types, as named components."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core import registry
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import DecimalNumber, FieldType

Schema = dict[str, Any]


def ref(name: str) -> Schema:
    """A reference to a named schema."""
    return {"$ref": f"#/components/schemas/{name}"}


def or_null(schema: Schema) -> Schema:
    """The schema, or null."""
    if "type" not in schema:
        return {"anyOf": [schema, {"type": "null"}]} if schema else {}
    kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    widened = schema | {"type": [*kinds, "null"]}
    return widened | ({"enum": [*schema["enum"], None]} if "enum" in schema else {})


def page_of(item: Schema) -> Schema:
    """A page of a list."""
    properties = {
        "data": {"type": "array", "items": item},
        "next": {"type": ["string", "null"], "description": "Send it as `after` for the next page; null on the last."},
    }
    return closed(properties, ["data", "next"])


def closed(properties: Schema, required: Iterable[str] = (), doc: str = "") -> Schema:
    """An object with these properties and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
    needed = list(required)
    return schema | ({"required": needed} if needed else {}) | ({"description": doc} if doc else {})


class Components:
    """Collects the named schemas that the description of an address refers to."""

    def __init__(self) -> None:
        self.schemas: dict[str, Schema] = {}

    def all_entities(self) -> dict[str, Schema]:
        """The schemas of every entity and of all they refer to."""
        for entity in registry.entities():
            self.schemas[entity.title] = self.record(entity)
            self.schemas[f"{entity.title}List"] = page_of(ref(entity.title))
            if entity.writes is not None and "create" in entity.verbs:
                self.schemas[f"{entity.title}Create"] = self.input(entity.input_fields())
            if entity.writes is not None and "update" in entity.verbs:
                fields = [item for item in entity.input_fields() if not item.create_only]
                self.schemas[f"{entity.title}Update"] = self.input(fields, partial=True)
            for feed in entity.feeds:
                self.of(feed.item, output=True)
                self.schemas[f"{feed.item.title}List"] = page_of(ref(feed.item.title))
        for operation in every_operation():
            self.input(operation.input)
            if operation.output is not None:
                self.of(operation.output, output=True)
        return self.schemas

    def record(self, entity: Entity) -> Schema:
        """A record as it is shown. Only the id is always there: `fields` may leave the rest out."""
        properties = {item.name: self._shown(item) for item in entity.readable_fields()}
        for relation in entity.relations:
            target = registry.entity(relation.target).title
            schema = ref(f"{target}List") if relation.many else or_null(ref(target))
            note = f"{relation.doc} " if relation.doc else ""
            properties[relation.name] = schema | {"description": f"{note}Only where it is expanded.", "readOnly": True}
        return closed(properties, ["id"], entity.doc)

    def input(self, fields: Iterable[Field], *, partial: bool = False) -> Schema:
        """A body with these fields."""
        fields = tuple(fields)
        properties = {item.name: self.value(item, output=False) for item in fields}
        return closed(properties, [] if partial else [item.name for item in fields if item.required])

    def value(self, item: Field, *, output: bool) -> Schema:
        """A field's value, null included where it may be null."""
        schema = self.of(item.type, output=output)
        if item.nullable:
            schema = or_null(schema)
        return schema | ({"description": item.doc} if item.doc else {})

    def _shown(self, item: Field) -> Schema:
        schema = self.value(item.with_(nullable=True) if item.needs else item, output=True)
        if item.needs:
            note = f"Null without the right `{item.needs}`."
            schema["description"] = f"{schema.get('description', '')} {note}".strip()
        return schema if item.writable else schema | {"readOnly": True}

    def of(self, kind: FieldType, *, output: bool) -> Schema:
        """The schema of a type; shapes with a title become components of that name."""
        if isinstance(kind, ListOf):
            limit = {} if output else {"maxItems": kind.max_items}
            return {"type": "array", "items": self.of(kind.inner, output=output), **limit}
        if isinstance(kind, Shape):
            return self._shape(kind, output=output)
        schema = dict(kind.json_schema())
        if isinstance(kind, DecimalNumber) and not output:
            schema["type"] = ["string", "number"]
        if output:
            # What was stored by earlier rules is shown all the same.
            for bound in ("maxLength", "maxItems", "minimum", "maximum", "pattern"):
                schema.pop(bound, None)
        return schema

    def _shape(self, kind: Shape, *, output: bool) -> Schema:
        if not kind.title:
            return self._object(kind, output=output)
        known = self.schemas.get(kind.title)
        if known is None:
            self.schemas[kind.title] = {}
            self.schemas[kind.title] = self._object(kind, output=output)
        return ref(kind.title)

    def _object(self, kind: Shape, *, output: bool) -> Schema:
        properties = {item.name: self.value(item, output=output) for item in kind.fields}
        return closed(properties, [item.name for item in kind.fields if item.required], getattr(kind, "doc", ""))


def every_operation() -> Iterable[Any]:
    """All declared operations, free ones first."""
    yield from registry.operations()
    for entity in registry.entities():
        yield from entity.operations
