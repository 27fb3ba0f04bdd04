"""The pieces that descriptions of calls are put together from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from core.registry.entities import Entity
from core.rest.openapi.common import REFUSALS
from core.rest.openapi.schemas import Schema

_ALWAYS = (400, 401, 403, 406, 429, 500, 503)


def camel(name: str) -> str:
    """product-lines, list_things -> productLines, listThings."""
    first, *rest = name.replace("-", "_").replace("/", "_").split("_")
    return first + "".join(part.capitalize() for part in rest)


def many(entity: Entity) -> str:
    """The name of all records of an entity, in operation ids: ProductLines."""
    name = camel(entity.plural)
    return name[0].upper() + name[1:]


def call(
    name: str,
    tag: str,
    doc: str,
    *,
    answers: dict[str, Schema],
    parameters: Sequence[Schema] = (),
    body: Schema | None = None,
    body_required: bool = True,
    media_type: str = "application/json",
    refusals: Iterable[int] = (),
) -> Schema:
    """One method of one address."""
    described: Schema = {
        "operationId": name,
        "tags": [tag],
        "summary": doc.partition(". ")[0].rstrip("."),
        "description": doc,
    }
    if parameters:
        described["parameters"] = list(parameters)
    if body is not None:
        described["requestBody"] = {"required": body_required, "content": {media_type: {"schema": body}}}
    codes = sorted({*_ALWAYS, *refusals})
    refused = {str(code): {"$ref": f"#/components/responses/{REFUSALS[code].__name__}"} for code in codes}
    described["responses"] = answers | refused
    return described


def answer(schema: Schema, doc: str, *names: str) -> Schema:
    """A successful answer with a JSON body."""
    return {
        "description": doc,
        "headers": headers(*names),
        "content": {"application/json": {"schema": schema}},
    }


def file(doc: str) -> Schema:
    """A successful answer that is a file."""
    return {
        "description": doc,
        "headers": headers(),
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }


def headers(*names: str) -> Schema:
    """The headers of an answer; the limits come with each."""
    limits = ("RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset")
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*names, *limits)}


def shared(*names: str) -> list[Schema]:
    """References to shared parameters."""
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def path_id(entity: Entity) -> Schema:
    """The record's id in the address."""
    schema = {"type": "string", "format": "uuid"}
    return {"name": "id", "in": "path", "required": True, "schema": schema, "description": f"The {entity.name}'s id."}


def words(entity: Entity) -> str:
    """The name of the entity in sentences."""
    return entity.name.replace("_", " ")
