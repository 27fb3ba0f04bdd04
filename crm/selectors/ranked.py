"""Pages of candidates: the surest first, equals by id."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from core.errors import InvalidCursor
from core.reads import cursors
from core.registry import types
from crm.types import Share

T = TypeVar("T")
# Where a candidate stands: how sure it is, below zero, and its id.
Place = tuple[Decimal, UUID]


def page(
    found: Sequence[T], place: Callable[[T], Place], *, signature: str, limit: int, after: str | None
) -> tuple[Sequence[T], str | None]:
    """The candidates of the page, in their order, and the cursor of the next. Raises InvalidCursor."""
    if after is not None:
        begin = _position(signature, after)
        found = [item for item in found if place(item) > begin]
    if len(found) <= limit:
        return found, None
    doubt, key = place(found[limit - 1])
    return found[:limit], cursors.encode(signature, [str(-doubt), str(key)])


def _position(signature: str, cursor: str) -> Place:
    value, key = cursors.decode(signature, cursor, 2)
    try:
        return -Share().parse(value), types.Id().parse(key)
    except types.TypeFault:
        raise InvalidCursor() from None
