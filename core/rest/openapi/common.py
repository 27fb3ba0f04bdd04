"""The parts of the description that are the same for every entity: criteria, problems, headers, security."""

from __future__ import annotations

from typing import Any

from django.conf import settings

from core import errors, registry
from core.problems import Internal
from core.reads import aggregates
from core.registry.fields import ListOf
from core.rest import inputs
from core.rest.openapi.schemas import Components, Schema, closed, or_null, ref
from core.writes import batch

_TEXT: Schema = {"type": "string"}
_NAMED: Schema = {"type": "object", "additionalProperties": True}


def schemas(components: Components) -> dict[str, Schema]:
    """The schemas that belong to no entity."""
    for shape in (inputs.SEARCH, inputs.BATCH, inputs.AGGREGATE, batch.ITEM, aggregates.GROUP, aggregates.MEASURE):
        components.of(shape, output=False)
    return components.schemas | _criteria() | _results()


def _criteria() -> dict[str, Schema]:
    part = ref("Criteria")
    span: Schema = {"type": "string", "description": "A span of time back from now: 90d, 12w, 3m, 1y."}
    bound: Schema = {"type": "integer", "minimum": 0}
    field: Schema = {"type": "string", "description": "A field; also company.name or custom.<key>."}
    operators = sorted(_operators())
    return {
        "Criteria": {
            "description": "Which records. The same language everywhere: lists, searches, segments, both APIs.",
            "anyOf": [ref(f"Criteria{kind}") for kind in ("And", "Or", "Not", "Condition", "Relation", "All")],
        },
        "CriteriaAll": {"type": "object", "maxProperties": 0, "description": "Every record."},
        "CriteriaAnd": closed({"and": {"type": "array", "items": part}}, ["and"]),
        "CriteriaOr": closed({"or": {"type": "array", "items": part}}, ["or"]),
        "CriteriaNot": closed({"not": part}, ["not"]),
        "CriteriaCondition": closed(
            {
                "field": field,
                "op": {"type": "string", "enum": operators, "default": "eq"},
                "value": {"description": "By the type of the field and the operator."},
            },
            ["field", "value"],
        ),
        "CriteriaRelation": closed(
            {
                "field": {"type": "string", "description": "A relation: orders, company."},
                "op": {"type": "string", "enum": ["any", "none"], "default": "any"},
                "where": part,
                "within": span,
                "count": closed(dict.fromkeys(("eq", "gt", "gte", "lt", "lte"), bound)),
            },
            ["field"],
        ),
    }


def _operators() -> set[str]:
    return {name for entity in registry.entities() for item in entity.fields for name in item.type.operators}


def _results() -> dict[str, Schema]:
    pointer = {"type": "string", "description": "JSON Pointer to the place in the input."}
    fault = closed({"pointer": pointer, "code": _TEXT, "message": _TEXT}, ["pointer", "code", "message"])
    problem = {
        "type": {"type": "string", "format": "uri-reference"},
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "code": {"type": "string", "description": "Stable; made for programs."},
        "errors": {"type": "array", "items": ref("Fault")},
        "data": _NAMED,
        "request_id": _TEXT,
    }
    outcome = ["created", "updated", "deleted", "restored", "failed", "rolled_back"]
    result = {
        "index": {"type": "integer"},
        "status": {"type": "string", "enum": outcome},
        "id": {"type": ["string", "null"], "format": "uuid"},
        "version": {"type": ["integer", "null"]},
        "error": or_null(ref("Problem")),
    }
    return {
        "Fault": fault,
        "Problem": closed(problem, ["type", "title", "status", "detail", "code", "errors"], "RFC 9457."),
        "BatchResult": closed(result, ["index", "status", "id"]),
        "BatchResponse": closed(
            {"results": {"type": "array", "items": ref("BatchResult")}, "failed": {"type": "integer"}},
            ["results", "failed"],
        ),
        "AggregateRow": closed({"keys": _NAMED, "values": _NAMED}, ["keys", "values"]),
        "AggregateResponse": closed({"data": {"type": "array", "items": ref("AggregateRow")}}, ["data"]),
        "Empty": closed({}),
    }


REFUSALS: dict[int, type[errors.DomainError]] = {
    400: errors.BadRequest,
    401: errors.NotAuthenticated,
    403: errors.Forbidden,
    404: errors.NotFound,
    406: errors.NotAcceptable,
    409: errors.Conflict,
    412: errors.StaleVersion,
    413: errors.TooLarge,
    415: errors.UnsupportedMediaType,
    422: errors.Invalid,
    429: errors.TooManyRequests,
    500: Internal,
    503: errors.Unavailable,
}


def responses() -> dict[str, Schema]:
    """The refusals, by name."""
    content = {"application/problem+json": {"schema": ref("Problem")}}
    return {kind.__name__: {"description": kind.title, "content": content} for kind in REFUSALS.values()}


def headers() -> dict[str, Schema]:
    """Headers of answers."""
    whole: Schema = {"type": "integer"}
    return {
        "ETag": {"description": "The version of the record as an entity tag.", "schema": _TEXT},
        "Location": {
            "description": "The address of the new record.",
            "schema": {"type": "string", "format": "uri-reference"},
        },
        "RateLimit-Limit": {"description": "Requests in a window.", "schema": whole},
        "RateLimit-Remaining": {"description": "Requests left in this window.", "schema": whole},
        "RateLimit-Reset": {"description": "Seconds until the window ends.", "schema": whole},
        "Idempotent-Replayed": {"description": "`true`: the stored answer of an earlier request.", "schema": _TEXT},
    }


def parameters() -> dict[str, Schema]:
    """Headers and parameters of requests that many addresses share."""
    etag = {"type": "string", "maxLength": 500}
    return {
        "IdempotencyKey": {
            "name": "Idempotency-Key",
            "in": "header",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
            "description": "With the same key and body the write is carried out once, and its answer sent again.",
        },
        "IfMatch": {
            "name": "If-Match",
            "in": "header",
            "schema": etag,
            "description": "Write only if the record still has this ETag; else 412.",
        },
        "IfNoneMatch": {
            "name": "If-None-Match",
            "in": "header",
            "schema": etag,
            "description": "Send the record only if it no longer has this ETag; else 304.",
        },
        "Limit": {
            "name": "limit",
            "in": "query",
            "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": inputs.DEFAULT_LIMIT},
            "description": "Rows of a page.",
        },
        "After": {
            "name": "after",
            "in": "query",
            "schema": {"type": "string", "maxLength": 2000},
            "description": "The cursor `next` of the page before.",
        },
        "Fields": _names("fields", "Only these fields, also of related records: `name,company.name`."),
        "Expand": _names("expand", "Related records to bring along, to three levels: `company,orders.lines`."),
        "Deleted": {
            "name": "deleted",
            "in": "query",
            "schema": {"type": "boolean", "default": False},
            "description": "The deleted records instead; needs the right to restore.",
        },
        "Filter": {
            "name": "filter",
            "in": "query",
            # As text with a schema of its content: generators of clients stumble over parameters with a media type.
            "schema": {"type": "string", "contentMediaType": "application/json", "contentSchema": ref("Criteria")},
            "description": "Criteria as JSON.",
        },
    }


def _names(name: str, doc: str) -> Schema:
    schema = {"type": "array", "items": {"type": "string"}, "maxItems": ListOf().max_items // 10}
    return {"name": name, "in": "query", "schema": schema, "style": "form", "explode": False, "description": doc}


def security() -> dict[str, Schema]:
    """The ways to sign in."""
    oauth: dict[str, Any] = settings.BIFOCAL_OAUTH
    schemes: dict[str, Schema] = {
        "apiKey": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer <key>`."},
        "session": {
            "type": "apiKey",
            "in": "cookie",
            "name": settings.SESSION_COOKIE_NAME,
            "description": "A browser's session; writes also need `X-CSRFToken`.",
        },
    }
    if oauth:
        urls = {"tokenUrl": oauth["token_url"], "refreshUrl": oauth["token_url"], "scopes": dict(oauth["scopes"])}
        code = urls | {"authorizationUrl": oauth["authorization_url"]}
        schemes["oauth2"] = {"type": "oauth2", "flows": {"authorizationCode": code, "clientCredentials": urls}}
    return schemes
