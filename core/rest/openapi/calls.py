"""What one method of one view is described as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from core import registry
from core.registry.entities import Entity
from core.registry.fields import Field
from core.registry.operations import Operation, OperationKind
from core.registry.types import TextList
from core.rest import filtering
from core.rest.base import ApiView
from core.rest.openapi.common import REFUSALS
from core.rest.openapi.schemas import Components, Schema, ref
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

_ALWAYS = (400, 401, 403, 406, 429, 500, 503)
_WRITES = (409, 422)
_BODIES = (413, 415, 422)


def describe(view: ApiView, method: str, path: str) -> Schema:
    """The description of a method of a view."""
    if isinstance(view, OperationView) and method in view.operations:
        return _operation(view.operations[method], path)
    for kind, verb, build in _BUILDERS:
        if isinstance(view, kind) and verb == method:
            return build(view)
    raise TypeError(f"{type(view).__name__} {method} has no description")


def camel(name: str) -> str:
    """product-lines, list_things -> productLines, listThings."""
    first, *rest = name.replace("-", "_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def many(entity: Entity) -> str:
    """The name of all records of an entity, in operation ids: ProductLines."""
    name = camel(entity.plural)
    return name[0].upper() + name[1:]


def _call(
    name: str,
    tag: str,
    doc: str,
    *,
    answers: dict[str, Schema],
    parameters: Sequence[Schema] = (),
    body: Schema | None = None,
    body_required: bool = True,
    refusals: Iterable[int] = (),
) -> Schema:
    call: Schema = {
        "operationId": name,
        "tags": [tag],
        "summary": doc.partition(". ")[0].rstrip("."),
        "description": doc,
    }
    if parameters:
        call["parameters"] = list(parameters)
    if body is not None:
        call["requestBody"] = {"required": body_required, "content": {"application/json": {"schema": body}}}
    codes = sorted({*_ALWAYS, *refusals})
    refused = {str(code): {"$ref": f"#/components/responses/{REFUSALS[code].__name__}"} for code in codes}
    call["responses"] = answers | refused
    return call


def _answer(schema: Schema, doc: str, *headers: str) -> Schema:
    return {
        "description": doc,
        "headers": _headers(*headers),
        "content": {"application/json": {"schema": schema}},
    }


def _headers(*names: str) -> Schema:
    limits = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, *limits)}


def _shared(*names: str) -> list[Schema]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _id(entity: Entity) -> Schema:
    schema = {"type": "string", "format": "uuid"}
    return {"name": "id", "in": "path", "required": True, "schema": schema, "description": f"The {entity.name}'s id."}


def _list(view: Any) -> Schema:
    entity: Entity = view.entity
    parameters = [*_shared("Limit", "After"), _sort(entity), *_shared("Fields", "Expand", "Filter")]
    if "q" in view.known:
        schema = {"type": "string", "maxLength": 200}
        doc = f"Words that must stand in: {', '.join(entity.search_fields)}."
        parameters.append({"name": "q", "in": "query", "schema": schema, "description": doc})
    if "deleted" in view.known:
        parameters += _shared("Deleted")
    parameters += [_equality(item) for item in filtering.equality_fields(entity).values()]
    answer = _answer(ref(f"{entity.title}List"), "A page.")
    doc = f"List {entity.plural}. {entity.doc}".strip()
    return _call(f"list{many(entity)}", entity.plural, doc, answers={"200": answer}, parameters=parameters)


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
    made = _answer(ref(entity.title), "The new record.", "ETag", "Location", "Idempotent-Replayed")
    return _call(
        f"create{entity.title}",
        entity.plural,
        f"Create a {_words(entity)}.",
        answers={"201": made},
        parameters=_shared("IdempotencyKey"),
        body=ref(f"{entity.title}Create"),
        refusals=(*_WRITES, *_BODIES),
    )


def _get(view: Any) -> Schema:
    entity: Entity = view.entity
    shared = ["Fields", "Expand", *(["Deleted"] if "restore" in entity.verbs else []), "IfNoneMatch"]
    unchanged = {"description": "The caller has it already.", "headers": _headers("ETag")}
    return _call(
        f"get{entity.title}",
        entity.plural,
        f"Get one {_words(entity)}.",
        answers={"200": _answer(ref(entity.title), "The record.", "ETag"), "304": unchanged},
        parameters=[_id(entity), *_shared(*shared)],
        refusals=(404,),
    )


def _update(view: Any) -> Schema:
    entity: Entity = view.entity
    return _call(
        f"update{entity.title}",
        entity.plural,
        f"Change the named fields of a {_words(entity)}, and no others.",
        answers={"200": _answer(ref(entity.title), "The record as it is now.", "ETag", "Idempotent-Replayed")},
        parameters=[_id(entity), *_shared("IfMatch", "IdempotencyKey")],
        body=ref(f"{entity.title}Update"),
        refusals=(404, 412, *_WRITES, *_BODIES),
    )


def _delete(view: Any) -> Schema:
    entity: Entity = view.entity
    return _call(
        f"delete{entity.title}",
        entity.plural,
        f"Delete a {_words(entity)}. It can be restored.",
        answers={"204": {"description": "Deleted.", "headers": _headers("Idempotent-Replayed")}},
        parameters=[_id(entity), *_shared("IfMatch", "IdempotencyKey")],
        refusals=(404, 412, *_WRITES),
    )


def _restore(view: Any) -> Schema:
    entity: Entity = view.entity
    return _call(
        f"restore{entity.title}",
        entity.plural,
        f"Restore a deleted {_words(entity)}.",
        answers={"200": _answer(ref(entity.title), "The record.", "ETag", "Idempotent-Replayed")},
        parameters=[_id(entity), *_shared("IdempotencyKey")],
        body=ref("Empty"),
        body_required=False,
        refusals=(404, *_WRITES, *_BODIES),
    )


def _search(view: Any) -> Schema:
    entity: Entity = view.entity
    return _call(
        f"search{many(entity)}",
        entity.plural,
        f"Search {entity.plural}. The list, with criteria of any length in the body.",
        answers={"200": _answer(ref(f"{entity.title}List"), "A page.")},
        body=ref("SearchRequest"),
        refusals=_BODIES,
    )


def _batch(view: Any) -> Schema:
    entity: Entity = view.entity
    answer = _answer(ref("BatchResponse"), "Every item succeeded.", "Idempotent-Replayed")
    return _call(
        f"batch{many(entity)}",
        entity.plural,
        f"Write many {entity.plural}. Up to 1,000 items, each with its own result.",
        answers={"200": answer, "207": answer | {"description": "Some items failed; each says why."}},
        parameters=_shared("IdempotencyKey"),
        body=ref("BatchRequest"),
        refusals=(*_WRITES, *_BODIES),
    )


def _aggregate(view: Any) -> Schema:
    entity: Entity = view.entity
    return _call(
        f"aggregate{many(entity)}",
        entity.plural,
        f"Group and measure {entity.plural}.",
        answers={"200": _answer(ref("AggregateResponse"), "The groups.")},
        body=ref("AggregateRequest"),
        refusals=_BODIES,
    )


def _feed(view: Any) -> Schema:
    entity: Entity = view.entity
    name = camel(view.feed.name)
    return _call(
        f"list{entity.title}{name[0].upper()}{name[1:]}",
        entity.plural,
        view.feed.doc or f"The {view.feed.name} of a {_words(entity)}.",
        answers={"200": _answer(ref(f"{view.feed.item.title}List"), "A page.")},
        parameters=[_id(entity), *_shared("Limit", "After")],
        refusals=(404,),
    )


def _operation(operation: Operation, path: str) -> Schema:
    known = {entity.name: entity for entity in registry.entities()}
    entity = known.get(operation.entity)
    tag = (operation.tags or (entity.plural if entity else path.split("/")[3],))[0]
    in_path = [item for item in operation.input if f"{{{item.name}}}" in path]
    rest = [item for item in operation.input if item not in in_path]
    parameters = [_id(entity)] if operation.on_record and entity else []
    parameters += [_parameter(item, "path") for item in in_path]
    refusals: set[int] = {404, 422}
    body: Schema | None = None
    if operation.method == "GET":
        parameters += [_parameter(item, "query") for item in rest]
    else:
        body = Components().input(rest)
        refusals |= {409, 413, 415}
    if operation.kind is OperationKind.MUTATION:
        parameters += _shared("IdempotencyKey", *(["IfMatch"] if operation.on_record else []))
        refusals |= {412} if operation.on_record else set()
    return _call(
        camel(operation.name),
        tag,
        operation.doc or operation.name.replace("_", " ").capitalize() + ".",
        answers={str(operation.status): _result(operation, entity)},
        parameters=parameters,
        body=body,
        body_required=any(item.required for item in rest),
        refusals=refusals,
    )


def _result(operation: Operation, entity: Entity | None) -> Schema:
    replayed = ("Idempotent-Replayed",) if operation.kind is OperationKind.MUTATION else ()
    if operation.output is not None:
        return _answer(Components().of(operation.output, output=True), "Done.", *replayed)
    if entity is None or operation.status == 204:
        return {"description": "Done.", "headers": _headers(*replayed)}
    return _answer(ref(entity.title), "The record as it is now.", "ETag", *replayed)


def _parameter(item: Field, where: str) -> Schema:
    parameter: Schema = {"name": item.name, "in": where, "schema": dict(item.type.json_schema())}
    if where == "path" or item.required:
        parameter["required"] = True
    if isinstance(item.type, TextList):
        parameter |= {"style": "form", "explode": False}
    return parameter | ({"description": item.doc} if item.doc else {})


def _words(entity: Entity) -> str:
    return entity.name.replace("_", " ")


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
