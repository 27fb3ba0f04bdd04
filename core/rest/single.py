"""One record as an answer, after reading it or after writing it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.errors import Forbidden, NotFound
from core.idempotency import Answer
from core.reads import reader
from core.reads.selection import Selection
from core.registry.entities import Entity
from core.rest import responses
from core.rest.selections import shown


def read(
    entity: Entity, record_id: UUID, *, actor: Actor, at: datetime, selection: Selection, deleted: bool = False
) -> Answer:
    """The record with its entity tag. Raises NotFound or Forbidden."""
    row, version = _read(entity, record_id, actor=actor, at=at, selection=selection, deleted=deleted)
    return responses.record(row, version)


def written(entity: Entity, record_id: UUID, *, actor: Actor, at: datetime, status: int = 200) -> Answer:
    """The record as it is after a write. Who may write it need not be allowed to see it: then its id alone."""
    headers = {"Location": f"/api/v1/{entity.plural}/{record_id}"} if status == 201 else {}
    selection = reader.default_selection(entity, actor)
    try:
        row, version = _read(entity, record_id, actor=actor, at=at, selection=selection)
    except (NotFound, Forbidden):
        return responses.reply({"id": str(record_id)}, status=status, headers=headers)
    return responses.record(row, version, status=status, headers=headers)


def _read(
    entity: Entity, record_id: UUID, *, actor: Actor, at: datetime, selection: Selection, deleted: bool = False
) -> tuple[dict[str, Any], Any]:
    """The record as REST shows it, and its version, which is read along where it was not asked for."""
    hidden = "version" in entity.by_name and "version" not in selection.fields
    wanted = Selection((*selection.fields, "version"), selection.nested) if hidden else selection
    row = reader.one(entity, record_id, actor=actor, at=at, selection=wanted, deleted=deleted)
    version = row.pop("version") if hidden else row.get("version", 0)
    return shown(row, selection), version
