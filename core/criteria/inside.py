"""Conditions on values inside a JSON column. An absent value, or one of another type, compares as false."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, Q, Value

from core.registry.custom import Form, Inside
from core.registry.fields import Field

_FALSE = Q(Value(False, output_field=BooleanField()))
_LOOKUPS = {
    "eq": "exact", "in": "in", "lt": "lt", "lte": "lte", "gt": "gt", "gte": "gte",
    "contains": "icontains", "starts_with": "istartswith",
}  # fmt: skip
# Values that are equal exactly where their JSON is.
_SAME_AS_JSON = frozenset({Form.TEXT, Form.NUMBER, Form.DATE, Form.BOOLEAN, Form.ID})


def condition(item: Field, op: str, value: Any, bounds: Mapping[str, Any] | None) -> Q:
    """The Q of a comparison with the value at `item.inside`. `bounds` are those of a calendar operator, by lookup.

    No part of it is ever null, so that its negation is its complement; and an index of the value's SQL can serve it.
    """
    place = _place(item)
    match op:
        case "is_null":
            present = Q(**{f"{item.attribute}__has_key": place.key})
            return ~present if value else present
        case "ne" | "not_in":
            return ~condition(item, "eq" if op == "ne" else "in", value, None)
        case "has" | "has_any" | "has_all" | "is_empty":
            return _members(item, op, value)
        case "in" if value and place.indexed and place.form in _SAME_AS_JSON:
            return _compared(item, place, [("in", [_comparable(one) for one in value])])
        case "in":
            return reduce(or_, (condition(item, "eq", one, None) for one in value), _FALSE)
    if bounds is None:
        bounds = {"gte": value[0], "lte": value[1]} if op == "between" else {_LOOKUPS[op]: value}
    if place.form is Form.MONEY:
        return _money(item, bounds)
    if op == "eq" and not place.indexed and place.form in _SAME_AS_JSON:
        # By containment, which the index of the whole column serves.
        return Q(**{f"{item.attribute}__contains": {place.key: item.type.dump(value)}})
    return _compared(item, place, bounds.items())


def _place(item: Field) -> Inside:
    if item.inside is None:
        raise TypeError(f"{item.name} is a column")
    return item.inside


def _compared(item: Field, place: Inside, bounds: Iterable[tuple[str, Any]]) -> Q:
    parts = [place.where(item.attribute, name, _comparable(bound)) for name, bound in bounds]
    return reduce(and_, parts, place.where(item.attribute, "isnull", False))


def _money(item: Field, bounds: Mapping[str, Any]) -> Q:
    """Amounts of the same currency as what they are compared with."""
    currency, amount = _place(item).parts
    code = next(iter(bounds.values()))["currency"]
    within = _compared(item, currency, [("exact", code)])
    return within & _compared(item, amount, [(name, bound["amount"]) for name, bound in bounds.items()])


def _members(item: Field, op: str, value: Any) -> Q:
    place = _place(item)
    listed = place.where(item.attribute, "isnull", False)
    if op == "is_empty":
        filled = listed & ~place.where(item.attribute, "exact", [])
        return ~filled if value else filled
    if op == "has_any":
        return reduce(or_, (_members(item, "has", (one,)) for one in value), _FALSE)
    if place.indexed:
        return listed & place.where(item.attribute, "contains", list(value))
    return Q(**{f"{item.attribute}__contains": {place.key: list(value)}})


def _comparable(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
