"""Custom fields as typed fields: `customFields { tier }` beside the free JSON `custom`, in answers and in inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import graphene

from core.errors import FieldError, Invalid
from core.graphql.book import Book, Member
from core.graphql.meaning import Part, Value
from core.graphql.names import camel
from core.graphql.roots import Check, checking
from core.registry.custom import CustomDefinition
from core.registry.entities import Entity
from core.registry.fields import Field, Shape
from core.registry.types import Choice, Code, DecimalNumber, FieldType, Money, TypeFault
from core.writes import inputs

NAME = "customFields"
INPUT_NAME = "custom_fields"
# Keeps keys that organisations choose out of the way of graphene's own attributes.
_PREFIX = "f_"
_MONEY = Shape(
    title="Money",
    fields=(
        Field("amount", DecimalNumber(), nullable=False),
        Field("currency", Code(max_length=3), "ISO 4217 code.", nullable=False),
    ),
)


def members(book: Book, entity: Entity) -> list[Member]:
    """The field `customFields` of an entity that has definitions."""
    if not book.custom.get(entity.name):
        return []
    name = f"{entity.title}CustomFields"

    def build() -> Any:
        fields = [
            Member(spelled, _output(book, item.type), Part(_taking(item)), item.doc)
            for spelled, item in _spelled(book, entity)
        ]
        return book.object(name, fields, "The custom fields that are defined now, each with its type.")

    kind = book.once(name, entity.name, build)
    return [Member(NAME, kind, Value(str(entity.custom_column)), "Values of custom fields, by type.")]


def input_field(book: Book, entity: Entity) -> dict[str, Any]:
    """The input `customFields` of an entity that has definitions, as an attribute of its input types."""
    if not book.custom.get(entity.name):
        return {}
    name = f"{entity.title}CustomFieldsInput"

    def build() -> Any:
        attributes = {
            f"{_PREFIX}{item.key}": graphene.InputField(_input(book, item.type), name=spelled, description=item.doc)
            for spelled, item in _spelled(book, entity)
        }
        meta = type("Meta", (), {"name": name, "container": dict})
        return type(name, (graphene.InputObjectType,), {**attributes, "Meta": meta})

    kind = book.once(name, entity.name, build)
    doc = "Values of custom fields, by type; null removes one. Instead of `custom`."
    return {INPUT_NAME: graphene.InputField(kind, name=NAME, description=doc)}


def merged(entity: Entity, values: Any) -> Any:
    """The values with what was sent as `customFields` where REST has it. Raises Invalid where both were sent."""
    if not isinstance(values, dict) or INPUT_NAME not in values or entity.custom_column is None:
        return values
    rest = {name: value for name, value in values.items() if name != INPUT_NAME}
    if entity.custom_column in rest:
        raise Invalid.one(f"/{INPUT_NAME}", "not_allowed", "Send custom or customFields, not both.")
    typed = values[INPUT_NAME]
    if isinstance(typed, dict):
        typed = {key.removeprefix(_PREFIX): value for key, value in typed.items()}
    return rest | {entity.custom_column: typed}


def checking_all(entity: Entity, *, partial: bool = False) -> Check:
    """The faults of input for an entity, those of typed custom fields as REST tells them."""
    faults_of = checking(entity.fields, partial=partial)

    def faults(value: Any) -> list[FieldError]:
        try:
            plain = merged(entity, value)
            found = faults_of(plain)
            if not found and plain is not value:
                inputs.clean_custom(entity, plain[str(entity.custom_column)])
        except Invalid as refusal:
            return list(refusal.errors)
        return found

    return faults


def _spelled(book: Book, entity: Entity) -> Iterator[tuple[str, CustomDefinition]]:
    """The definitions with their names: as all others are spelled, or the key itself where that is taken."""
    taken: set[str] = set()
    for item in sorted(book.custom[entity.name].values(), key=lambda item: item.key):
        name = item.key if camel(item.key) in taken else camel(item.key)
        taken.add(name)
        yield name, item


def _output(book: Book, kind: FieldType) -> Any:
    match kind:
        case Money():
            return book.shape(_MONEY, "Money")
        case Choice():
            # The options change while clients run: no enum, whose values are part of the schema.
            return graphene.String
        case _:
            return book.leaf(kind, "")


def _input(book: Book, kind: FieldType) -> Any:
    if not isinstance(kind, Money):
        return _output(book, kind)
    attributes = {
        "amount": graphene.InputField(graphene.NonNull(book.leaf(DecimalNumber(), ""))),
        "currency": graphene.InputField(graphene.String),
    }
    meta = type("Meta", (), {"name": "MoneyInput", "container": dict})
    return book.once(
        "MoneyInput", Money, lambda: type("MoneyInput", (graphene.InputObjectType,), {**attributes, "Meta": meta})
    )


def _taking(item: CustomDefinition) -> Callable[[Any], Any]:
    """The value, if it is one of the type: a record may hold what only an earlier definition allowed."""
    key, kind = item.key, item.type

    def take(custom: Any) -> Any:
        value = custom.get(key)
        if value is None:
            return None
        try:
            return kind.dump(kind.parse(value))
        except (TypeFault, Invalid):
            return None

    return take
