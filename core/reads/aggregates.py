"""Group-by over records, as far as the actor may see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any

from django.db.models import Avg, CharField, Count, DateField, DecimalField, F, Func, Max, Min, OuterRef, Subquery, Sum
from django.db.models.functions import Cast, Trunc

from core import criteria, registry
from core.actors import Actor
from core.errors import BadRequest, FieldError
from core.reads.limits import check_limit
from core.registry import types
from core.registry.custom import AMOUNT, CURRENCY, Form
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape, parse_at
from core.registry.types import FieldType

BUCKETS = ("day", "week", "month", "quarter", "year")
FUNCTIONS = ("count", "count_distinct", "sum", "avg", "min", "max")
MAX_GROUPS = 4
MAX_MEASURES = 10
MAX_ROWS = 1000

GROUP = Shape(
    title="AggregateGroup",
    fields=(
        Field("field", types.Text(max_length=200), "A groupable field, also of a related record (company.industry).",
              nullable=False, required=True),
        Field("bucket", types.Choice(options=BUCKETS), "For dates: the period to group by, in UTC."),
    ),
)  # fmt: skip
MEASURE = Shape(
    title="AggregateMeasure",
    fields=(
        Field("fn", types.Choice(options=FUNCTIONS), nullable=False, required=True),
        Field(
            "field",
            types.Text(max_length=200),
            "What to measure, also of a related record; not needed for count.",
        ),
        Field("as", types.Text(max_length=63), "The name of the value in the answer; default fn_field."),
    ),
)


@dataclass(frozen=True)
class _Key:
    name: str
    expression: Any
    type: FieldType


@dataclass(frozen=True)
class _Value:
    """What is measured. `money`: the field whose currency becomes a key; `places`: how many decimals are told."""

    name: str
    expression: Any
    money: Field | None = None
    places: int | None = None


def run(
    entity: Entity,
    *,
    actor: Actor,
    at: datetime,
    group_by: Sequence[Any] = (),
    measures: Sequence[Any] = (),
    where: Any = None,
    sort: Sequence[str] = (),
    limit: int = 100,
) -> list[dict[str, Any]]:
    """Groups with their measures: `{"keys": {...}, "values": {...}}`, decimals as strings.

    Money of several currencies is never added: the currency becomes a key where the caller did not group by it.
    Raises Forbidden, BadRequest, InvalidCriteria.
    """
    actor.require(entity.name, "view")
    check_limit(limit, MAX_ROWS)
    rows = entity.model._default_manager.all().visible_to(actor).alive()
    if where is not None:
        rows = rows.filter(criteria.to_q(entity, where, actor=actor, at=at))
    wanted = _parsed(GROUP, group_by, "group_by", MAX_GROUPS)
    # A field may be given bare, and is then what its index points at.
    places = [f"/group_by/{index}{'' if isinstance(given, str) else '/field'}" for index, given in enumerate(group_by)]
    keys = [
        _key(entity, actor, item, f"/group_by/{index}", place)
        for index, (item, place) in enumerate(zip(wanted, places, strict=True))
    ]
    asked = _parsed(MEASURE, measures, "measures", MAX_MEASURES) or [{"fn": "count"}]
    values = [_measure(entity, actor, item, f"/measures/{index}") for index, item in enumerate(asked)]
    keys += _currencies(entity, actor, keys, [item.money for item in values])
    _refuse_clashes([key.name for key in keys] + [item.name for item in values])
    grouped = rows.order_by().annotate(**{f"k{index}": key.expression for index, key in enumerate(keys)})
    grouped = grouped.values(*(f"k{index}" for index, _ in enumerate(keys)))
    measured = {f"v{index}": item.expression for index, item in enumerate(values)}
    order = _order(sort, [key.name for key in keys], [item.name for item in values])
    if not keys:
        return [_row(keys, values, rows.order_by().aggregate(**measured))]
    return [_row(keys, values, line) for line in grouped.annotate(**measured).order_by(*order)[:limit]]


def _parsed(shape: Shape, items: Any, name: str, most: int) -> list[dict[str, Any]]:
    if isinstance(items, list | tuple):
        items = [{"field": item} if isinstance(item, str) and shape is GROUP else item for item in items]
    errors: list[FieldError] = []
    parsed = parse_at(ListOf(shape, most), items, f"/{name}", errors)
    if errors:
        raise BadRequest("The aggregation is not valid.", errors=errors)
    return list(parsed)


def _fault(pointer: str, code: str, message: str) -> BadRequest:
    return BadRequest("The aggregation is not valid.", errors=[FieldError(pointer, code, message)])


def _key(entity: Entity, actor: Actor, item: Mapping[str, Any], at: str, field_at: str) -> _Key:
    name, bucket = item["field"], item.get("bucket")
    expression, kind = _dimension(entity, actor, name, field_at)
    if bucket is not None:
        if not isinstance(kind, types.DateTime | types.Date):
            raise _fault(f"{at}/bucket", "not_a_date", f"{name} is not a date.")
        zone: dict[str, Any] = {"tzinfo": UTC} if isinstance(kind, types.DateTime) else {}
        if isinstance(kind, types.Date):
            # Inside JSON it is text.
            expression = Cast(expression, DateField())
        return _Key(name, Trunc(expression, bucket, **zone), kind)
    if isinstance(kind, types.DateTime):
        raise _fault(f"{at}/bucket", "required", f"{name} is a moment: say which bucket to group by.")
    if isinstance(kind, types.TextList):
        members = "jsonb_array_elements_text" if isinstance(kind, types.MultiChoice) else "unnest"
        return _Key(name, Func(expression, function=members, output_field=CharField()), types.Text())
    return _Key(name, expression, kind)


def _dimension(entity: Entity, actor: Actor, name: str, at: str) -> tuple[Any, FieldType]:
    """The expression of a dimension; one of a related record is read only where that record is visible."""
    if entity.is_custom(name):
        return _custom_dimension(entity, actor, name, at)
    head, dot, rest = name.partition(".")
    relation = entity.relations_by_name.get(head)
    if dot and relation is not None and not relation.many and actor.may(relation.target, "view"):
        target = registry.entity(relation.target)
        inner, kind = _dimension(target, actor, rest, at)
        match = {relation.column: OuterRef("pk")} if relation.reverse else {"pk": OuterRef(relation.column)}
        return _of_one(target, match, actor, inner), kind
    item = entity.by_name.get(name)
    if item is None or not item.groupable or not entity.may_see(actor, item):
        raise _fault(at, "not_groupable", f"{entity.title} cannot be grouped by {name!r}.")
    return F(item.attribute), item.type


def _custom_dimension(entity: Entity, actor: Actor, name: str, at: str) -> tuple[Any, FieldType]:
    """A custom field, or a field of the record that a reference points at, where that record is visible."""
    definition, part = entity.custom_part(name) or (None, "")
    if definition is not None and definition.target is not None and part and actor.may(definition.target, "view"):
        target = registry.entity(definition.target)
        inner, kind = _dimension(target, actor, part, at)
        match = {"pk": definition.inside.expression(OuterRef(str(entity.custom_column)))}
        return _of_one(target, match, actor, inner), kind
    item = entity.field_inside(definition, part) if definition is not None else None
    if item is None or item.inside is None or not entity.may_see(actor, entity.by_name[item.attribute]):
        raise _fault(at, "not_groupable", f"{entity.title} cannot be grouped by {name!r}.")
    if item.inside.form is Form.MONEY:
        raise _fault(at, "not_groupable", f"Group by {name}.{CURRENCY}, and measure {name}.")
    return item.inside.expression(item.attribute), item.type


def _of_one(target: Entity, match: Mapping[str, Any], actor: Actor, inner: Any) -> Subquery:
    """A value of the one record that matches, where the actor may see it."""
    rows = target.model._default_manager.filter(**match).visible_to(actor).alive()
    return Subquery(rows.annotate(dimension=inner).values("dimension")[:1])


def _measure(entity: Entity, actor: Actor, item: Mapping[str, Any], at: str) -> _Value:
    fn, field_name = item["fn"], item.get("field")
    alias = item.get("as") or (fn if field_name is None else f"{fn}_{field_name}")
    if field_name is None:
        if fn != "count":
            raise _fault(f"{at}/field", "required", f"{fn} needs a field.")
        return _Value(alias, Count("pk"))
    found = _measured(entity, actor, field_name)
    if found is None:
        raise _fault(f"{at}/field", "unknown_field", f"{entity.title} has no field {field_name!r} to measure.")
    expression, field = found
    if fn in ("sum", "avg") and not field.type.is_number:
        raise _fault(f"{at}/field", "not_a_number", f"{field_name} is not a number.")
    ordered = {"lt"} <= field.type.operators
    if fn in ("min", "max") and not ordered:
        raise _fault(f"{at}/field", "not_ordered", f"{field_name} has no order.")
    money = field if fn in ("sum", "avg", "min", "max") else None
    places = field.type.places + 2 if fn == "avg" and isinstance(field.type, types.DecimalNumber) else None
    return _Value(alias, _expression(fn, expression, field), money, places)


def _measured(entity: Entity, actor: Actor, name: str) -> tuple[Any, Field] | None:
    """The expression of what is measured, and its field; of a related record only where that record is visible."""
    if entity.is_custom(name):
        return _measured_custom(entity, actor, name)
    head, dot, rest = name.partition(".")
    relation = entity.relations_by_name.get(head)
    if dot and relation is not None and not relation.many and actor.may(relation.target, "view"):
        target = registry.entity(relation.target)
        inner = _measured(target, actor, rest)
        if inner is None:
            return None
        match = {relation.column: OuterRef("pk")} if relation.reverse else {"pk": OuterRef(relation.column)}
        field = inner[1].with_(currency=f"{head}.{inner[1].currency}" if inner[1].currency else None)
        return _of_one(target, match, actor, inner[0]), field
    item = entity.by_name.get(name)
    if item is None or not (item.readable and item.stored and not item.sql) or not entity.may_see(actor, item):
        return None
    return F(item.attribute), item


def _measured_custom(entity: Entity, actor: Actor, name: str) -> tuple[Any, Field] | None:
    field = entity.custom_field(name)
    if field is not None and field.inside is not None and field.inside.form is Form.MONEY:
        field = entity.custom_field(f"{name}.{AMOUNT}")
    if field is None or field.inside is None or not entity.may_see(actor, entity.by_name[field.attribute]):
        return None
    return field.inside.expression(field.attribute), field


def _expression(fn: str, value: Any, field: Field) -> Any:
    match fn:
        case "count":
            return Count(value)
        case "count_distinct":
            return Count(value, distinct=True)
        case "sum":
            return Sum(value)
        case "avg" if isinstance(field.type, types.DecimalNumber | types.ExactNumber):
            return Avg(value, output_field=DecimalField(max_digits=40, decimal_places=10))
        case "avg":
            return Avg(value)
        case "min":
            return Min(value)
    return Max(value)


def _currencies(entity: Entity, actor: Actor, keys: Sequence[_Key], measured: Sequence[Field | None]) -> list[_Key]:
    grouped = {key.name for key in keys}
    wanted = {item.currency for item in measured if item is not None and item.currency} - grouped
    return [_Key(name, *_dimension(entity, actor, name, "/measures")) for name in sorted(wanted)]


def _refuse_clashes(names: Sequence[str]) -> None:
    if len(set(names)) != len(names):
        raise BadRequest("Two keys or values of the aggregation have the same name.")


def _order(sort: Sequence[str], keys: Sequence[str], values: Sequence[str]) -> list[Any]:
    """Sort by names of keys or values; ties by the keys, absent ones last, so that the answer is always the same."""
    columns = {name: f"k{index}" for index, name in enumerate(keys)}
    columns |= {name: f"v{index}" for index, name in enumerate(values)}
    order: list[Any] = []
    for index, name in enumerate(sort):
        column = columns.get(name.removeprefix("-"))
        if column is None:
            raise _fault(f"/sort/{index}", "not_sortable", f"There is no key or value {name!r} to sort by.")
        order.append(F(column).desc(nulls_last=True) if name.startswith("-") else F(column).asc(nulls_last=True))
    return [*order, *(F(f"k{index}").asc(nulls_last=True) for index, _ in enumerate(keys))]


def _row(keys: Sequence[_Key], values: Sequence[_Value], line: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "keys": {key.name: _key_value(key, line[f"k{index}"]) for index, key in enumerate(keys)},
        "values": {item.name: _told(item, line[f"v{index}"]) for index, item in enumerate(values)},
    }


def _key_value(key: _Key, value: Any) -> Any:
    return key.type.dump(value) if isinstance(key.type, types.ExactNumber) else _wire(value)


def _told(item: _Value, value: Any) -> Any:
    if item.places is None or not isinstance(value, Decimal):
        return _wire(value)
    rounded = value.quantize(Decimal(1).scaleb(-item.places), ROUND_HALF_EVEN)
    whole, _, fraction = format(rounded, "f").partition(".")
    return f"{whole}.{fraction.rstrip('0').ljust(2, '0')}"


def _wire(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
