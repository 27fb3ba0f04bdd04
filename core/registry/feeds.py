"""Lists that belong to one record and are no entity of their own: its timeline, its history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.registry.fields import Field, Shape


@dataclass(frozen=True)
class FeedPage:
    """One page of a feed: items in wire form, and the cursor after the last one (None at the end)."""

    items: list[dict[str, Any]]
    next_cursor: str | None


@dataclass(frozen=True)
class Feed:
    """A keyset-paged feed.

    `fetch(actor=, record_id=, limit=, after=, at=)` raises NotFound where the actor may not see the record. `filters`
    are further parameters, none of which must be given.
    """

    name: str
    item: Shape
    fetch: Callable[..., FeedPage]
    doc: str = ""
    filters: tuple[Field, ...] = ()
