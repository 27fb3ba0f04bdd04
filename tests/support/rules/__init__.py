"""What the registry alone does not tell of an entity: rules across its fields, and how closed kinds come about.

Each part may define, by name of the entity or operation:
RULES, values that only make sense together; MAKERS, how kinds that are not created through the API come about;
OPERATIONS, input that must fit the record; BEFORE, what is done to a record before an operation can be carried out;
RELATIVES, by (entity, relation), what a record at the end of a relation needs beside pointing back (None: there can be
none); ALSO, operations and feeds that need a grant on another kind of record too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from core.models.record import Record
from tests.support.rules import (
    accounts,
    analytics,
    behaviour,
    bulk,
    exports,
    identity,
    imports,
    orders,
    privacy,
    record,
    service,
)
from tests.support.rules.rule import Maker, Rule, Values

if TYPE_CHECKING:
    from tests.support.samples import Samples

PARTS: tuple[Any, ...] = (
    accounts,
    analytics,
    behaviour,
    bulk,
    exports,
    identity,
    imports,
    orders,
    privacy,
    record,
    service,
)
# Texts that look free and are not.
NOT_FREE = frozenset({"time_zone", "key", "password"})


def _all(name: str) -> dict[Any, Any]:
    return {key: value for part in PARTS for key, value in getattr(part, name, {}).items()}


RULES: dict[str, Rule] = _all("RULES")
MAKERS: dict[str, Maker] = _all("MAKERS")
OPERATIONS: dict[str, Callable[[Samples, Record | None], Values]] = _all("OPERATIONS")
BEFORE: dict[str, Callable[[Record, Samples], None]] = _all("BEFORE")
RELATIVES: dict[tuple[str, str], Callable[[Samples, Any], Values | None]] = _all("RELATIVES")
ALSO: dict[str, tuple[str, str]] = _all("ALSO")


def of(entity: str) -> Rule:
    return RULES.get(entity, Rule())


def operation_input(name: str, samples: Samples, record: Record | None) -> Values | None:
    """Input of operations whose parameters must fit the record; None where any will do."""
    make = OPERATIONS.get(name)
    return None if make is None else make(samples, record)


def relative(entity: str, relation: str, samples: Samples, record: Any) -> Values | None:
    """What a record at the end of a relation needs beside pointing here; None where there can be none."""
    make = RELATIVES.get((entity, relation))
    return {} if make is None else make(samples, record)
