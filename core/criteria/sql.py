"""Criteria nodes to Django's Q. Related records count only as far as the actor may see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db.models import BooleanField, Count, Exists, OuterRef, Q, Value

from core import registry
from core.actors import Actor
from core.criteria import inside
from core.criteria.durations import Span, period
from core.criteria.nodes import And, Condition, Node, Not, Or, Related
from core.registry import types
from core.registry.entities import Entity

# An empty group means everything (and) or nothing (or); Q() cannot say "nothing", and ~Q() would not either.
_TRUE = Q(Value(True, output_field=BooleanField()))
_FALSE = Q(Value(False, output_field=BooleanField()))


def compile_q(entity: Entity, node: Node, *, actor: Actor, at: datetime) -> Q:
    """The Q of a node on the entity's model."""
    match node:
        case And(parts):
            return reduce(and_, (compile_q(entity, part, actor=actor, at=at) for part in parts)) if parts else Q()
        case Or(parts):
            return (
                reduce(or_, (_definite(compile_q(entity, p, actor=actor, at=at)) for p in parts)) if parts else _FALSE
            )
        case Not(part):
            return ~_definite(compile_q(entity, part, actor=actor, at=at))
        case Condition():
            return _condition(node, at)
        case Related():
            return _related(entity, node, actor, at)


def _definite(q: Q) -> Q:
    """Django drops an empty Q from disjunctions and negations, where it must mean "everything"."""
    return q or _TRUE


def _related(entity: Entity, node: Related, actor: Actor, at: datetime) -> Q:
    relation = node.relation
    target = registry.entity(relation.target)
    rows = target.model._default_manager.visible_to(actor).alive()
    rows = rows.filter(compile_q(target, node.where, actor=actor, at=at))
    if node.within is not None:
        rows = rows.filter(_between(target.time_field, node.within.before(at), at, inclusive=True))
    if not relation.reverse:
        column = OuterRef(relation.column)
        found = Q(Exists(rows.filter(pk=relation.inside.expression(column) if relation.inside else column)))
        return _bounded_one(found, node)
    mine = rows.filter(**{relation.column: OuterRef("pk")})
    if node.low == 1 and node.high is None:
        return Q(Exists(mine))
    counted = mine.order_by().values(relation.column).annotate(found_count=Count("pk")).values("found_count")
    return _counted(node, lambda **bound: Q(Exists(counted.filter(**bound))))


def _counted(node: Related, exists: Callable[..., Q]) -> Q:
    """A record without related rows has no group to count, so a range that includes zero is said by its complement."""
    low, high = node.low or 0, node.high
    if high is not None and high < low:
        return _FALSE
    if low == 0:
        return _TRUE if high is None else ~exists(found_count__gt=high)
    bound = {"found_count__gte": low}
    return exists(**bound) if high is None else exists(**bound, found_count__lte=high)


def _bounded_one(found: Q, node: Related) -> Q:
    low, high = node.low or 0, node.high
    with_it, without = (low <= 1 and (high is None or high >= 1)), (low == 0 and (high is None or high >= 0))
    if with_it and without:
        return _TRUE
    if with_it:
        return found
    return ~found if without else _FALSE


def _condition(node: Condition, at: datetime) -> Q:
    item = node.field
    if item.inside is not None:
        bounds = calendar_bounds(node.op, node.value, at, dates=True) if isinstance(item.type, types.Date) else None
        return inside.condition(item, node.op, node.value, bounds)
    path = item.attribute
    if item.type.operators & {"within"}:
        bounds = calendar_bounds(node.op, node.value, at, dates=isinstance(item.type, types.Date))
        if bounds is not None:
            return Q(**{f"{path}__{lookup}": value for lookup, value in bounds.items()})
    return _plain(path, node.op, node.value)


_LOOKUPS = {
    "eq": "", "in": "__in", "lt": "__lt", "lte": "__lte", "gt": "__gt", "gte": "__gte", "is_null": "__isnull",
    "contains": "__icontains", "starts_with": "__istartswith", "has": "__contains", "has_all": "__contains",
    "has_any": "__overlap",
}  # fmt: skip


def _plain(path: str, op: str, value: Any) -> Q:
    match op:
        case "ne":
            return ~Q(**{path: value})
        case "not_in":
            return ~Q(**{f"{path}__in": value}) if value else _TRUE
        case "between":
            return Q(**{f"{path}__gte": value[0], f"{path}__lte": value[1]})
        case "is_empty":
            empty = Q(**{f"{path}__len": 0}) | Q(**{path: []}) | Q(**{f"{path}__isnull": True})
            return empty if value else ~empty
        case "has" | "has_all" | "has_any":
            return Q(**{f"{path}{_LOOKUPS[op]}": list(value)})
        case "in" if not value:
            return _FALSE
    return Q(**{f"{path}{_LOOKUPS[op]}": value})


def calendar_bounds(op: str, value: Any, at: datetime, *, dates: bool) -> dict[str, Any] | None:
    """The bounds of a calendar operator by lookup; None for other operators."""
    day: Callable[[datetime], date] = (
        (lambda moment: moment.astimezone(UTC).date()) if dates else (lambda moment: moment)
    )
    match op, value:
        case "within", Span():
            return {"gte": day(value.before(at)), "lte": day(at)}
        case "older_than", Span():
            return {"lt": day(value.before(at))}
        case "next", Span():
            return {"gte": day(at), "lte": day(value.after(at))}
        case "this", str():
            start, end = period(value, at)
        case "previous", str():
            start, end = period(value, at, -1)
        case _:
            return None
    return {"gte": day(start), "lt": day(end)}


def _between(path: str, start: datetime, end: datetime, *, inclusive: bool) -> Q:
    return Q(**{f"{path}__gte": start, f"{path}__lte" if inclusive else f"{path}__lt": end})
