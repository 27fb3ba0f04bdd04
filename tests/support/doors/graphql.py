"""The GraphQL door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from graphql import is_required_argument

from config.schema import schema
from core import registry
from core.graphql.names import camel, pascal
from core.reads import aggregates
from core.registry.entities import Entity
from core.registry.operations import Operation, OperationKind
from core.registry.types import Download
from core.rest.inputs import DEFAULT_LIMIT
from tests.support.doors import (
    Outcome,
    Page,
    Problem,
    Values,
    documents,
    downloaded,
    encoded,
    results,
    rewound,
    tree_of,
)

# Arguments under the names that they have in REST.
_LISTS = {"filter": "filter", "q": "q", "sort": "sort", "first": "limit", "after": "after"}
_AGGREGATES = {"groupBy": "group_by", "measures": "measures", "filter": "filter", "sort": "sort", "limit": "limit"}
_RECORD_PAYLOADS = "{{ id {name} {inner} }}"


class GraphQLDoor:
    """Calls as a client of `/graphql`; without a key as nobody."""

    name = "graphql"

    def __init__(self, key: str | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key
        self.status = 0
        self.body = b""
        self.headers: Mapping[str, str] = {}

    def send(
        self,
        query: str,
        variables: Mapping[str, Any],
        *,
        key: str | None = None,
        named: Mapping[str, str] | None = None,
    ) -> tuple[Any, Problem | None]:
        """The data of the answer, and its first error.

        Pointers lead into the value of a variable; those of `named` are members of REST's body under that name.
        """
        given = {"HTTP_AUTHORIZATION": f"Bearer {self.key}"} if self.key else {}
        if key is not None:
            given["HTTP_IDEMPOTENCY_KEY"] = key
        files = rewound(dict(variables))
        content = {"query": query, "variables": {**variables, **dict.fromkeys(files)}}
        body, kind = encoded(content), "application/json"
        if files:
            places = {name: [f"variables.{name}"] for name in files}
            parts = {"operations": body.decode(), "map": encoded(places).decode()}
            body, kind = encode_multipart(BOUNDARY, parts | files), MULTIPART_CONTENT
        answer = self.client.generic("POST", "/graphql", body, content_type=kind, **given)
        self.status, self.body, self.headers = answer.status_code, answer.content, answer.headers
        content = orjson.loads(answer.content)
        errors = content.get("errors")
        assert not errors or errors[0]["extensions"]["code"] != "invalid_query", (query, errors)
        if not errors:
            return content["data"], None
        problem = Problem.of(errors[0]["extensions"])
        variable = (errors[0]["extensions"].get("data") or {}).get("variable")
        inside = (named or {}).get(variable)
        return content.get("data"), problem.below(f"/{inside}") if inside else problem

    def call(
        self,
        kind: str,
        field: str,
        arguments: Mapping[str, Any],
        selection: str = "",
        *,
        key: str | None = None,
        named: Mapping[str, str] | None = None,
    ) -> Outcome:
        """One root field; arguments (by GraphQL's names) that are None are left out, but for required ones."""
        root = schema.graphql_schema.query_type if kind == "query" else schema.graphql_schema.mutation_type
        assert root is not None
        known = root.fields[field].args
        used = {name: value for name, value in arguments.items() if value is not None}
        asked = [name for name in known if name in used or is_required_argument(known[name])]
        declared = ", ".join(f"${name}: {known[name].type}" for name in asked)
        passed = ", ".join(f"{name}: ${name}" for name in asked)
        query = (
            f"{kind}{f'({declared})' if declared else ''} {{ {field}{f'({passed})' if passed else ''} {selection} }}"
        )
        data, problem = self.send(query, used, key=key, named=named)
        return problem or data[field]

    def list(
        self,
        entity: Entity,
        *,
        where: Any = None,
        q: Any = None,
        sort: Any = None,
        limit: Any = None,
        after: Any = None,
        expand: Sequence[str] = (),
        deleted: bool = False,
    ) -> Outcome:
        """The connection, with as many rows as REST gives."""
        tree = tree_of(expand)
        arguments = {
            "filter": where,
            "q": q,
            "sort": sort or None,
            "first": DEFAULT_LIMIT if limit is None else limit,
            "after": after,
            "deleted": deleted or None,
        }
        selection = documents.connection(documents.record(entity, tree))
        found = self.call("query", camel(entity.plural), arguments, selection, named=_LISTS)
        if isinstance(found, Problem):
            return found
        return Page([documents.row(entity, item, tree) for item in found["nodes"]], documents.cursor(found))

    def search(self, entity: Entity, **options: Any) -> Outcome:
        """The same as a list: GraphQL has one call for both."""
        return self.list(entity, **options)

    def get(
        self, entity: Entity, record_id: UUID | str, *, expand: Sequence[str] = (), deleted: bool = False
    ) -> Outcome:
        """The record."""
        tree = tree_of(expand)
        arguments = {"id": str(record_id), "deleted": deleted or None}
        found = self.call("query", camel(entity.name), arguments, documents.record(entity, tree))
        return found if isinstance(found, Problem) else documents.row(entity, found, tree)

    def create(self, entity: Entity, values: Any, *, key: str | None = None) -> Outcome:
        """The mutation `createThing`."""
        return self._write("create", entity, {"input": documents.given(entity.input_fields(), values)}, key=key)

    def update(
        self, entity: Entity, record_id: UUID | str, values: Any, *, version: int | None = None, key: str | None = None
    ) -> Outcome:
        """The mutation `updateThing`."""
        known = [item for item in entity.input_fields() if not item.create_only]
        arguments = {"id": str(record_id), "input": documents.given(known, values), "version": version}
        return self._write("update", entity, arguments, key=key)

    def delete(self, entity: Entity, record_id: UUID | str, *, version: int | None = None) -> Outcome:
        """The mutation `deleteThing`; REST shows nothing of what is gone."""
        arguments = {"id": str(record_id), "version": version}
        found = self.call("mutation", f"delete{entity.title}", arguments, "{ id }")
        return found if isinstance(found, Problem) else None

    def restore(self, entity: Entity, record_id: UUID | str) -> Outcome:
        """The mutation `restoreThing`."""
        return self._write("restore", entity, {"id": str(record_id)})

    def _write(self, verb: str, entity: Entity, arguments: Values, *, key: str | None = None) -> Outcome:
        inner = _RECORD_PAYLOADS.format(name=camel(entity.name), inner=documents.record(entity))
        return _written(entity, self.call("mutation", verb + entity.title, arguments, inner, key=key))

    def batch(self, entity: Entity, items: Any, *, atomic: bool = False, key: str | None = None) -> Outcome:
        """The mutation `batchThings`."""
        named = [
            item | {"values": documents.given(entity.input_fields(), item["values"])}
            if isinstance(item, dict) and "values" in item
            else item
            for item in items
        ]
        selection = f"{{ index status id version error {documents.PROBLEM} }}"
        arguments = {"items": named, "atomic": atomic or None}
        found = self.call("mutation", f"batch{pascal(entity.plural)}", arguments, selection, key=key)
        return found if isinstance(found, Problem) else results(found)

    def aggregate(
        self,
        entity: Entity,
        *,
        group_by: Any = None,
        measures: Any = None,
        where: Any = None,
        sort: Any = None,
        limit: Any = None,
    ) -> Outcome:
        """The query `thingAggregate`."""
        if isinstance(group_by, list):
            # REST takes a name for the whole object.
            group_by = [
                documents.given(aggregates.GROUP.fields, {"field": item} if isinstance(item, str) else item)
                for item in group_by
            ]
        arguments = {"groupBy": group_by, "measures": measures, "filter": where, "sort": sort, "limit": limit}
        return self.call("query", f"{camel(entity.name)}Aggregate", arguments, "{ keys values }", named=_AGGREGATES)

    def feed(
        self,
        entity: Entity,
        record_id: UUID | str,
        name: str,
        *,
        limit: Any = None,
        after: Any = None,
        deleted: bool = False,
        **filters: Any,
    ) -> Outcome:
        """The feed of the record; what it is narrowed to stands in the document."""
        feed = next(item for item in entity.feeds if item.name == name)
        asked = {"first": DEFAULT_LIMIT if limit is None else limit, "after": after}
        narrowed = "".join(f", {camel(key)}: {value}" for key, value in filters.items())
        declared, passed = "$first: Int, $after: String", f"first: $first, after: $after{narrowed}"
        inner = documents.connection(f"{{ {documents.fields(feed.item.fields)} }}")
        among = ", deleted: true" if deleted else ""
        query = (
            f"query($id: ID!, {declared}) {{ {camel(entity.name)}(id: $id{among}) "
            f"{{ {camel(name)}({passed}) {inner} }} }}"
        )
        data, problem = self.send(query, {"id": str(record_id), **asked})
        if problem is not None:
            return problem
        found = data[camel(entity.name)][camel(name)]
        return Page([documents.value(feed.item, item) for item in found["nodes"]], documents.cursor(found))

    def operation(
        self, operation: Operation, record_id: UUID | str | None = None, values: Values | None = None
    ) -> Outcome:
        """The field of the operation."""
        target = {} if record_id is None else {"id": str(record_id)}
        arguments = target | documents.given(operation.input, values or {})
        name, kind = camel(operation.name), operation.kind
        named = {camel(item.name): item.name for item in operation.input}
        if isinstance(operation.output, Download):
            found = self.call(kind.value, name, arguments, "{ url name mediaType size expiresAt }", named=named)
            return found if isinstance(found, Problem) else downloaded(self.client.get(found["url"]))
        if operation.output is not None:
            found = self.call(kind.value, name, arguments, documents.below(operation.output), named=named)
            return found if isinstance(found, Problem) else documents.value(operation.output, found)
        entity = registry.entity(operation.entity)
        inner = documents.record(entity)
        if kind is OperationKind.QUERY:
            found = self.call(kind.value, name, arguments, inner, named=named)
            return found if isinstance(found, Problem) else documents.row(entity, found)
        selection = _RECORD_PAYLOADS.format(name=camel(entity.name), inner=inner)
        return _written(entity, self.call(kind.value, name, arguments, selection, named=named))


def _written(entity: Entity, found: Outcome) -> Outcome:
    """The record after a write; only its id where the caller may not see it, as REST answers."""
    if isinstance(found, Problem):
        return found
    if found is None:
        return None
    shown = found[camel(entity.name)]
    return {"id": found["id"]} if shown is None else documents.row(entity, shown)
