"""From the data to the answer along a plan, straight: what graphql-core's executor would give, in a tenth of its time.

Only answers without any error go this way. Whatever needs GraphQL's rules of errors and nulls raises `NotStraight`, and
is completed by graphql-core from the same data.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import itemgetter
from typing import Any

from core.graphql.plan import Entry, ObjectPlan

Layout = Callable[[Any], dict[str, Any]]


class NotStraight(Exception):
    """There is an error, or a null where none may be."""


def layout_of(plan: ObjectPlan) -> Layout:
    """The function that lays out one object of this plan. Made once per plan: it goes through the whole of it."""
    entries = plan.entries
    if len(entries) > 1 and all(entry.source is not None for entry in entries):
        return _flat(entries)
    return _mixed([_step(entry) for entry in entries])


def _flat(entries: tuple[Entry, ...]) -> Layout:
    """An object of plain values, the common case, without a step per value."""
    keys = tuple(entry.key for entry in entries)
    take = itemgetter(*(entry.source for entry in entries))
    required = tuple(index for index, entry in enumerate(entries) if entry.required)

    def lay(row: Any) -> dict[str, Any]:
        values = take(row)
        if None in values and any(values[index] is None for index in required):
            raise NotStraight
        return dict(zip(keys, values, strict=True))

    return lay


def _mixed(steps: list[tuple[str, Callable[[Any], Any], bool, Callable[[Any], Any] | None]]) -> Layout:
    def lay(data: Any) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for key, take, required, inner in steps:
            value = take(data)
            if value is None:
                if required:
                    raise NotStraight
            elif inner is not None:
                value = inner(value)
            answer[key] = value
        return answer

    return lay


def _step(entry: Entry) -> tuple[str, Callable[[Any], Any], bool, Callable[[Any], Any] | None]:
    if entry.child is None:
        return entry.key, entry.take, entry.required, None
    lay = layout_of(entry.child)
    return entry.key, entry.take, entry.required, _list_of(lay) if entry.listed else _object(lay)


def _object(lay: Layout) -> Callable[[Any], Any]:
    def one(value: Any) -> dict[str, Any]:
        if isinstance(value, Exception):
            raise NotStraight
        return lay(value)

    return one


def _list_of(lay: Layout) -> Callable[[Any], Any]:
    def several(values: Any) -> list[dict[str, Any]]:
        if isinstance(values, Exception) or None in values:
            raise NotStraight
        return [lay(value) for value in values]

    return several
