"""Scopes of API keys and OAuth tokens: what a program may do of what its user may do.

`read` and `write` reach every kind of record; `contacts:read`, `deals:write` one kind (by its path in the API, or the
name of a resource). Writing includes reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from core import registry
from core.actors import Grant, Visibility

READ = "read"
WRITE = "write"
LEVELS = (READ, WRITE)


def is_reading(action: str) -> bool:
    """Whether an action only shows: view, view_costs."""
    return action == "view" or action.startswith("view_")


def known() -> Iterator[str]:
    """Every scope that there is."""
    yield from LEVELS
    plurals = {item.name: item.plural for item in registry.entities()}
    for name in (plurals.get(name, name) for name in registry.grantable()):
        yield from (f"{name}:{level}" for level in LEVELS)


def narrowed(grants: Mapping[str, tuple[Grant, ...]], scopes: Iterable[str]) -> dict[str, tuple[Grant, ...]]:
    """The grants that are left within the scopes."""
    levels = _levels(scopes)
    left: dict[str, tuple[Grant, ...]] = {}
    for entity, items in grants.items():
        level = levels.get(entity, levels.get("*"))
        if level == WRITE:
            left[entity] = items
        elif level == READ:
            kept = tuple(Grant(frozenset(filter(is_reading, item.actions)), item.visibility) for item in items)
            left[entity] = tuple(item for item in kept if item.actions)
    return {entity: items for entity, items in left.items() if items}


def everything() -> dict[str, tuple[Grant, ...]]:
    """What a superuser's key starts from, before its scopes."""
    return {name: (Grant(frozenset(actions), Visibility.ALL),) for name, actions in registry.grantable().items()}


def covers(scopes: Iterable[str], wanted: Iterable[str]) -> bool:
    """Whether `wanted` asks for nothing beyond `scopes`."""
    held = set(scopes)
    return all(_implied_by(scope) & held for scope in wanted)


def _implied_by(scope: str) -> set[str]:
    """The scopes each of which includes `scope`."""
    name, _, level = scope.rpartition(":")
    wider = {level, WRITE}
    return wider | {f"{name}:{item}" for item in wider} if name else wider


def _levels(scopes: Iterable[str]) -> dict[str, str]:
    """The widest level by entity or resource; "*" is all."""
    by_plural = {item.plural: item.name for item in registry.entities()}
    levels: dict[str, str] = {}
    for scope in sorted(scopes):  # "…:write" comes after "…:read" and wins
        name, _, level = scope.rpartition(":")
        if level in LEVELS:
            levels[by_plural.get(name, name) or "*"] = level
    if levels.get("*") == WRITE:
        return {"*": WRITE}
    return levels
