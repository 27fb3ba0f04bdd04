"""The order of a list: sort keys ended by the id, and the condition "after this row" of keyset paging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import OrderBy, Q

from core.actors import Actor
from core.errors import BadRequest, FieldError, Invalid, InvalidCursor
from core.reads import cursors
from core.registry.custom import AMOUNT, CURRENCY, Form
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.types import FieldType, Text, TextList, TypeFault

MAX_KEYS = 4
_NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key. PostgreSQL's own order of nulls holds: last ascending, first descending, as in a plain index."""

    field: Field
    descending: bool

    @property
    def type(self) -> FieldType:
        """The type of its values in a cursor. Days inside JSON are compared as text."""
        place = self.field.inside
        return Text() if place is not None and place.form is Form.DATE else self.field.type

    @property
    def order(self) -> str | OrderBy:
        place = self.field.inside
        if place is not None:
            return OrderBy(place.expression(self.field.attribute), descending=self.descending)
        return f"-{self.field.attribute}" if self.descending else self.field.attribute

    @property
    def signature(self) -> str:
        """What the SQL depends on: a custom field may be made anew with another type."""
        form = f":{self.field.inside.form}" if self.field.inside is not None else ""
        return ("-" if self.descending else "") + self.field.name + form

    @property
    def column(self) -> Any:
        """Django's field for its values."""
        return None if self.field.inside is None else self.field.inside.output_field

    def sql(self, table: str) -> str:
        """Its SQL over the rows of what is called `table`."""
        column = f'{table}."{self.field.attribute}"'
        return column if self.field.inside is None else f"({self.field.inside.sql(column)})"

    def where(self, lookup: str, value: Any) -> Q:
        """A comparison by one of Django's lookups."""
        place = self.field.inside
        if place is None:
            return Q(**{f"{self.field.attribute}__{lookup}": value})
        return place.where(self.field.attribute, lookup, value)

    def beyond(self, value: Any) -> Q:
        if self.descending:
            return self.where("isnull", False) if value is None else self.where("lt", value)
        if value is None:
            return _NOTHING
        larger = self.where("gt", value)
        return larger | self.where("isnull", True) if self.field.nullable else larger


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: the last key is always the id."""

    keys: tuple[Key, ...]

    @property
    def columns(self) -> list[str | OrderBy]:
        return [key.order for key in self.keys]

    @property
    def signature(self) -> str:
        return ",".join(key.signature for key in self.keys)

    def cursor(self, values: Sequence[Any]) -> str:
        """The cursor after a row with these Python values of the keys."""
        dumped = [key.type.dump(value) for key, value in zip(self.keys, values, strict=True)]
        return cursors.encode(self.signature, dumped)

    def values(self, cursor: str) -> list[Any]:
        """The typed values in a cursor. Raises InvalidCursor."""
        raw = cursors.decode(self.signature, cursor, len(self.keys))
        try:
            parsed = [
                None if value is None else key.type.parse(value) for key, value in zip(self.keys, raw, strict=True)
            ]
        except TypeFault:
            raise InvalidCursor() from None
        if parsed[-1] is None:
            raise InvalidCursor()
        return parsed

    def after(self, values: Sequence[Any]) -> list[Q]:
        """Conditions to run one after the other until the page is full: rows that come after the given key values.

        A nullable key is split into the rows with and those without a value, so that each part is one index range.
        """
        first, value = self.keys[0], values[0]
        if len(self.keys) == 1:
            return [first.beyond(value)]
        rest = Order(self.keys[1:]).after_all(values[1:])
        if value is None:
            same = first.where("isnull", True) & rest
            return [same, first.where("isnull", False)] if first.descending else [same]
        compare = "lt" if first.descending else "gt"
        # The redundant bound lets the index be entered at the cursor; the disjunction alone would scan up to it.
        ranged = first.where(f"{compare}e", value) & (
            first.where(compare, value) | (first.where("exact", value) & rest)
        )
        nulls_follow = first.field.nullable and not first.descending
        return [ranged, first.where("isnull", True)] if nulls_follow else [ranged]

    def after_all(self, values: Sequence[Any]) -> Q:
        """The same as one condition, for where pages cannot be run one after the other."""
        return reduce(or_, self.after(values))


def order_of(entity: Entity, sort: Sequence[str], actor: Actor) -> Order:
    """The order named by field names with "-" for descending, or the entity's default. Raises BadRequest."""
    names = list(sort) or list(entity.default_sort)
    if len(names) > MAX_KEYS:
        raise Invalid.one("/sort", "too_many", f"Must have at most {MAX_KEYS} items.")
    keys: list[Key] = []
    for index, name in enumerate(names):
        items = _fields(entity, name.removeprefix("-"), actor)
        if not items:
            raise _not_sortable(entity, name, index)
        for item in items:
            if any(key.field.name == item.name for key in keys):
                raise BadRequest(f"{name!r} is a sort key twice.")
            if item.inside and item.currency and not any(key.field.name == item.currency for key in keys):
                raise _not_sortable(
                    entity, name, index, f"Amounts compare within one currency: sort by {item.currency} first."
                )
            keys.append(Key(item, name.startswith("-")))
    if keys[-1].field.name != "id":
        keys.append(Key(entity.by_name["id"], keys[-1].descending))
    return Order(tuple(keys))


def _fields(entity: Entity, name: str, actor: Actor) -> list[Field]:
    """The fields that a sort key stands for; none where it cannot be. Money is sorted by currency, then amount."""
    if not entity.is_custom(name):
        item = entity.by_name.get(name)
        fits = item is not None and (item.sortable or item.name == "id") and entity.may_see(actor, item)
        return [item] if item is not None and fits else []
    found = entity.custom_part(name)
    inside = entity.field_inside(*found) if found else None
    if inside is None or found is None or not entity.may_see(actor, entity.by_name[str(entity.custom_column)]):
        return []
    definition, part = found
    if isinstance(definition.type, TextList):
        return []
    if not definition.is_money or part:
        return [inside]
    parts = (AMOUNT,) if definition.currency else (CURRENCY, AMOUNT)
    return [part_of for one in parts if (part_of := entity.field_inside(definition, one)) is not None]


def _not_sortable(entity: Entity, name: str, index: int, why: str = "This field cannot be sorted by.") -> BadRequest:
    errors = [FieldError(f"/sort/{index}", "not_sortable", why)]
    return BadRequest(f"{entity.title} cannot be sorted by {name!r}.", errors=errors)
