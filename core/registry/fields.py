"""Fields and relations of an entity, and composite types for inputs and answers that are not records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from core.errors import FieldError, Invalid
from core.registry.custom import Inside
from core.registry.types import FieldType, TypeFault


@dataclass(frozen=True)
class Field:
    """One named value. `column` is the attribute of the model (default: the name).

    `needs` names an action of the entity without which the value is not shown, filtered, sorted, grouped or measured.
    `internal`: what we tell each other; people of partners never see it, whatever they are granted.
    `open_input`: whoever may write the record may also send a value that they will not be shown (a proof).
    `reference` is the entity whose id it holds. `stored` is False for inputs that a service consumes itself.
    `currency` names the field (also of a to-one relation: `order.currency`) with the currency of a money amount:
    amounts of different currencies are never added.
    `sql` computes the value instead of a column; `{t}` stands for the row's table.
    `inside` says where in the JSON of the column the value is.
    """

    name: str
    type: FieldType
    doc: str = ""
    column: str = ""
    nullable: bool = True
    required: bool = False
    writable: bool = True
    create_only: bool = False
    readable: bool = True
    filterable: bool = True
    sortable: bool = False
    groupable: bool = False
    stored: bool = True
    reference: str | None = None
    needs: str | None = None
    internal: bool = False
    open_input: bool = False
    currency: str | None = None
    sql: str = ""
    inside: Inside | None = None

    @property
    def attribute(self) -> str:
        return self.column or self.name

    def with_(self, **changes: Any) -> Field:
        return replace(self, **changes)


@dataclass(frozen=True)
class Relation:
    """A named way from one record to others of the entity `target`.

    Forward (`reverse=False`): `column` is this model's attribute with the other's id. Reverse: `column` is the
    attribute of the target's model with this record's id; `many` tells a list from a single one. `inside` says where
    in the JSON of the column the other's id is.
    """

    name: str
    target: str
    column: str
    doc: str = ""
    reverse: bool = False
    many: bool = False
    inside: Inside | None = None


def one(name: str, target: str, column: str = "", doc: str = "") -> Relation:
    """The record that `<name>_id` (or `column`) points at."""
    return Relation(name=name, target=target, column=column or f"{name}_id", doc=doc)


def many(name: str, target: str, column: str, doc: str = "") -> Relation:
    """The records of `target` whose `column` points here."""
    return Relation(name=name, target=target, column=column, doc=doc, reverse=True, many=True)


def reverse_one(name: str, target: str, column: str, doc: str = "") -> Relation:
    """The one record of `target` whose `column` points here (a one-to-one from the other side)."""
    return Relation(name=name, target=target, column=column, doc=doc, reverse=True)


@dataclass(frozen=True)
class Shape(FieldType):
    """An object with named fields: nested input, or an answer that is no record. `title` names it in both schemas."""

    name: ClassVar[str] = "object"
    graphql: ClassVar[str] = "object"
    operators: ClassVar[frozenset[str]] = frozenset()
    title: str = ""
    fields: tuple[Field, ...] = ()

    def parse(self, value: Any) -> dict[str, Any]:
        """The cleaned values by field name. Raises Invalid with pointers relative to this object."""
        return clean_values(self.fields, value)

    def json_schema(self) -> dict[str, Any]:
        properties = {item.name: nullable_schema(item) for item in self.fields}
        required = [item.name for item in self.fields if item.required]
        schema: dict[str, Any] = {"type": "object", "properties": properties, "additionalProperties": False}
        return schema | ({"required": required} if required else {})


@dataclass(frozen=True)
class ListOf(FieldType):
    """A list of one type."""

    name: ClassVar[str] = "list"
    graphql: ClassVar[str] = "list"
    operators: ClassVar[frozenset[str]] = frozenset()
    inner: FieldType = Shape()
    max_items: int = 1000

    def parse(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise TypeFault("wrong_type", "Must be a list.")
        if len(value) > self.max_items:
            raise TypeFault("too_many", f"Must have at most {self.max_items} items.")
        errors: list[FieldError] = []
        cleaned: list[Any] = []
        for index, item in enumerate(value):
            faults = len(errors)
            cleaned.append(parse_at(self.inner, item, f"/{index}", errors))
            if cleaned[-1] is None and len(errors) == faults:
                errors.append(FieldError(f"/{index}", "blank", "Must not be empty."))
        if errors:
            raise Invalid(errors)
        return cleaned

    def json_schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.inner.json_schema(), "maxItems": self.max_items}


def nullable_schema(item: Field) -> dict[str, Any]:
    """JSON Schema of a field's value, null included where it may be null."""
    schema = dict(item.type.json_schema())
    if item.nullable and "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        schema["type"] = [*kinds, "null"]
        if "enum" in schema:
            schema["enum"] = [*schema["enum"], None]
    if item.doc:
        schema["description"] = item.doc
    return schema


def parse_at(kind: FieldType, value: Any, pointer: str, errors: list[FieldError]) -> Any:
    """`kind.parse(value)`; faults are added to `errors` under `pointer`, and None is returned for them."""
    try:
        return kind.parse(value)
    except TypeFault as fault:
        errors.append(FieldError(pointer, fault.code, str(fault)))
    except Invalid as nested:
        errors.extend(FieldError(pointer + fault.pointer, fault.code, fault.message) for fault in nested.errors)
    return None


def clean_values(fields: tuple[Field, ...], values: Any, *, partial: bool = False) -> dict[str, Any]:
    """Validate a JSON object against fields; `partial` is for an update, where nothing is required.

    Raises Invalid with every unknown, missing, null or wrongly typed value by its pointer; TypeFault for no object.
    """
    if not isinstance(values, Mapping):
        raise TypeFault("wrong_type", "Must be an object.")
    known = {item.name: item for item in fields}
    errors: list[FieldError] = []
    cleaned = {key: _clean(known.get(key), key, value, partial, errors) for key, value in values.items()}
    if not partial:
        missing = [item.name for item in fields if item.required and item.name not in values]
        errors.extend(FieldError(f"/{name}", "required", "This field is required.") for name in missing)
    if errors:
        raise Invalid(errors)
    return cleaned


def _clean(item: Field | None, key: str, value: Any, partial: bool, errors: list[FieldError]) -> Any:
    pointer = f"/{escape(key)}"
    if item is None:
        errors.append(FieldError(pointer, "unknown_field", "There is no such field."))
    elif not item.writable:
        errors.append(FieldError(pointer, "read_only", "This field cannot be written."))
    elif partial and item.create_only:
        errors.append(FieldError(pointer, "create_only", "This field cannot be changed once created."))
    elif value is None:
        if not item.nullable:
            errors.append(FieldError(pointer, "null", "Must not be null."))
    else:
        faults = len(errors)
        cleaned = parse_at(item.type, value, pointer, errors)
        if cleaned is None and not item.nullable and len(errors) == faults:
            errors.append(FieldError(pointer, "blank", "Must not be empty."))
        return cleaned
    return None


def escape(token: str) -> str:
    """A reference token of a JSON Pointer (RFC 6901, section 3)."""
    return str(token).replace("~", "~0").replace("/", "~1")
