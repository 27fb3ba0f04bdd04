"""GraphQL's spelling of the registry: selections of everything there is, inputs, and rows back in snake_case."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from core import registry
from core.graphql.names import camel
from core.registry.entities import Entity
from core.registry.fields import Field, ListOf, Shape
from core.registry.types import FieldType

PAGE_INFO = "pageInfo { hasNextPage endCursor }"
PROBLEM = "{ code status title detail errors { pointer code message } data }"


def record(entity: Entity, expand: Mapping[str, Any] | None = None) -> str:
    """The selection of all readable fields, and of these relations with all of theirs."""
    parts = [fields(entity.readable_fields())]
    for name, below in (expand or {}).items():
        relation = entity.relations_by_name[name]
        inner = record(registry.entity(relation.target), below)
        parts.append(f"{camel(name)} {connection(inner) if relation.many else inner}")
    return "{ " + " ".join(parts) + " }"


def connection(inner: str) -> str:
    """The selection of a page of these."""
    return f"{{ nodes {inner} {PAGE_INFO} }}"


def fields(items: Iterable[Field]) -> str:
    """Readable fields with whatever is below them."""
    return " ".join(f"{camel(item.name)}{below(item.type)}" for item in items if item.readable)


def below(kind: FieldType) -> str:
    """The selection that a value of this type needs."""
    match kind:
        case Shape():
            return f" {{ {fields(kind.fields)} }}"
        case ListOf():
            return below(kind.inner)
    return ""


def row(entity: Entity, data: Mapping[str, Any] | None, expand: Mapping[str, Any] | None = None) -> Any:
    """A record of the answer as REST shows it."""
    if data is None:
        return None
    shown = {item.name: value(item.type, data[camel(item.name)]) for item in entity.readable_fields()}
    for name, inner in (expand or {}).items():
        relation = entity.relations_by_name[name]
        target, found = registry.entity(relation.target), data[camel(name)]
        if relation.many:
            shown[name] = {"data": [row(target, item, inner) for item in found["nodes"]], "next": cursor(found)}
        else:
            shown[name] = row(target, found, inner)
    return shown


def cursor(page: Mapping[str, Any]) -> str | None:
    """The cursor of the next page, if there is one."""
    found: str | None = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    return found


def value(kind: FieldType, found: Any) -> Any:
    """A value of the answer, with names as the registry has them."""
    match kind:
        case Shape() if isinstance(found, dict):
            return {item.name: value(item.type, found[camel(item.name)]) for item in kind.fields if item.readable}
        case ListOf() if isinstance(found, list):
            return [value(kind.inner, item) for item in found]
    return found


def given(items: Iterable[Field], values: Any) -> Any:
    """Input with names as GraphQL has them. What is not known goes as it is, to be refused there."""
    if not isinstance(values, dict):
        return values
    known = {item.name: item for item in items}
    return {
        camel(name) if name in known else name: _given(known[name].type, item) if name in known else item
        for name, item in values.items()
    }


def _given(kind: FieldType, found: Any) -> Any:
    match kind:
        case Shape():
            return given(kind.fields, found)
        case ListOf() if isinstance(found, list):
            return [_given(kind.inner, item) for item in found]
    return found
