"""`fields` and `expand`: which values of a record, and which related records, an answer carries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from core import registry
from core.actors import Actor
from core.reads.selection import Nested, Selection, default_selection
from core.registry.entities import Entity
from core.rest.parameters import InvalidParameter

MAX_DEPTH = 3
NESTED_LIMIT = 25
MAX_RECORDS = 20_000


@dataclass
class _Wish:
    """What was asked of one entity: its own fields (None: all of them) and its relations."""

    entity: Entity
    fields: list[str] | None = None
    relations: dict[str, _Wish] = field(default_factory=dict)


def selection_of(
    entity: Entity, *, actor: Actor, fields: Sequence[str] | None, expand: Sequence[str] | None, rows: int
) -> Selection:
    """The selection for these parameters of a list of so many rows. Raises InvalidParameter.

    Without `fields`: all of the record and of what is expanded. The id is always there.
    """
    if fields is None and expand is None:
        return default_selection(entity, actor)
    for path in fields or ():
        _require_known(entity, path)
    return _selected(entity.name, None if fields is None else tuple(fields), tuple(expand or ()), rows)


@lru_cache(maxsize=1024)
def _selected(name: str, fields: tuple[str, ...] | None, expand: tuple[str, ...], rows: int) -> Selection:
    wish = _Wish(registry.entity(name))
    for path in expand:
        _descend(wish, path.split("."), "expand", path)
    for path in fields or ():
        *way, last = path.split(".")
        custom = way.pop() if way and _is_custom(wish, way) else None
        end = _descend(wish, way, "fields", path)
        if custom is None:
            _want(end, last, path)
        else:
            end.fields = [*(end.fields or []), f"{custom}.{last}"]
    if fields is not None and wish.fields is None:
        wish.fields = []
    _bound(wish, rows)
    return _selection(wish)


def _require_known(entity: Entity, path: str) -> None:
    """Refuse a custom field that is not defined now: definitions change, and what is kept by name does not."""
    if "." not in path:
        return
    for step in path.split(".")[:-1]:
        relation = entity.relations_by_name.get(step)
        if step == entity.custom_column:
            key = path.rpartition(".")[2]
            if key not in entity.definitions():
                raise InvalidParameter.named("fields", "unknown_field", f"There is no custom field {key[:100]!r}.")
        if relation is None:
            return
        entity = registry.entity(relation.target)


def _descend(wish: _Wish, way: Iterable[str], parameter: str, path: str) -> _Wish:
    for depth, step in enumerate(way, start=1):
        if depth > MAX_DEPTH:
            raise InvalidParameter.named(parameter, "too_deep", f"{path!r} is deeper than {MAX_DEPTH} relations.")
        relation = wish.entity.relations_by_name.get(step)
        if relation is None:
            message = f"{wish.entity.title} has no relation {step[:100]!r}."
            raise InvalidParameter.named(parameter, "unknown_relation", message)
        wish = wish.relations.setdefault(step, _Wish(registry.entity(relation.target)))
    return wish


def _is_custom(wish: _Wish, way: Sequence[str]) -> bool:
    """Whether the last step of the way is into the custom fields of where it has led."""
    *relations, last = way
    return _descend(wish, relations, "fields", ".".join(way)).entity.custom_column == last


def _want(wish: _Wish, name: str, path: str) -> None:
    if name in wish.entity.relations_by_name:
        _descend(wish, [name], "fields", path)
        return
    item = wish.entity.by_name.get(name)
    if item is None or not item.readable:
        raise InvalidParameter.named("fields", "unknown_field", f"{wish.entity.title} has no field {name[:100]!r}.")
    wish.fields = [*(wish.fields or []), name]


def _bound(wish: _Wish, rows: int) -> None:
    """Refuse what could read more records than one answer should hold."""
    if _records(wish, rows) > MAX_RECORDS:
        message = f"The answer could have more than {MAX_RECORDS} records: ask for fewer rows or relations."
        raise InvalidParameter.named("expand", "too_much", message)


def _records(wish: _Wish, rows: int) -> int:
    total = rows
    for name, nested in wish.relations.items():
        total += _records(nested, rows * (NESTED_LIMIT if wish.entity.relations_by_name[name].many else 1))
    return total


def _selection(wish: _Wish) -> Selection:
    every = tuple(item.name for item in wish.entity.readable_fields())
    chosen = every if wish.fields is None else tuple(dict.fromkeys(["id", *wish.fields]))
    nested = {
        name: Nested(relation=name, selection=_selection(inner), limit=NESTED_LIMIT)
        for name, inner in wish.relations.items()
    }
    return Selection(fields=chosen, nested=nested)


def shown(row: dict[str, Any], selection: Selection) -> dict[str, Any]:
    """A row as REST shows it: nested lists look like any other list."""
    for name, nested in selection.nested.items():
        value = row[name]
        if value is None:
            continue
        if "rows" in value and "next_cursor" in value:
            inner = [shown(item, nested.selection) for item in value["rows"]]
            row[name] = {"data": inner, "next": value["next_cursor"]}
        else:
            shown(value, nested.selection)
    return row
