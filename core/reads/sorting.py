"""The order of a list: sort keys ended by the id, and the condition "after this row" of keyset paging."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q

from core.actors import Actor
from core.errors import BadRequest, FieldError, Invalid, InvalidCursor
from core.reads import cursors
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.types import TypeFault

MAX_KEYS = 4
_NOTHING = Q(pk__in=())


@dataclass(frozen=True, slots=True)
class Key:
    """One sort key. PostgreSQL's own order of nulls holds: last ascending, first descending, as in a plain index."""

    field: Field
    descending: bool

    @property
    def order(self) -> str:
        return f"-{self.field.attribute}" if self.descending else self.field.attribute

    def equal(self, value: Any) -> Q:
        path = self.field.attribute
        return Q(**{f"{path}__isnull": True}) if value is None else Q(**{path: value})

    def beyond(self, value: Any) -> Q:
        path = self.field.attribute
        if self.descending:
            return Q(**{f"{path}__isnull": False}) if value is None else Q(**{f"{path}__lt": value})
        if value is None:
            return _NOTHING
        larger = Q(**{f"{path}__gt": value})
        return larger | Q(**{f"{path}__isnull": True}) if self.field.nullable else larger


@dataclass(frozen=True, slots=True)
class Order:
    """A total order: the last key is always the id."""

    keys: tuple[Key, ...]

    @property
    def columns(self) -> list[str]:
        return [key.order for key in self.keys]

    @property
    def signature(self) -> str:
        return ",".join(("-" if key.descending else "") + key.field.name for key in self.keys)

    def cursor(self, values: Sequence[Any]) -> str:
        """The cursor after a row with these Python values of the keys."""
        dumped = [key.field.type.dump(value) for key, value in zip(self.keys, values, strict=True)]
        return cursors.encode(self.signature, dumped)

    def values(self, cursor: str) -> list[Any]:
        """The typed values in a cursor. Raises InvalidCursor."""
        raw = cursors.decode(self.signature, cursor, len(self.keys))
        try:
            parsed = [
                None if value is None else key.field.type.parse(value)
                for key, value in zip(self.keys, raw, strict=True)
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
        if len(self.keys) == 1:
            return [self.keys[0].beyond(values[0])]
        first, value = self.keys[0], values[0]
        if len(self.keys) > 2:
            return [self._lexicographic(values)]
        path, rest = first.field.attribute, self.keys[1].beyond(values[1])
        if value is None:
            same = Q(**{f"{path}__isnull": True}) & rest
            return [same, Q(**{f"{path}__isnull": False})] if first.descending else [same]
        compare = "lt" if first.descending else "gt"
        # The redundant bound lets the index be entered at the cursor; the disjunction alone would scan up to it.
        ranged = Q(**{f"{path}__{compare}e": value}) & (
            Q(**{f"{path}__{compare}": value}) | (Q(**{path: value}) & rest)
        )
        nulls_follow = first.field.nullable and not first.descending
        return [ranged, Q(**{f"{path}__isnull": True})] if nulls_follow else [ranged]

    def after_all(self, values: Sequence[Any]) -> Q:
        """The same as one condition, for where pages cannot be run one after the other."""
        return reduce(or_, self.after(values))

    def _lexicographic(self, values: Sequence[Any]) -> Q:
        parts = []
        for index, key in enumerate(self.keys):
            part = key.beyond(values[index])
            for earlier, value in zip(self.keys[:index], values, strict=False):
                part = earlier.equal(value) & part
            parts.append(part)
        return reduce(or_, parts)


def order_of(entity: Entity, sort: Sequence[str], actor: Actor) -> Order:
    """The order named by field names with "-" for descending, or the entity's default. Raises BadRequest."""
    names = list(sort) or list(entity.default_sort)
    if len(names) > MAX_KEYS:
        raise Invalid.one("/sort", "too_many", f"Must have at most {MAX_KEYS} items.")
    keys: list[Key] = []
    for index, name in enumerate(names):
        item = entity.by_name.get(name.removeprefix("-"))
        if item is None or not (item.sortable or item.name == "id") or not entity.may_see(actor, item):
            raise BadRequest(
                f"{entity.title} cannot be sorted by {name!r}.",
                errors=[FieldError(f"/sort/{index}", "not_sortable", "This field cannot be sorted by.")],
            )
        if any(key.field.name == item.name for key in keys):
            raise BadRequest(f"{name!r} is a sort key twice.")
        keys.append(Key(item, name.startswith("-")))
    if keys[-1].field.name != "id":
        keys.append(Key(entity.by_name["id"], keys[-1].descending))
    return Order(tuple(keys))
