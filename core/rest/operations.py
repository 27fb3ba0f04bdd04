"""Calls that are not plain reading or writing of a record, from their declarations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from django.http.response import HttpResponseBase
from rest_framework.request import Request

from core import body, registry
from core.errors import Invalid, MalformedBody
from core.idempotency import Answer
from core.registry.feeds import FeedPage
from core.registry.fields import Field, ListOf, Shape, clean_values
from core.registry.operations import Operation, OperationKind
from core.registry.types import Attachment, Download, FieldType, Json, TypeFault, Upload
from core.rest import parameters, preconditions, responses, single
from core.rest.base import ApiView


class OperationView(ApiView):
    """An address of operations, one per method. Other views take this handler in for methods that are declared anew."""

    operations: ClassVar[Mapping[str, Operation]] = {}

    def run_operation(self, request: Request, **path: Any) -> Answer | HttpResponseBase:
        """The handler of every method that an operation declares."""
        operation = self.operations["GET" if request.method == "HEAD" else str(request.method)]
        record_id: UUID | None = path.pop("record_id", None)
        given = self._given(operation, path)
        values = clean_values(operation.input, given)
        arguments = values if record_id is None else values | {"record_id": record_id}
        if operation.kind is OperationKind.QUERY:
            result = operation.run(actor=self.actor, at=self.at, **arguments)
            return responses.attachment(result) if isinstance(result, Attachment) else self._answer(operation, result)
        return self.once(lambda: self._carry_out(operation, record_id, arguments))

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        """JSON, unless the answer is a file: then it is what it is."""
        operation = self.operations.get("GET" if request.method == "HEAD" else str(request.method))
        if operation is not None and isinstance(operation.output, Download):
            return None
        return super().perform_content_negotiation(request, force)

    def _given(self, operation: Operation, path: Mapping[str, str]) -> dict[str, Any]:
        """The raw input: from the path, and from the query string or the body."""
        fields = [item for item in operation.input if item.name not in path]
        in_path = parameters.inputs(operation.input, path)
        if operation.method == "GET":
            return in_path | parameters.inputs(fields, self.parameters({item.name for item in fields}))
        self.parameters()
        if any(isinstance(item.type, Upload) for item in fields):
            return self._form(fields) | in_path
        needs_body = any(item.required for item in fields)
        content = self.body() if needs_body else self.optional_body()
        if not isinstance(content, dict):
            raise TypeFault("wrong_type", "Must be an object.")
        for name in path:
            if name in content:
                raise Invalid.one(f"/{name}", "unknown_field", "Is given by the address.")
        return content | in_path

    def _form(self, fields: Sequence[Field]) -> dict[str, Any]:
        """The raw input in a form: files, texts, and JSON where the field is no text."""
        texts, files = body.form(self.request._request)
        kinds = {item.name: item.type for item in fields}
        values: dict[str, Any] = {name: _value(kinds.get(name), text) for name, text in texts.items()}
        return values | files

    def _carry_out(self, operation: Operation, record_id: UUID | None, arguments: dict[str, Any]) -> Answer:
        versions = preconditions.wanted_versions(self.request._request)
        with transaction.atomic():
            if versions is not None and record_id is not None:
                entity = registry.entity(operation.entity)
                preconditions.require_version(entity, record_id, versions, actor=self.actor)
            return self._answer(operation, operation.run(actor=self.actor, at=self.at, **arguments))

    def _answer(self, operation: Operation, result: Any) -> Answer:
        """What `run` returned is ready for the wire; an id stands for the entity's record."""
        if isinstance(result, FeedPage):
            return responses.page(result.items, result.next_cursor)
        if operation.output is not None or result is None:
            return responses.empty() if result is None else responses.reply(result, status=operation.status)
        entity = registry.entity(operation.entity)
        record_id = getattr(result, "pk", result)
        return single.written(entity, record_id, actor=self.actor, at=self.at, status=operation.status)


def _value(kind: FieldType | None, text: str) -> Any:
    """What the text of a form's field stands for; an object or a list where the field is one."""
    if isinstance(kind, Json | Shape | ListOf):
        try:
            return body.parse_json(text.encode("utf-8", "surrogatepass"))
        except MalformedBody:
            return text
    return text if kind is None else parameters.json_value(kind, text)
