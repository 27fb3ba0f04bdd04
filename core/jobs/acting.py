"""Who asked for long work: noted with it, and found again by the worker as that party may act by then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from core.actors import SYSTEM, Actor, ActorKind, Door, Grant, Visibility
from core.errors import Forbidden

# (kind, id of the party, id of its user, door, moment) -> the party as it may act at that moment, or None.
Find = Callable[[ActorKind, UUID, UUID | None, Door, datetime], Actor | None]

_find: list[Find] = []


class ActsNoMore(Forbidden):
    title = "Whoever asked for this may no longer act: the user, key or token does not hold any more."


def register(find: Find) -> None:
    """For the app that knows who may sign in."""
    _find[:] = [find]


def noted(actor: Actor) -> dict[str, Any]:
    """What must be kept of an actor with the work; it goes where nobody reads it."""
    return {
        "kind": str(actor.kind),
        "id": actor.id and str(actor.id),
        "user_id": actor.user_id and str(actor.user_id),
        "door": str(actor.door),
        # A program may do less than its user; how much less is not known when its token is gone.
        "grants": None if actor.kind is not ActorKind.OAUTH_CLIENT else _listed(actor.grants),
    }


def recalled(note: Mapping[str, Any], *, at: datetime) -> Actor:
    """The actor as it may act at this moment: rights that were withdrawn meanwhile are gone. Raises ActsNoMore."""
    kind, door = ActorKind(note["kind"]), Door(note["door"])
    if kind is ActorKind.SYSTEM:
        return SYSTEM.through(door)
    user_id = note["user_id"] and UUID(note["user_id"])
    actor = _find[0](kind, UUID(note["id"]), user_id, door, at) if _find and note["id"] else None
    if actor is None:
        raise ActsNoMore()
    if note["grants"] is None:
        return actor
    return actor.within(_read(note["grants"]))


def _listed(grants: Mapping[str, tuple[Grant, ...]]) -> dict[str, list[list[Any]]]:
    return {name: [[item.visibility, sorted(item.actions)] for item in items] for name, items in grants.items()}


def _read(listed: Mapping[str, list[list[Any]]]) -> dict[str, tuple[Grant, ...]]:
    return {
        name: tuple(Grant(frozenset(actions), Visibility(reach)) for reach, actions in items)
        for name, items in listed.items()
    }
