"""Calls that are not plain reading or writing of a record, from their declarations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request

from core import registry
from core.errors import Invalid
from core.idempotency import Answer
from core.registry.feeds import FeedPage
from core.registry.fields import clean_values
from core.registry.operations import Operation, OperationKind
from core.registry.types import TypeFault
from core.rest import parameters, preconditions, responses, single
from core.rest.base import ApiView


class OperationView(ApiView):
    """An address of operations, one per method. Other views take this handler in for methods that are declared anew."""

    operations: ClassVar[Mapping[str, Operation]] = {}

    def run_operation(self, request: Request, **path: Any) -> Answer:
        """The handler of every method that an operation declares."""
        operation = self.operations["GET" if request.method == "HEAD" else str(request.method)]
        record_id: UUID | None = path.pop("record_id", None)
        given = self._given(operation, path)
        values = clean_values(operation.input, given)
        arguments = values if record_id is None else values | {"record_id": record_id}
        if operation.kind is OperationKind.QUERY:
            return self._answer(operation, operation.run(actor=self.actor, at=self.at, **arguments))
        return self.once(lambda: self._carry_out(operation, record_id, arguments))

    def _given(self, operation: Operation, path: Mapping[str, str]) -> dict[str, Any]:
        """The raw input: from the path, and from the query string or the body."""
        fields = [item for item in operation.input if item.name not in path]
        in_path = parameters.inputs(operation.input, path)
        if operation.method == "GET":
            return in_path | parameters.inputs(fields, self.parameters({item.name for item in fields}))
        self.parameters()
        needs_body = any(item.required for item in fields)
        content = self.body() if needs_body else self.optional_body()
        if not isinstance(content, dict):
            raise TypeFault("wrong_type", "Must be an object.")
        for name in path:
            if name in content:
                raise Invalid.one(f"/{name}", "unknown_field", "Is given by the address.")
        return content | in_path

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
