"""The parameters of a list: paging, order, selection, and filters by plain equality beside criteria."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core.actors import Actor
from core.body import parse_json
from core.errors import MalformedBody
from core.reads.reader import MAX_LIMIT
from core.reads.selection import Selection
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.types import TextList
from core.rest import parameters
from core.rest.inputs import DEFAULT_LIMIT
from core.rest.parameters import InvalidParameter
from core.rest.selections import selection_of

SELECTION = ("fields", "expand")
PAGING = ("limit", "after")
LIST = (*PAGING, "sort", *SELECTION, "q", "filter", "deleted")


@dataclass(frozen=True, slots=True)
class Query:
    """What a list was asked for, as the reader takes it."""

    selection: Selection
    where: Any = None
    q: str | None = None
    sort: tuple[str, ...] = ()
    limit: int = DEFAULT_LIMIT
    after: str | None = None
    deleted: bool = False

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of `reader.page`."""
        return {name: getattr(self, name) for name in self.__slots__}


def equality_fields(entity: Entity) -> dict[str, Field]:
    """The fields that a list can be filtered by with `?field=value`."""
    return {
        item.name: item
        for item in entity.fields
        if item.filterable
        and item.readable
        and item.name not in LIST
        and (isinstance(item.type, TextList) or "eq" in item.type.operators)
    }


def from_parameters(entity: Entity, values: Mapping[str, str], *, actor: Actor) -> Query:
    """The query that the parameters of a list stand for. Raises InvalidParameter."""
    limit = parameters.integer(values, "limit", default=DEFAULT_LIMIT, minimum=1, maximum=MAX_LIMIT)
    return Query(
        selection=selection_of(
            entity,
            actor=actor,
            fields=parameters.names(values, "fields"),
            expand=parameters.names(values, "expand"),
            rows=limit,
        ),
        where=_where(entity, values),
        q=values.get("q"),
        sort=parameters.names(values, "sort") or (),
        limit=limit,
        after=values.get("after"),
        deleted=parameters.boolean(values, "deleted"),
    )


def from_body(entity: Entity, values: Mapping[str, Any], *, actor: Actor) -> Query:
    """The query that a cleaned search body stands for."""
    limit = values.get("limit", DEFAULT_LIMIT)
    fields, expand = values.get("fields"), values.get("expand")
    return Query(
        selection=selection_of(entity, actor=actor, fields=fields, expand=expand, rows=limit),
        where=values.get("filter"),
        q=values.get("q"),
        sort=tuple(values.get("sort", ())),
        limit=limit,
        after=values.get("after"),
        deleted=values.get("deleted", False),
    )


def _where(entity: Entity, values: Mapping[str, str]) -> Any:
    parts = [
        _equality(entity.by_name[name], text)
        for name, text in values.items()
        if name not in LIST and name in entity.by_name
    ]
    if "filter" in values:
        parts.append(_criteria(values["filter"]))
    if len(parts) == 1:
        return parts[0]
    return {"and": parts} if parts else None


def _equality(item: Field, text: str) -> dict[str, Any]:
    if isinstance(item.type, TextList):
        return {"field": item.name, "op": "has", "value": text}
    if parameters.typed(item.type, item.name, text) is None:
        raise InvalidParameter.named(item.name, "blank", "Must not be empty.")
    return {"field": item.name, "op": "eq", "value": parameters.json_value(item.type, text)}


def _criteria(text: str) -> Any:
    try:
        return parse_json(text.encode())
    except MalformedBody as error:
        raise InvalidParameter.named("filter", "malformed", f"Must be criteria in JSON. {error.detail}") from None
