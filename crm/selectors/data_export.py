"""Everything that is kept of a person, as a stream: bounded memory, however much it is.

Rows of which the person is the subject are told in full, in wire form; of rows that only name them (a gift's
recipient) just that they do. Others appear as ids alone. Fields with a grant of their own that are not the person's
(costs) are left out, and named in `left_out`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Q

from core import registry
from core.actors import SYSTEM
from core.models.record import Personal, Record
from core.personal.holders import holders
from core.personal.kinds import kinds
from core.reads.wire import wire_row
from core.registry.entities import Entity
from crm.models import Contact
from crm.selectors import timeline

FORMAT = "bifocal.data-export/1"
CHUNK = 1_000


@dataclass(frozen=True)
class Section:
    """Rows of one kind, as JSON texts."""

    name: str
    title: str
    rows: Iterator[str]


def sections(people: Sequence[UUID]) -> Iterator[Section]:
    """The person's own row first, then everything else by kind, the history of it all, the timeline, other holders."""
    described = {item.model: item for item in registry.entities()}
    found = [(described[model], model, personal) for model, personal in kinds() if model in described]
    found.sort(key=lambda item: (item[1] is not Contact, item[0].name))
    ids: dict[str, list[UUID]] = {}
    for entity, model, personal in found:
        seen = ids.setdefault(entity.name, [])
        for named, paths in _ways(personal):
            where = reduce(or_, (Q(**{f"{path}__in": people}) for path in paths))
            rows = _rows(entity, model, where, _names(entity, personal, named), seen)
            yield Section(entity.name if named is None else f"{entity.name}:{named}", _title(entity, named), rows)
    yield Section("history", "History of changes", _history(ids, described))
    yield Section("timeline", "Timeline", _timeline(people))
    for holder in holders():
        if holder.tell is not None:
            rows = (orjson.dumps(row).decode() for key in people for row in holder.tell(key))
            yield Section(holder.name, holder.name.replace("_", " ").capitalize(), rows)


def _ways(personal: Personal) -> list[tuple[str | None, list[str]]]:
    """The paths to whom a row is of, in one, and each that only names somebody (`gift_recipient_id`) by itself."""
    own = [path for path in personal.people if _short(path) == _short(personal.people[0])]
    return [(None, own), *((_short(path), [path]) for path in personal.people if path not in own)]


def left_out() -> dict[str, list[str]]:
    """Fields that are no data of the person, by kind: what things cost us."""
    described = {item.model: item for item in registry.entities()}
    kept = {described[model].name: _internal(described[model]) for model, _ in kinds() if model in described}
    return {name: fields for name, fields in kept.items() if fields}


def _internal(entity: Entity) -> list[str]:
    return [item.name for item in entity.readable_fields() if item.needs and not item.open_input]


def _names(entity: Entity, personal: Personal, named: str | None) -> list[str]:
    hidden = set(_internal(entity))
    names = [item.name for item in entity.readable_fields() if item.name not in hidden]
    if named is None:
        return names
    shown = {"id", "created_at", entity.time_field, named, *personal.columns}
    return [name for name in names if name in shown]


def _short(path: str) -> str:
    return path.rpartition("__")[2]


def _title(entity: Entity, named: str | None) -> str:
    words = entity.plural.replace("-", " ").capitalize()
    return words if named is None else f"{words} that name them ({named.removesuffix('_id').replace('_', ' ')})"


def _rows(entity: Entity, model: type[Record], where: Q, names: list[str], seen: list[UUID]) -> Iterator[str]:
    """JSON texts, deleted rows included; their ids are added to `seen` for the history."""
    row = wire_row(entity, SYSTEM, names)
    after: UUID | None = None
    while True:
        rows = model._default_manager.filter(where)
        rows = rows if after is None else rows.filter(pk__gt=after)
        found = list(rows.order_by("pk").values_list("pk", row)[:CHUNK])
        for key, text in found:
            seen.append(key)
            yield text
        if len(found) < CHUNK:
            return
        after = found[-1][0]


def _history(ids: dict[str, list[UUID]], described: dict[Any, Entity]) -> Iterator[str]:
    """Who changed what, when; before and after without what is left out above."""
    for entity in described.values():
        keys = list(dict.fromkeys(ids.get(entity.name, ())))
        readable = {item.attribute for item in entity.readable_fields()} - set(_internal(entity))
        for start in range(0, len(keys), CHUNK):
            yield from _changes(entity.name, keys[start : start + CHUNK], sorted(readable))


_CHANGES = """
    SELECT json_build_object(
        'entity', c.entity, 'record_id', c.record_id, 'operation', c.operation, 'at', c.at, 'by', c.actor_label,
        'before', (SELECT jsonb_object_agg(key, value) FROM jsonb_each(c.before) WHERE key = ANY(%(shown)s)),
        'after', (SELECT jsonb_object_agg(key, value) FROM jsonb_each(c.after) WHERE key = ANY(%(shown)s))
    )::text
    FROM core_change c WHERE c.record_id = ANY(%(ids)s) AND c.entity = %(entity)s ORDER BY c.id
"""


def _changes(entity: str, ids: list[UUID], shown: list[str]) -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(_CHANGES, {"entity": entity, "ids": ids, "shown": shown})
        while found := cursor.fetchmany(CHUNK):
            yield from (text for (text,) in found)


def _timeline(people: Sequence[UUID]) -> Iterator[str]:
    """What happened, in one stream."""
    return (orjson.dumps(item).decode() for key in people for item in timeline.everything("contact", Contact, key))
