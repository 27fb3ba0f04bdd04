"""The registry of entities and operations. Apps register theirs in `ready`; the transports are generated from it."""

from __future__ import annotations

from collections.abc import Iterator

from core.registry.custom import Definitions
from core.registry.entities import Entity
from core.registry.operations import Operation

_entities: dict[str, Entity] = {}
_operations: dict[str, Operation] = {}
# Things that are granted though they are no records: analytics, the audit log.
_resources: dict[str, tuple[str, ...]] = {}


def register(entity: Entity) -> Entity:
    """Add an entity; a second one of the same name is a programming error."""
    if entity.name in _entities and _entities[entity.name] is not entity:
        raise ValueError(f"entity {entity.name!r} is registered twice")
    _entities[entity.name] = entity
    return entity


def register_operation(operation: Operation) -> Operation:
    """Add a call that belongs to no entity's record."""
    if operation.name in _operations and _operations[operation.name] is not operation:
        raise ValueError(f"operation {operation.name!r} is registered twice")
    _operations[operation.name] = operation
    return operation


def register_resource(name: str, actions: tuple[str, ...]) -> None:
    """Declare something grantable that is not an entity ("analytics": view, recompute)."""
    _resources[name] = actions


def entity(name: str) -> Entity:
    """The entity of that name. Raises KeyError."""
    return _entities[name]


def entities() -> Iterator[Entity]:
    """All entities, by name."""
    return iter([_entities[name] for name in sorted(_entities)])


def custom_revision() -> str:
    """Something that is another after every change of any definition of a custom field; empty while there is none."""
    sources = {id(item.custom_fields): item.custom_fields for item in entities() if item.custom_fields is not None}
    return " ".join(filter(None, (source.revision() for source in sources.values())))


def custom_definitions() -> dict[str, Definitions]:
    """The definitions of custom fields by entity, without the entities that have none."""
    return {item.name: found for item in entities() if (found := item.definitions())}


def operations() -> Iterator[Operation]:
    """All calls that stand on their own, by name."""
    return iter([_operations[name] for name in sorted(_operations)])


def grantable() -> dict[str, tuple[str, ...]]:
    """Everything a role can be granted: name -> actions."""
    return dict(sorted(({item.name: item.actions for item in entities()} | _resources).items()))
