"""What a part of the rules is made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.models.record import Record

if TYPE_CHECKING:
    from tests.support.samples import Samples

Values = dict[str, Any]
Given = Callable[["Samples"], Values]
Maker = Callable[["Samples"], Record]

FUTURE = "2099-01-01T00:00:00+00:00"


def _none(samples: Samples) -> Values:
    return {}


@dataclass(frozen=True)
class Rule:
    """Values that only make sense together, and fields that are left out; `why` says what rule asks for it."""

    why: str = ""
    needed: Given = _none
    complete: Given = _none
    changed: Callable[[Samples, Record], Values] = lambda samples, record: {}
    not_at_creation: frozenset[str] = frozenset()
    not_in_updates: frozenset[str] = frozenset()


def ref(samples: Samples, entity: str) -> str:
    """The id of a new record of that kind."""
    return str(samples.make(entity).pk)
