"""What a field of a generated type stands for. Plans are compiled from this, so a resolver never guesses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.registry.entities import Entity, Feed


@dataclass(frozen=True)
class Value:
    """A value of the row or object under this key: a leaf, or an object (a list of them) that came with it."""

    source: str


@dataclass(frozen=True)
class ToOne:
    """The record at the other end of a relation; None where there is none or the actor may not see it."""

    relation: str


@dataclass(frozen=True)
class ToMany:
    """A connection over a relation."""

    relation: str


@dataclass(frozen=True)
class FeedOf:
    """A page of a feed of the record."""

    entity: Entity
    feed: Feed


@dataclass(frozen=True)
class Part:
    """A part of a wrapper (connection, edge, page info, payload), taken out by a function.

    `record`: the value holds records whose selection belongs to the read around. `many`: it may hold several.
    `cursors`: the cursors of rows are needed for it.
    """

    take: Callable[[Any], Any]
    record: bool = False
    many: bool = False
    cursors: bool = False


Meaning = Value | ToOne | ToMany | FeedOf | Part


class Rows:
    """A page of records or of a feed's items.

    `cursor` gives the cursor after row i, where rows have their own; `is_later` tells that other pages come before.
    """

    __slots__ = ("cursor", "is_later", "next_cursor", "rows")

    def __init__(
        self,
        rows: list[dict[str, Any]],
        next_cursor: str | None,
        cursor: Callable[[int], str] | None = None,
        *,
        is_later: bool = False,
    ) -> None:
        self.rows = rows
        self.next_cursor = next_cursor
        self.cursor = cursor
        self.is_later = is_later

    @property
    def start(self) -> str | None:
        return self.cursor(0) if self.cursor and self.rows else None

    @property
    def end(self) -> str | None:
        if self.cursor is None:
            return self.next_cursor
        return self.cursor(len(self.rows) - 1) if self.rows else None
