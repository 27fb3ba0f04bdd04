"""Settling many writes: those that are refused are set aside with their reasons, and the others go through."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from core.errors import DomainError
from core.problems import domain_error_of
from core.writes.base import Write


@dataclass
class Result:
    """What became of one record: it, and whether it was changed at all; or why it was refused."""

    record: Any = None
    changed: bool = False
    error: DomainError | None = None


@dataclass
class Draft:
    """One record that is to be written: its place among the results, and its validated values."""

    index: int
    values: Mapping[str, Any]
    record_id: UUID | None = None
    change: Write[Any] | None = None
    old: Mapping[str, Any] = field(default_factory=dict)


class Refused(Exception):
    """Some of the records are refused, each with its reason; what was done for the others is undone and done again."""

    def __init__(self, why: Mapping[int, DomainError]) -> None:
        self.why = why
        super().__init__(f"{len(why)} refused")


class Later(Exception):
    """Some records wait for the others: they have the same unique value as an earlier one."""

    def __init__(self, indexes: frozenset[int]) -> None:
        self.indexes = indexes
        super().__init__(f"{len(indexes)} wait")


def settle(drafts: Sequence[Draft], results: list[Result], write: Callable[[list[Draft]], None]) -> None:
    """Write all drafts that can be; the others get their reasons. Refused ones never take others with them."""
    pending, waiting = list(drafts), list[Draft]()
    while pending:
        try:
            with transaction.atomic():
                write(pending)
        except Refused as refused:
            for draft in pending:
                results[draft.index].error = refused.why.get(draft.index)
            pending = [draft for draft in pending if draft.index not in refused.why]
        except Later as later:
            waiting += [draft for draft in pending if draft.index in later.indexes]
            pending = [draft for draft in pending if draft.index not in later.indexes]
        except (DomainError, DatabaseError) as refusal:
            pending = _halved(pending, results, write, reason(refusal))
        else:
            _note(pending, results)
            pending = []
        if not pending:
            pending, waiting = waiting, []


def _halved(
    pending: list[Draft], results: list[Result], write: Callable[[list[Draft]], None], error: DomainError
) -> list[Draft]:
    """Something is wrong, and nobody knows with which: settle one half, and return the other. One alone is to blame."""
    if len(pending) == 1:
        results[pending[0].index].error = error
        return []
    middle = len(pending) // 2
    settle(pending[:middle], results, write)
    return pending[middle:]


def _note(written: Sequence[Draft], results: list[Result]) -> None:
    for draft in written:
        if draft.change is not None:
            result, change = results[draft.index], draft.change
            result.record, result.changed = change.record, bool(change.created or change.before)


def reason(refusal: Exception) -> DomainError:
    """The refusal as a domain error. Raises it again where it is not about the records."""
    error = domain_error_of(refusal)
    if error.status >= 500:
        raise refusal
    return error
