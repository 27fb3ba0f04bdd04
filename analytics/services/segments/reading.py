"""What a segment's criteria depend on: which changes may touch whom, and whether time alone does."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analytics.models import Segment
from analytics.services.segments import watching
from core import criteria, registry
from core.actors import SYSTEM, Actor, ActorKind, Door
from core.criteria.nodes import And, Condition, Node, Not, Or, Related
from core.jobs import acting
from core.registry.entities import Entity
from core.registry.fields import Relation
from core.registry.types import Date

_TIMED = frozenset({"within", "older_than", "next", "this", "previous"})
_BY_DAY = frozenset({"this", "previous"})


@dataclass(frozen=True)
class Meaning:
    """A filter that was understood.

    precise: entities of which a change marks whose membership it may touch. wide: those of which it does not, so that
    all is evaluated anew. by_moment, by_day: whether time alone changes the answer, at any moment or at midnight (UTC).
    """

    node: Node
    precise: frozenset[str]
    wide: frozenset[str]
    by_moment: bool
    by_day: bool


def eyes(segment: Segment, *, at: datetime) -> Actor:
    """Whose sight the filter is evaluated with: the owner's as they may act now. Raises ActsNoMore."""
    if segment.owner_id is None:
        return SYSTEM
    owner = str(segment.owner_id)
    note = {"kind": ActorKind.USER, "id": owner, "user_id": owner, "door": Door.WORKER, "grants": None}
    return acting.recalled(note, at=at)


def understand(tree: Any, *, actor: Actor) -> Meaning:
    """Parse a filter and find what it depends on. Raises InvalidCriteria."""
    contact = registry.entity("contact")
    node = criteria.parse(contact, tree, actor=actor)
    precise, wide = {"contact"}, set[str]()
    for path, entities in _paths(contact, node, (), ()):
        target = entities[-1].name
        (precise if watching.is_marked_by_contact(path, entities) else wide).add(target)
    timed = list(_times(node))
    return Meaning(node, frozenset(precise), frozenset(wide), any(timed), bool(timed) and not any(timed))


def named_segments(tree: Any) -> Iterator[tuple[str, Any]]:
    """(key or segment_id, value) of each segment that a filter's `segments` name; ("", None) where it names none."""
    if isinstance(tree, list):
        for item in tree:
            yield from named_segments(item)
    if not isinstance(tree, dict):
        return
    if tree.get("field") == "segments":
        found = list(_names(tree.get("where")))
        yield from found or [("", None)]
    for item in tree.values():
        yield from named_segments(item)


def _names(tree: Any) -> Iterator[tuple[str, Any]]:
    parts = tree.get("and", [tree]) if isinstance(tree, dict) else []
    for part in parts if isinstance(parts, list) else []:
        if (
            isinstance(part, dict)
            and part.get("field") in ("key", "segment_id")
            and part.get("op", "eq") in ("eq", "in")
        ):
            value = part.get("value")
            for one in value if isinstance(value, list) else [value]:
                yield str(part["field"]), one


def next_time(meaning: Meaning, *, at: datetime, seconds: float, sees_all: bool) -> datetime | None:
    """When the members must be evaluated from scratch again though nothing was marked.

    At midnight where only whole days matter; else after a minute, or fifty times what an evaluation takes, so that it
    never takes more than a fiftieth of a worker. Who does not see everything is looked after every ten minutes.
    """
    found: list[datetime] = []
    if meaning.by_moment:
        found.append(at + cooldown(seconds))
    if meaning.by_day:
        found.append((at + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0))
    if not sees_all:
        found.append(at + max(timedelta(minutes=10), cooldown(seconds)))
    return min(found, default=None)


def cooldown(seconds: float) -> timedelta:
    return timedelta(seconds=max(60.0, 50.0 * seconds))


def _paths(
    entity: Entity, node: Node, path: tuple[Relation, ...], entities: tuple[Entity, ...]
) -> Iterator[tuple[tuple[Relation, ...], tuple[Entity, ...]]]:
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _paths(entity, part, path, entities)
        case Not(part):
            yield from _paths(entity, part, path, entities)
        case Related():
            target = registry.entity(node.relation.target)
            longer = ((*path, node.relation), (*entities, target))
            yield longer
            yield from _paths(target, node.where, *longer)


def _times(node: Node) -> Iterator[bool]:
    """For each part that time changes: True where any moment does, False where only midnight."""
    match node:
        case And(parts) | Or(parts):
            for part in parts:
                yield from _times(part)
        case Not(part):
            yield from _times(part)
        case Related():
            if node.within is not None:
                yield True
            yield from _times(node.where)
        case Condition() if node.op in _TIMED:
            yield not (node.op in _BY_DAY or isinstance(node.field.type, Date))
