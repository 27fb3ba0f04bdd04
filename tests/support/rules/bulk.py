"""Rules of what is done to everything that a search finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core import registry
from core.bulk.requests import offered
from core.models.record import Record
from core.registry.entities import Entity
from tests.support.rules.rule import Values

if TYPE_CHECKING:
    from tests.support.samples import Samples


class _Everything:
    """The first thing that is offered, done to all."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity

    def __call__(self, samples: Samples, record: Record | None) -> Values:
        action = offered(self.entity)[0]
        return {"action": action, "filter": {}} | ({"values": {"name": "a name"}} if action == "update" else {})


OPERATIONS = {
    f"bulk_{item.plural.replace('-', '_')}": _Everything(item) for item in registry.entities() if offered(item)
}
