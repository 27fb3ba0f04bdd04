"""What is particular to merging one kind of record."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.models.record import Record

# How two values become one: (winner's, loser's) as JSON texts, None for nothing.
Fold = Callable[[str | None, str | None], str | None]

WINNER, LOSER = "winner", "loser"
SIDES = (WINNER, LOSER)


@dataclass(frozen=True)
class MergeRules:
    """folds: columns that are more than "the winner's unless it is empty".
    untouched: columns that never change by a merge.
    on_request: columns that change only where the caller says so.
    make_further: makes what else the winner needs of the loser; called after each merge and each change of its ground.
    """

    model: type[Record]
    folds: Mapping[str, Fold] = field(default_factory=dict)
    untouched: frozenset[str] = frozenset()
    on_request: frozenset[str] = frozenset()
    make_further: Callable[[Any, Any], None] = lambda record, at: None

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    def columns(self) -> tuple[str, ...]:
        """The columns that a merge may change, tags and custom fields aside."""
        return tuple(
            str(column.column)
            for column in self.model._meta.concrete_fields
            if not column.generated and column.column not in self.untouched | BOOKKEEPING | {"tags", "custom"}
        )

    def fold(self, key: str, ours: str | None, theirs: str | None, chosen: Mapping[str, Any]) -> str | None:
        """The merged value of one atom (see `atoms`)."""
        kind, _, name = key.partition(":")
        side = chosen.get(name) if kind == "column" else chosen.get(f"custom.{name}") or chosen.get(kind)
        if side is not None:
            return ours if side == WINNER else theirs
        if kind == "column" and name in self.on_request:
            return ours
        if kind == "column" and name in self.folds:
            return self.folds[name](ours, theirs)
        return theirs if ours is None else ours


BOOKKEEPING = frozenset({"id", "created_at", "updated_at", "version", "deleted_at", "merged_into_id"})


def further(order: tuple[str, ...]) -> Fold:
    """The value that stands later in the order; what is not in it stands before all."""
    rank = {f'"{name}"': place for place, name in enumerate(order, start=1)}

    def fold(ours: str | None, theirs: str | None) -> str | None:
        return theirs if rank.get(theirs or "", 0) > rank.get(ours or "", 0) else ours

    return fold


def either(ours: str | None, theirs: str | None) -> str | None:
    """True where one of them is."""
    return "true" if "true" in (ours, theirs) else ours
