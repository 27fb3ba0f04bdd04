"""The REST door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from core.registry.entities import Entity
from core.registry.operations import Operation
from core.registry.types import Download
from core.rest.routes import PREFIX, route_of
from tests.support.doors import (
    Outcome,
    Page,
    Problem,
    Values,
    downloaded,
    encoded,
    is_sent_as_form,
    results,
    rewound,
)


class RestDoor:
    """Calls as a client of `/api/v1/`; without a key as nobody."""

    name = "rest"

    def __init__(self, key: str | None = None) -> None:
        self.client = Client(raise_request_exception=False)
        self.key = key
        self.status = 0
        self.body = b""
        self.headers: Mapping[str, str] = {}

    def send(
        self, method: str, path: str, content: Any = None, *, kind: str = "application/json", **headers: str | None
    ) -> Outcome:
        """The JSON of the answer, None where it is empty, or the Problem."""
        answer = self.raw(method, path, content, kind=kind, **headers)
        self.status, self.body, self.headers = answer.status_code, answer.content, answer.headers
        if answer.status_code >= 400:
            document = orjson.loads(answer.content)
            assert document["status"] == answer.status_code, document
            return Problem.of(document)
        return orjson.loads(answer.content) if answer.content else None

    def raw(
        self, method: str, path: str, content: Any = None, *, kind: str = "application/json", **headers: str | None
    ) -> Any:
        """The HTTP answer."""
        body = content if isinstance(content, bytes) else b"" if content is None else encoded(content)
        given = {f"HTTP_{name.upper()}": value for name, value in headers.items() if value is not None}
        if self.key:
            given["HTTP_AUTHORIZATION"] = f"Bearer {self.key}"
        return self.client.generic(method, f"/{PREFIX}{path}", body, content_type=kind if body else "", **given)

    def list(
        self,
        entity: Entity,
        *,
        where: Any = None,
        q: Any = None,
        sort: Any = (),
        limit: Any = None,
        after: Any = None,
        expand: Sequence[str] = (),
        deleted: bool = False,
    ) -> Outcome:
        """GET the collection."""
        values = {
            "filter": None if where is None else encoded(where).decode(),
            "q": q,
            "sort": ",".join(sort) or None,
            "limit": limit,
            "after": after,
            "expand": ",".join(expand) or None,
            "deleted": "true" if deleted else None,
        }
        return _page(self.send("GET", entity.plural + _query(values)))

    def search(self, entity: Entity, **options: Any) -> Outcome:
        """POST the search."""
        names = {"where": "filter"}
        body = {names.get(name, name): value for name, value in options.items() if value is not None}
        return _page(self.send("POST", f"{entity.plural}/search", body))

    def get(
        self, entity: Entity, record_id: UUID | str, *, expand: Sequence[str] = (), deleted: bool = False
    ) -> Outcome:
        """GET the record."""
        values = {"expand": ",".join(expand) or None, "deleted": "true" if deleted else None}
        return self.send("GET", f"{_record(entity, record_id)}{_query(values)}")

    def create(self, entity: Entity, values: Any, *, key: str | None = None) -> Outcome:
        """POST to the collection."""
        return self.send("POST", entity.plural, values, idempotency_key=key)

    def update(
        self, entity: Entity, record_id: UUID | str, values: Any, *, version: int | None = None, key: str | None = None
    ) -> Outcome:
        """PATCH the record."""
        return self.send("PATCH", _record(entity, record_id), values, if_match=_tag(version), idempotency_key=key)

    def delete(self, entity: Entity, record_id: UUID | str, *, version: int | None = None) -> Outcome:
        """DELETE the record."""
        return self.send("DELETE", _record(entity, record_id), if_match=_tag(version))

    def restore(self, entity: Entity, record_id: UUID | str) -> Outcome:
        """POST to its restore."""
        return self.send("POST", f"{_record(entity, record_id)}/restore")

    def batch(self, entity: Entity, items: Any, *, atomic: bool = False, key: str | None = None) -> Outcome:
        """POST the batch."""
        body = {"items": items} | ({"atomic": True} if atomic else {})
        answer = self.send("POST", f"{entity.plural}/batch", body, idempotency_key=key)
        return answer if isinstance(answer, Problem) else results(answer["results"])

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
        """POST the aggregation."""
        values = {"group_by": group_by, "measures": measures, "filter": where, "sort": sort, "limit": limit}
        body = {name: value for name, value in values.items() if value is not None}
        answer = self.send("POST", f"{entity.plural}/aggregate", body)
        return answer if isinstance(answer, Problem) else answer["data"]

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
        """GET the feed; the deleted record's too, without saying so."""
        query = _query({"limit": limit, "after": after, **filters})
        return _page(self.send("GET", f"{_record(entity, record_id)}/{name}{query}"))

    def operation(
        self, operation: Operation, record_id: UUID | str | None = None, values: Values | None = None
    ) -> Outcome:
        """The operation by its method and path."""
        path, rest = route_of(operation).replace("<uuid:record_id>", str(record_id)), dict(values or {})
        for name in list(rest):
            if f"{{{name}}}" in path:
                path = path.replace(f"{{{name}}}", quote(str(rest.pop(name)), safe=""))
        if isinstance(operation.output, Download):
            answer = self.raw("GET", path + _query(rest))
            outcome = downloaded(answer)
            self.status, self.headers = answer.status_code, answer.headers
            self.body = answer.content if isinstance(outcome, Problem) else outcome["content"]
            return outcome
        if operation.method == "GET":
            return self.send("GET", path + _query(rest))
        if is_sent_as_form(operation):
            files = rewound(rest)
            texts = {name: _part(value) for name, value in rest.items() if name not in files}
            return self.send(operation.method, path, encode_multipart(BOUNDARY, texts | files), kind=MULTIPART_CONTENT)
        return self.send(operation.method, path, rest)


def _part(value: Any) -> str:
    """A value as a field of a form."""
    return value if isinstance(value, str) else encoded(value).decode()


def _record(entity: Entity, record_id: UUID | str) -> str:
    return f"{entity.plural}/{record_id}"


def _tag(version: int | None) -> str | None:
    return None if version is None else f'"{version}"'


def _query(values: Mapping[str, Any]) -> str:
    given = {name: _text(value) for name, value in values.items() if value is not None}
    return f"?{urlencode(given)}" if given else ""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list) else str(value)


def _page(answer: Outcome) -> Outcome:
    return answer if isinstance(answer, Problem) else Page(answer["data"], answer["next"])
