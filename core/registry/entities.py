"""An entity: everything the transports, criteria, writes and tests need to know of one kind of record, said once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.actors import Actor
from core.history.feed import history_feed
from core.models.record import Record
from core.registry.custom import AMOUNT, CURRENCY, CustomDefinition, CustomFields, Definitions, Form, Inside
from core.registry.feeds import Feed, FeedPage
from core.registry.fields import Field, Relation
from core.registry.operations import Operation
from core.registry.types import Code, Money

if TYPE_CHECKING:
    from core.writes.base import Writes

__all__ = ["VERBS", "CustomFields", "Entity", "Feed", "FeedPage"]

VERBS = ("create", "update", "delete", "restore")


Successor = Callable[[UUID, Actor], UUID | None]


@dataclass
class Entity:
    """The declaration of one kind of record.

    name: singular snake_case ("price_tier"); plural: the path segment ("price-tiers").
    verbs: which of create, update, delete, restore are offered; each needs the action of that name.
    keys: fields by which batch may find a record to upsert, tried for uniqueness among live rows.
    time_field: the moment a record of this kind happened (`within` on relations counts from it).
    search_fields: text fields that the quick search `q` looks into.
    identity: the field that names a record to people.
    custom_column, custom_fields: the JSON column with the values of fields that the organisation defines, and where
    the definitions come from.
    successor: which record took the place of one that is no more, for those who may see it (a merge).
    """

    name: str
    plural: str
    model: type[Record]
    fields: Sequence[Field]
    doc: str = ""
    relations: Sequence[Relation] = ()
    verbs: frozenset[str] = frozenset(VERBS)
    writes: Writes[Any] | None = None
    default_sort: tuple[str, ...] = ("-id",)
    keys: tuple[str, ...] = ("external_id",)
    time_field: str = "created_at"
    search_fields: tuple[str, ...] = ()
    identity: str = "id"
    operations: list[Operation] = field(default_factory=list)
    feeds: list[Feed] = field(default_factory=list)
    custom_column: str | None = None
    custom_fields: CustomFields | None = None
    successor: Successor | None = None

    def __post_init__(self) -> None:
        self.add_feed(history_feed(self))

    @cached_property
    def by_name(self) -> Mapping[str, Field]:
        return {item.name: item for item in self.fields}

    @property
    def relations_by_name(self) -> Mapping[str, Relation]:
        return {item.name: item for item in self.relations}

    def add_relation(self, relation: Relation) -> None:
        """For a higher app to hang its records on this entity."""
        self.relations = (*(item for item in self.relations if item.name != relation.name), relation)

    def add_feed(self, feed: Feed) -> None:
        self.feeds = [*(item for item in self.feeds if item.name != feed.name), feed]

    def add_operation(self, operation: Operation) -> None:
        self.operations = [*(item for item in self.operations if item.name != operation.name), operation]

    def readable_fields(self) -> tuple[Field, ...]:
        return tuple(item for item in self.fields if item.readable)

    @cached_property
    def readable_names(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.readable_fields())

    def visible_fields(self, actor: Actor) -> tuple[Field, ...]:
        """The readable fields whose value this actor may see."""
        return tuple(item for item in self.readable_fields() if self.may_see(actor, item))

    def may_see(self, actor: Actor, item: Field) -> bool:
        if item.internal and actor.is_partners:
            return False
        return item.needs is None or actor.may(self.name, item.needs)

    def definitions(self) -> Definitions:
        """The definitions of its custom fields that hold now; none where it has no such fields."""
        return self.custom_fields.definitions(self.name) if self.custom_fields else {}

    def is_custom(self, name: str) -> bool:
        """Whether this is the name of a custom field, known or not: `custom.tier`."""
        return self.custom_column is not None and name.startswith(f"{self.custom_column}.")

    def custom_part(self, name: str) -> tuple[CustomDefinition, str] | None:
        """The definition that `custom.<key>` or `custom.<key>.<part>` names, and the part; None if there is none."""
        _, key, part = (*name.split(".", 2), "", "")[:3]
        definition = self.definitions().get(key)
        return None if definition is None else (definition, part)

    def custom_field(self, name: str) -> Field | None:
        """`custom.tier`, `custom.budget`, `custom.budget.amount` as a field; None if there is none."""
        found = self.custom_part(name)
        return None if found is None else self.field_inside(*found)

    def field_inside(self, definition: CustomDefinition, part: str = "") -> Field | None:
        """A custom field, or the amount or currency of one, as a field that is read out of the JSON."""
        column, name = str(self.custom_column), f"{self.custom_column}.{definition.key}"
        shared: dict[str, Any] = {"column": column, "doc": definition.doc, "sortable": True, "groupable": True}
        currency = None if not definition.is_money or definition.currency else f"{name}.{CURRENCY}"
        if not part:
            return Field(
                name,
                definition.type,
                inside=definition.inside,
                currency=currency,
                reference=definition.target,
                **shared,
            )
        if not isinstance(definition.type, Money) or part not in (AMOUNT, CURRENCY):
            return None
        inside = Inside(definition.key, Form(part), definition.indexed)
        if part == CURRENCY:
            return Field(f"{name}.{part}", Code(max_length=3), inside=inside, **shared)
        return Field(f"{name}.{part}", definition.type.amount, inside=inside, currency=currency, **shared)

    def input_fields(self) -> tuple[Field, ...]:
        """The fields a writer may send."""
        return tuple(item for item in self.fields if item.writable)

    @property
    def title(self) -> str:
        """The name in the schemas: PriceTier."""
        return "".join(part.capitalize() for part in self.name.split("_"))

    @property
    def actions(self) -> tuple[str, ...]:
        """Everything a role can be granted on this entity."""
        extra = {op.action for op in self.operations} | {item.needs for item in self.fields if item.needs}
        # A verb may be an operation of its own: making an API key answers with more than the record.
        verbs = (verb for verb in VERBS if verb in self.verbs or verb in extra)
        return ("view", *verbs, *sorted(extra - {"view", *VERBS, None}))
