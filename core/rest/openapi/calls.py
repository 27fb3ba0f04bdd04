"""What one method of one view is described as."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.types import TextList
from core.rest import filtering
from core.rest.base import ApiView
from core.rest.openapi import operations, parts
from core.rest.openapi.schemas import Schema, ref
from core.rest.operations import OperationView
from core.rest.records import (
    AggregateView,
    BatchView,
    CollectionView,
    EntityView,
    FeedView,
    RecordView,
    RestoreView,
    SearchView,
)

_WRITES = (409, 422)
_BODIES = (413, 415, 422)


def describe(view: ApiView, method: str, path: str) -> Schema:
    """The description of a method of a view."""
    if isinstance(view, OperationView) and method in view.operations:
        return operations.describe(view.operations[method], path)
    for kind, verb, build in _BUILDERS:
        if isinstance(view, kind) and verb == method:
            return build(view)
    raise TypeError(f"{type(view).__name__} {method} has no description")


def _list(view: Any) -> Schema:
    entity: Entity = view.entity
    parameters = [*parts.shared("Limit", "After"), _sort(entity), *parts.shared("Fields", "Expand", "Filter")]
    if "q" in view.known:
        schema = {"type": "string", "maxLength": 200}
        doc = f"Words that must stand in: {', '.join(entity.search_fields)}."
        parameters.append({"name": "q", "in": "query", "schema": schema, "description": doc})
    if "deleted" in view.known:
        parameters += parts.shared("Deleted")
    parameters += [_equality(item) for item in filtering.equality_fields(entity).values()]
    answer = parts.answer(ref(f"{entity.title}List"), "A page.")
    doc = f"List {entity.plural}. {entity.doc}".strip()
    name = f"list{parts.many(entity)}"
    return parts.call(name, entity.plural, doc, answers={"200": answer}, parameters=parameters, refusals=(422,))


def _sort(entity: Entity) -> Schema:
    names = dict.fromkeys([*(item.name for item in entity.fields if item.sortable), "id"])
    options = [option for name in names for option in (name, f"-{name}")]
    return {
        "name": "sort",
        "in": "query",
        "schema": {"type": "array", "items": {"type": "string", "enum": options}, "maxItems": 4},
        "style": "form",
        "explode": False,
        "description": f'Field names, "-" before one for descending. Default: {",".join(entity.default_sort)}.',
    }


def _equality(item: Field) -> Schema:
    schema = {"type": "string", "maxLength": 64} if isinstance(item.type, TextList) else dict(item.type.json_schema())
    word = "has" if isinstance(item.type, TextList) else "is"
    return {"name": item.name, "in": "query", "schema": schema, "description": f"Only where {item.name} {word} this."}


def _create(view: Any) -> Schema:
    entity: Entity = view.entity
    made = parts.answer(ref(entity.title), "The new record.", "ETag", "Location", "Idempotent-Replayed")
    return parts.call(
        f"create{entity.title}",
        entity.plural,
        f"Create a {parts.words(entity)}.",
        answers={"201": made},
        parameters=parts.shared("IdempotencyKey"),
        body=ref(f"{entity.title}Create"),
        refusals=(*_WRITES, *_BODIES),
    )


def _get(view: Any) -> Schema:
    entity: Entity = view.entity
    shared = ["Fields", "Expand", *(["Deleted"] if "restore" in entity.verbs else []), "IfNoneMatch"]
    unchanged = {"description": "The caller has it already.", "headers": parts.headers("ETag")}
    return parts.call(
        f"get{entity.title}",
        entity.plural,
        f"Get one {parts.words(entity)}.",
        answers={"200": parts.answer(ref(entity.title), "The record.", "ETag"), "304": unchanged},
        parameters=[parts.path_id(entity), *parts.shared(*shared)],
        refusals=(404,),
    )


def _update(view: Any) -> Schema:
    entity: Entity = view.entity
    return parts.call(
        f"update{entity.title}",
        entity.plural,
        f"Change the named fields of a {parts.words(entity)}, and no others.",
        answers={"200": parts.answer(ref(entity.title), "The record as it is now.", "ETag", "Idempotent-Replayed")},
        parameters=[parts.path_id(entity), *parts.shared("IfMatch", "IdempotencyKey")],
        body=ref(f"{entity.title}Update"),
        refusals=(404, 412, *_WRITES, *_BODIES),
    )


def _delete(view: Any) -> Schema:
    entity: Entity = view.entity
    return parts.call(
        f"delete{entity.title}",
        entity.plural,
        f"Delete a {parts.words(entity)}. It can be restored.",
        answers={"204": {"description": "Deleted.", "headers": parts.headers("Idempotent-Replayed")}},
        parameters=[parts.path_id(entity), *parts.shared("IfMatch", "IdempotencyKey")],
        refusals=(404, 412, *_WRITES),
    )


def _restore(view: Any) -> Schema:
    entity: Entity = view.entity
    return parts.call(
        f"restore{entity.title}",
        entity.plural,
        f"Restore a deleted {parts.words(entity)}.",
        answers={"200": parts.answer(ref(entity.title), "The record.", "ETag", "Idempotent-Replayed")},
        parameters=[parts.path_id(entity), *parts.shared("IdempotencyKey")],
        body=ref("Empty"),
        body_required=False,
        refusals=(404, *_WRITES, *_BODIES),
    )


def _search(view: Any) -> Schema:
    entity: Entity = view.entity
    return parts.call(
        f"search{parts.many(entity)}",
        entity.plural,
        f"Search {entity.plural}. The list, with criteria of any length in the body.",
        answers={"200": parts.answer(ref(f"{entity.title}List"), "A page.")},
        body=ref("SearchRequest"),
        refusals=_BODIES,
    )


def _batch(view: Any) -> Schema:
    entity: Entity = view.entity
    answer = parts.answer(ref("BatchResponse"), "Every item succeeded.", "Idempotent-Replayed")
    return parts.call(
        f"batch{parts.many(entity)}",
        entity.plural,
        f"Write many {entity.plural}. Up to 1,000 items, each with its own result.",
        answers={"200": answer, "207": answer | {"description": "Some items failed; each says why."}},
        parameters=parts.shared("IdempotencyKey"),
        body=ref("BatchRequest"),
        refusals=(*_WRITES, *_BODIES),
    )


def _aggregate(view: Any) -> Schema:
    entity: Entity = view.entity
    return parts.call(
        f"aggregate{parts.many(entity)}",
        entity.plural,
        f"Group and measure {entity.plural}.",
        answers={"200": parts.answer(ref("AggregateResponse"), "The groups.")},
        body=ref("AggregateRequest"),
        refusals=_BODIES,
    )


def _feed(view: Any) -> Schema:
    entity: Entity = view.entity
    filters = [
        {"name": item.name, "in": "query", "schema": dict(item.type.json_schema()), "description": item.doc}
        for item in view.feed.filters
    ]
    name = parts.camel(view.feed.name)
    return parts.call(
        f"list{entity.title}{name[0].upper()}{name[1:]}",
        entity.plural,
        view.feed.doc or f"The {view.feed.name} of a {parts.words(entity)}.",
        answers={"200": parts.answer(ref(f"{view.feed.item.title}List"), "A page.")},
        parameters=[parts.path_id(entity), *parts.shared("Limit", "After"), *filters],
        refusals=(404,),
    )


_BUILDERS: tuple[tuple[type[EntityView], str, Callable[[Any], Schema]], ...] = (
    (CollectionView, "GET", _list),
    (CollectionView, "POST", _create),
    (RecordView, "GET", _get),
    (RecordView, "PATCH", _update),
    (RecordView, "DELETE", _delete),
    (RestoreView, "POST", _restore),
    (SearchView, "POST", _search),
    (BatchView, "POST", _batch),
    (AggregateView, "POST", _aggregate),
    (FeedView, "GET", _feed),
)
