"""Nothing is added to a person who was erased: the one rule that every write of every kind of record asks.

What holds words about people (`Personal` with columns, or that goes as a whole) takes no reference that leads to an
erased person, and its personal columns are not filled again. Amounts and states of what is left go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache, reduce
from operator import or_
from typing import Any, Protocol
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q

from core.errors import PersonErased
from core.models.record import Record

_SELF = "id"


class Change(Protocol):
    """A write in progress: the record, and the old values of the columns that change."""

    @property
    def record(self) -> Any: ...

    @property
    def before(self) -> Mapping[str, Any]: ...


@cache
def marks(model: type[Record]) -> Mapping[str, str]:
    """By attribute that leads to a person: where the mark of erasure stands, from the record at its other end."""
    personal = model.personal
    if personal is None or not (personal.columns or personal.remove):
        return {}
    found: dict[str, str] = {}
    for path in personal.people:
        head, _, rest = path.removesuffix("_id").partition("__")
        if path != _SELF:
            found[f"{head}_id"] = f"{rest}__{_mark(model, path)}" if rest else _mark(model, path)
    return found


def mark_of(model: type[Record]) -> str:
    """Where a person's own mark stands; empty for what is no person."""
    return model.personal.erased if model.personal is not None else ""


def refusal(name: str, key: UUID) -> PersonErased:
    """Why a reference is not taken."""
    return PersonErased(field=name, id=str(key))


def refuse_new(model: type[Record], values: Mapping[str, Any]) -> None:
    """Raises PersonErased where a record of these values by attribute would be about somebody who was erased.

    For rows that services write beside the record that a caller named.
    """
    for attribute, mark in marks(model).items():
        key = values.get(attribute)
        target: Any = model._meta.get_field(attribute.removesuffix("_id")).related_model
        if key is not None and target._default_manager.filter(**{"pk": key, f"{mark}__isnull": False}).exists():
            raise refusal(attribute, key)


def refused(changes: Iterable[Change]) -> dict[UUID, PersonErased]:
    """Those of the stored records of one kind whose personal columns change although the person was erased, by id."""
    found: dict[UUID, Record] = {one.record.pk: one.record for one in changes if _is_personal(one)}
    gone = _gone(type(next(iter(found.values()))), found) if found else set()
    return {key: PersonErased(id=str(key)) for key in found if key in gone}


def require_none(changes: Iterable[Change]) -> None:
    """Raises the first of `refused`."""
    for refusal_of_one in refused(changes).values():
        raise refusal_of_one


def _is_personal(change: Change) -> bool:
    personal = change.record.personal
    return personal is not None and not set(personal.columns).isdisjoint(change.before)


def _gone(model: type[Record], found: Mapping[UUID, Record]) -> set[UUID]:
    """Those about somebody who was erased; asked of the database only where one leads to somebody at all."""
    own = mark_of(model)
    if own:
        return {key for key, record in found.items() if getattr(record, own) is not None}
    ways = marks(model)
    ids = [key for key, record in found.items() if any(getattr(record, name) is not None for name in ways)]
    if not ids:
        return set()
    paths = (f"{name.removesuffix('_id')}__{mark}" for name, mark in ways.items())
    rows = model._default_manager.filter(reduce(or_, (Q(**{f"{path}__isnull": False}) for path in paths)), pk__in=ids)
    return set(rows.values_list("pk", flat=True))


def _mark(model: type[Record], path: str) -> str:
    """The mark of the person to whom the path leads."""
    end: Any = model
    for step in path.removesuffix("_id").split("__"):
        end = end._meta.get_field(step).related_model
    if isinstance(end, str):
        end = apps.get_model(end)
    assert issubclass(end, models.Model)  # noqa: S101 - for the type checker
    return mark_of(end)
