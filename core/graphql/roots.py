"""Root fields: what each is called, takes and returns, and the one domain call behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db import transaction

from core.errors import FieldError, Forbidden, Invalid, NotFound
from core.graphql.book import Member
from core.graphql.plan import RootCall
from core.graphql.reading import Environment, Reading, reading_of
from core.reads import reader
from core.registry.entities import Entity
from core.registry.fields import Field, clean_values, parse_at
from core.registry.types import Id, TypeFault

Values = Mapping[str, Any]
Check = Callable[[Any], list[FieldError]]
# The argument whose value is what REST has as its whole body.
INPUT = "values"


@dataclass(frozen=True)
class Bound:
    """A root field with its arguments: what it will cost, and the call to make."""

    cost: int
    run: Callable[[Environment], Any]


@dataclass(frozen=True)
class Root:
    """One root field. `bind(arguments, call, variables)` reads nothing yet.

    `checks` find the faults in the raw values of arguments, by the argument's name, as REST finds them.
    """

    member: Member
    bind: Callable[[Values, RootCall, Values], Bound]
    checks: Mapping[str, Check] = field(default_factory=dict)


def checking(fields: Sequence[Field], *, partial: bool = False) -> Check:
    """The faults of an object with these fields."""

    def faults(value: Any) -> list[FieldError]:
        try:
            clean_values(tuple(fields), value, partial=partial)
        except Invalid as refusal:
            return list(refusal.errors)
        except TypeFault as fault:
            return [FieldError("", fault.code, str(fault))]
        return []

    return faults


def checking_one(item: Field) -> Check:
    """The faults of the value of one field."""

    def faults(value: Any) -> list[FieldError]:
        found: list[FieldError] = []
        parse_at(item.type, value, "", found)
        return found

    return faults


def record_id(text: str, entity: Entity) -> UUID:
    """The id that the caller gave. What is no id names no record, as an address of REST would not."""
    try:
        return Id().parse(text)
    except TypeFault:
        raise NotFound(entity=entity.name, id=text[:100]) from None


def reading_in(call: RootCall, variables: Values) -> Reading | None:
    """What the answer shows of the records in it; None where it shows none."""
    return reading_of(call.plan.records, variables) if call.plan.records else None


def payload(entity: Entity, key: Any, reading: Reading | None, env: Environment, *, deleted: bool = False) -> Any:
    """The answer to a write: the id, and the record as it is now."""
    if key is None:
        return None
    row = None
    if reading is not None:
        try:
            # A savepoint: what cannot be read afterwards must not spoil the write.
            with transaction.atomic():
                row = reader.one(entity, key, actor=env.actor, at=env.at, selection=reading.selection, deleted=deleted)
        except (NotFound, Forbidden):
            # Who may write a record need not be allowed to see it.
            return {"id": str(key), "record": None}
        reading.with_feeds(row, env)
    return {"id": str(key), "record": row}


def in_one_transaction(run: Callable[[Environment], Any]) -> Callable[[Environment], Any]:
    """A write and the reading of its answer succeed or fail together: an error means that nothing was written."""

    def atomically(env: Environment) -> Any:
        with transaction.atomic():
            return run(env)

    return atomically
