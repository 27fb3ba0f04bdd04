"""What to read of each record: fields, and related records with selections of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.actors import Actor
from core.registry.entities import Entity


@dataclass(frozen=True)
class Selection:
    """Field names, and nested relations by the key under which they appear in the row."""

    fields: tuple[str, ...]
    nested: Mapping[str, Nested] = field(default_factory=dict)


@dataclass(frozen=True)
class Nested:
    """A relation to read along. `limit`, `after`, `where` and `sort` are for lists and hold per parent row.

    `cursors` asks for the cursor of every row, which costs more than the rows themselves.
    """

    relation: str
    selection: Selection
    limit: int = 25
    after: str | None = None
    where: Any = None
    sort: tuple[str, ...] = ()
    cursors: bool = False


def default_selection(entity: Entity, actor: Actor) -> Selection:
    """Every readable field, nothing nested. Fields that the actor may not see read as null."""
    return Selection(entity.readable_names)
