"""The refusal of a record that is not there, or not for this reader."""

from __future__ import annotations

from uuid import UUID

from core.actors import Actor
from core.errors import NotFound
from core.registry.entities import Entity


def missing(entity: Entity, record_id: UUID, actor: Actor) -> NotFound:
    """NotFound; with `merged_into`, the id of the record that took this one's place, where the actor may see that."""
    taken = entity.successor(record_id, actor) if entity.successor is not None else None
    about = {"entity": entity.name, "id": str(record_id)}
    return NotFound(**about) if taken is None else NotFound(**about, merged_into=str(taken))
