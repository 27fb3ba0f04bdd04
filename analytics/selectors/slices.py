"""Slices: any dimension by any measure, as far as the caller sees customers; and the customers of a cell."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from threading import BoundedSemaphore
from typing import Any
from uuid import UUID

from django.utils.module_loading import import_string

from analytics.errors import NotComputedYet
from analytics.models import LakeFile
from analytics.selectors.slice_columns import root
from analytics.slicing import catalogue, request
from analytics.slicing.memory import give_back
from analytics.slicing.request import Request
from core import registry
from core.actors import Actor
from core.errors import Invalid, InvalidCursor
from core.models.mark import DirtyMonth
from core.reads import cursors

# By name: a web process loads NumPy with its first slice, not when it starts.
ANSWERING = "analytics.slicing.answering"
MASKS = "analytics.selectors.slice_masks.mask"
_SIGNATURE = "slice-members"
# So many are added up at a time in one process: more would take more memory, and no less time.
_TURNS = BoundedSemaphore(2)


def slices(
    *,
    actor: Actor,
    at: datetime,
    dimensions: Sequence[str] | None = None,
    measures: Sequence[str] | None = None,
    period: Mapping[str, Any] | None = None,
    compare: bool | None = None,
    filter: Mapping[str, Any] | None = None,
    as_of: datetime | None = None,
    first_order_threshold: Decimal | None = None,
    order_by: str | None = None,
    limit: int | None = None,
    minimum_customers: int | None = None,
) -> dict[str, Any]:
    """The cells, with what they add up to. Raises Forbidden, Invalid, InvalidCriteria, NotComputedYet."""
    require(actor)
    asked = request.read(
        at=at, dimensions=dimensions, measures=measures, period=period, as_of=as_of, compare=bool(compare),
        threshold=first_order_threshold, order_by=order_by, limit=limit, minimum=minimum_customers,
    )  # fmt: skip
    _check_sight(actor, asked)
    store = _store()
    mask = import_string(MASKS)(store, filter or {}, actor=actor, at=asked.period.as_of)
    answer = import_string(f"{ANSWERING}.slices")
    with _TURNS:
        found: dict[str, Any] = answer(store, asked, mask)
        give_back()
    return found | _period(asked) | freshness(store, asked)


def members(
    *,
    actor: Actor,
    at: datetime,
    cell: Sequence[Mapping[str, Any]] | None = None,
    dimensions: Sequence[str] | None = None,
    measures: Sequence[str] | None = None,
    period: Mapping[str, Any] | None = None,
    filter: Mapping[str, Any] | None = None,
    as_of: datetime | None = None,
    first_order_threshold: Decimal | None = None,
    limit: int | None = None,
    after: str | None = None,
) -> dict[str, Any]:
    """The customers of one cell by id, with what each brings to it, which adds up to the cell.

    cell: the value of each of the dimensions; one that is left out is no value. Raises Forbidden, Invalid,
    InvalidCriteria, InvalidCursor, NotComputedYet.
    """
    require(actor)
    asked = request.read(
        at=at, dimensions=dimensions, measures=measures, period=period, as_of=as_of, compare=False,
        threshold=first_order_threshold, order_by=None, limit=limit or 100, minimum=None,
    )  # fmt: skip
    _check_sight(actor, asked)
    said = _cell(asked, cell or ())
    last = None if after is None else _after(after)
    store = _store()
    mask = import_string(MASKS)(store, filter or {}, actor=actor, at=asked.period.as_of)
    answer = import_string(f"{ANSWERING}.members")
    with _TURNS:
        found: dict[str, Any] = answer(store, asked, mask, values=said, limit=asked.limit, after=last)
        give_back()
    more = found.pop("more")
    cursor = cursors.encode(_SIGNATURE, [found["items"][-1]["contact_id"]]) if more else None
    return found | {"next_cursor": cursor} | freshness(store, asked)


def require(actor: Actor) -> None:
    """Raise unless the actor may see analytics, contacts and orders."""
    for entity in ("analytics", "contact", "order"):
        actor.require(entity, "view")


def sees_costs(actor: Actor) -> bool:
    """Whether the actor may see what goods cost."""
    line = registry.entity("order_line")
    return line.may_see(actor, line.by_name["unit_cost"])


def options(*, actor: Actor) -> dict[str, list[str]]:
    """The dimensions and measures that the actor can ask for now. Raises Forbidden, NotComputedYet."""
    require(actor)
    names = import_string("analytics.slicing.axes.offered")(_store())
    costs = sees_costs(actor)
    return {
        "dimensions": [name for name in names if _is_seen(actor, name)],
        "measures": [item.name for item in catalogue.MEASURES.values() if costs or not item.needs_costs],
    }


def freshness(store: Any, asked: Request) -> dict[str, Any]:
    """As of when, from a store made when, from a lake how far behind."""
    synced = store.meta["lake_synced_at"]
    newer = DirtyMonth.objects.exists() or (
        synced is not None and LakeFile.objects.filter(synced_at__gt=datetime.fromisoformat(synced)).exists()
    )
    return {
        "as_of": asked.period.as_of.isoformat(),
        "built_at": store.meta["built_at"],
        "lake_synced_at": synced,
        "has_newer_data": newer,
        "store_version": store.version,
        "base_currency": store.meta["base_currency"],
    }


def _store() -> Any:
    store = import_string(f"{ANSWERING}.opened")(root())
    if store is None:
        raise NotComputedYet(definition="slices")
    return store


def _check_sight(actor: Actor, asked: Request) -> None:
    """Fields that the caller may not see are no dimensions or measures."""
    for index, name in enumerate(asked.dimensions):
        if not _is_seen(actor, name):
            raise Invalid.one(f"/dimensions/{index}", "forbidden_field", f"You may not see the field {name!r}.")
    for index, measure in enumerate(asked.measures):
        if measure.needs_costs and not sees_costs(actor):
            raise Invalid.one(f"/measures/{index}", "forbidden_field", "You may not see costs.")


def _is_seen(actor: Actor, name: str) -> bool:
    contact, metrics = registry.entity("contact"), registry.entity("contact_metrics")
    if name.startswith(catalogue.CUSTOM):
        return contact.may_see(actor, contact.by_name[str(contact.custom_column)])
    if name == "industry":
        return actor.may("company", "view")
    field = contact.by_name.get(catalogue.FIELDS.get(name, name))
    if field is not None:
        return contact.may_see(actor, field)
    computed = metrics.by_name.get(name)
    if computed is not None:
        return actor.may(metrics.name, "view") and metrics.may_see(actor, computed)
    return name not in catalogue.LINE_DIMENSIONS or actor.may("order_line", "view")


def _cell(asked: Request, values: Sequence[Mapping[str, Any]]) -> list[str | None]:
    said: dict[str, str | None] = {}
    for index, item in enumerate(values):
        name = item["dimension"]
        if name not in asked.dimensions:
            raise Invalid.one(f"/cell/{index}/dimension", "unknown_dimension", "Is not one of the dimensions.")
        said[name] = item.get("value")
    return [said.get(name) for name in asked.dimensions]


def _after(cursor: str) -> bytes:
    (last,) = cursors.decode(_SIGNATURE, cursor, 1)
    try:
        return UUID(str(last)).bytes
    except ValueError:
        raise InvalidCursor() from None


def _period(asked: Request) -> dict[str, Any]:
    return {name: _bounds(asked, back) for back, name in enumerate(("period", "previous_period")) if _has(asked, back)}


def _has(asked: Request, back: int) -> bool:
    return back == 0 or asked.period.bounds(1) is not None


def _bounds(asked: Request, back: int) -> dict[str, Any]:
    start, end = asked.period.bounds(back) or (None, asked.period.as_of)
    return {"start": start and start.isoformat(), "end": end.isoformat()}
