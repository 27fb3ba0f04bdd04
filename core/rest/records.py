"""The addresses that every entity has, each one small view around one call of the reader or of the entity's writes."""

from __future__ import annotations

from typing import Any, ClassVar, cast
from uuid import UUID

from django.db import transaction
from rest_framework.request import Request

from core.errors import Forbidden
from core.idempotency import Answer
from core.reads import aggregates, reader
from core.registry.entities import Entity, Feed
from core.registry.fields import clean_values
from core.rest import filtering, inputs, parameters, preconditions, responses, single
from core.rest.base import ApiView
from core.rest.selections import selection_of, shown
from core.writes import batch
from core.writes.base import Writes


class EntityView(ApiView):
    """A view of one entity; `routes` makes a subclass for each entity and kind of address."""

    entity: ClassVar[Entity]

    @property
    def writes(self) -> Writes[Any]:
        """The entity's writes; only views of verbs that it offers come here."""
        return cast("Writes[Any]", self.entity.writes)

    def written(self, record_id: UUID, *, status: int = 200) -> Answer:
        """The answer to a write: the record as it is now."""
        return single.written(self.entity, record_id, actor=self.actor, at=self.at, status=status)

    def page(self, query: filtering.Query) -> Answer:
        """One page of the entity's records."""
        if not query.selection.nested:
            rows, cursor = reader.page_json(self.entity, actor=self.actor, at=self.at, **query.arguments())
            return responses.page(rows, cursor)
        found = reader.page(self.entity, actor=self.actor, at=self.at, **query.arguments())
        return responses.page([shown(row, query.selection) for row in found.rows], found.next_cursor)


class CollectionView(EntityView):
    """All records of the entity: list, create."""

    known: ClassVar[frozenset[str]] = frozenset(filtering.LIST)

    def get(self, request: Request) -> Answer:
        """One page of the records that the caller may see."""
        values = self.parameters(self.known)
        return self.page(filtering.from_parameters(self.entity, values, actor=self.actor))

    def post(self, request: Request) -> Answer:
        """Make a record."""
        self.parameters()
        values = self.body()
        return self.once(lambda: self._create(values))

    def _create(self, values: Any) -> Answer:
        record = self.writes.create(actor=self.actor, values=values, at=self.at)
        return self.written(record.pk, status=201)


class RecordView(EntityView):
    """One record: get, update, delete."""

    known: ClassVar[frozenset[str]] = frozenset((*filtering.SELECTION, "deleted"))

    def get(self, request: Request, record_id: UUID) -> Answer:
        """The record, unless the caller already has it as it is."""
        values = self.parameters(self.known)
        fields, expand = parameters.names(values, "fields"), parameters.names(values, "expand")
        selection = selection_of(self.entity, actor=self.actor, fields=fields, expand=expand, rows=1)
        deleted = parameters.boolean(values, "deleted")
        answer = single.read(self.entity, record_id, actor=self.actor, at=self.at, selection=selection, deleted=deleted)
        if preconditions.not_modified(request._request, answer):
            return Answer(status=304, body=b"", headers=answer.headers)
        return answer

    def patch(self, request: Request, record_id: UUID) -> Answer:
        """Change the named fields and no others."""
        self.parameters()
        versions = preconditions.wanted_versions(request._request)
        values = self.body()
        return self.once(lambda: self._update(record_id, values, versions))

    def delete(self, request: Request, record_id: UUID) -> Answer:
        """Delete the record; it can be restored."""
        self.parameters()
        versions = preconditions.wanted_versions(request._request)
        return self.once(lambda: self._delete(record_id, versions))

    def _update(self, record_id: UUID, values: Any, versions: tuple[int, ...] | None) -> Answer:
        preconditions.against(
            versions,
            lambda version: self.writes.update(
                actor=self.actor, record_id=record_id, values=values, at=self.at, version=version
            ),
        )
        return self.written(record_id)

    def _delete(self, record_id: UUID, versions: tuple[int, ...] | None) -> Answer:
        preconditions.against(
            versions,
            lambda version: self.writes.delete(actor=self.actor, record_id=record_id, at=self.at, version=version),
        )
        return responses.empty()


class RestoreView(EntityView):
    """Bring a deleted record back."""

    def post(self, request: Request, record_id: UUID) -> Answer:
        """Restore it."""
        self.parameters()
        clean_values((), self.optional_body())
        return self.once(lambda: self._restore(record_id))

    def _restore(self, record_id: UUID) -> Answer:
        record = self.writes.restore(actor=self.actor, record_id=record_id, at=self.at)
        return self.written(record.pk)


class SearchView(EntityView):
    """Records by criteria that are too long for an address."""

    def post(self, request: Request) -> Answer:
        """One page of the records that match."""
        self.parameters()
        values = clean_values(inputs.SEARCH.fields, self.body())
        return self.page(filtering.from_body(self.entity, values, actor=self.actor))


class BatchView(EntityView):
    """Many writes in one request."""

    def check_permissions(self, request: Request) -> None:
        """Whoever may write in no way at all is refused as a whole; the rest is for each item."""
        super().check_permissions(request)
        if not any(self.actor.may(self.entity.name, verb) for verb in self.entity.verbs):
            raise Forbidden(entity=self.entity.name)

    def post(self, request: Request) -> Answer:
        """Carry them out; 200 where all succeeded, 207 where some did not."""
        self.parameters()
        values = clean_values(inputs.BATCH.fields, self.body("batch"))
        return self.once(lambda: self._run(values["items"], values.get("atomic", False)))

    def _run(self, items: Any, atomic: bool) -> Answer:
        with transaction.atomic():
            results = batch.run(self.entity, actor=self.actor, at=self.at, items=items, atomic=atomic)
        failed = sum(result["status"] == "failed" for result in results)
        return responses.reply({"results": results, "failed": failed}, status=207 if failed else 200)


class AggregateView(EntityView):
    """Records grouped and measured."""

    def post(self, request: Request) -> Answer:
        """The groups with their measures."""
        self.parameters()
        values = clean_values(inputs.AGGREGATE.fields, self.body())
        where = values.pop("filter", None)
        rows = aggregates.run(self.entity, actor=self.actor, at=self.at, where=where, **values)
        return responses.reply({"data": rows})


class FeedView(EntityView):
    """A list that belongs to one record and is no entity of its own: its timeline, its history."""

    feed: ClassVar[Feed]

    def get(self, request: Request, record_id: UUID) -> Answer:
        """One page of it."""
        filters = {item.name: item.type for item in self.feed.filters}
        values = self.parameters((*filtering.PAGING, *filters))
        limit = parameters.integer(values, "limit", default=inputs.DEFAULT_LIMIT, minimum=1, maximum=reader.MAX_LIMIT)
        chosen = {name: parameters.typed(kind, name, values[name]) for name, kind in filters.items() if name in values}
        found = self.feed.fetch(
            actor=self.actor, record_id=record_id, limit=limit, after=values.get("after"), at=self.at, **chosen
        )
        return responses.page(found.items, found.next_cursor)
