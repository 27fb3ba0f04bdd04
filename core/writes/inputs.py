"""Raw input to a record's attributes: validation by the registry, references, scope defaults, integrity errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

from django.db import IntegrityError

from core import registry
from core.actors import Actor
from core.constraints import refusal_of
from core.errors import FieldError, Forbidden, Invalid
from core.models.record import Record
from core.personal import erased
from core.reads import statements
from core.reads.statements import Reach
from core.registry.custom import Definitions
from core.registry.entities import Entity
from core.registry.fields import clean_values, escape, parse_at
from core.registry.types import TypeFault

_OWNERSHIP = frozenset({"owner_id", "team_id", "partner_id"})


def clean(
    entity: Entity, values: Any, *, actor: Actor, partial: bool = False, with_custom: bool = True
) -> dict[str, Any]:
    """The validated values by field name. Raises Invalid, or Forbidden for a field the actor may not see.

    Without `with_custom`, values of custom fields are left to `clean_custom`, for whoever must lock first.
    """
    try:
        cleaned = clean_values(tuple(entity.fields), values, partial=partial)
    except TypeFault as fault:
        raise Invalid.one("", fault.code, str(fault)) from None
    for name in cleaned:
        item = entity.by_name[name]
        if not (item.open_input or entity.may_see(actor, item)):
            raise Forbidden(f"You may not write the field {name}.", entity=entity.name, action=item.needs)
    if with_custom and entity.custom_column in cleaned:
        cleaned[entity.custom_column] = clean_custom(entity, cleaned[entity.custom_column])
    return cleaned


class CustomValues(dict[str, Any]):
    """Clean values of custom fields, as they are stored; and the records that some refer to: (entity, id) by key."""

    references: dict[str, tuple[str, UUID]]


def clean_custom(
    entity: Entity, values: Mapping[str, Any] | None, definitions: Definitions | None = None
) -> CustomValues:
    """Validate values of custom fields by their definitions; null removes one, and so does empty. Raises Invalid.

    `definitions`: those that hold now, for whoever validates many records.
    """
    if definitions is None:
        definitions = entity.definitions()
    errors: list[FieldError] = []
    cleaned = CustomValues()
    cleaned.references = {}
    for key, value in (values or {}).items():
        pointer = f"/{entity.custom_column}/{escape(key)}"
        if key not in definitions:
            errors.append(FieldError(pointer, "unknown_field", "There is no such custom field."))
        elif value is None:
            cleaned[key] = None
        else:
            kind, target = definitions[key].type, definitions[key].target
            parsed = parse_at(kind, value, pointer, errors)
            cleaned[key] = None if parsed is None or parsed == [] else kind.dump(parsed)
            if target is not None and parsed is not None:
                cleaned.references[key] = (target, parsed)
    if errors:
        raise Invalid(errors)
    return cleaned


def assign(entity: Entity, record: Record, values: Mapping[str, Any]) -> dict[str, Any]:
    """Set the stored values on the record; returns the old values of the attributes that changed.

    Custom fields are merged key by key; null removes a key.
    """
    before: dict[str, Any] = {}
    for name, value in values.items():
        item = entity.by_name[name]
        if not item.stored:
            continue
        old = getattr(record, item.attribute)
        if name == entity.custom_column:
            merged = {**(old or {}), **value}
            new: Any = {key: part for key, part in merged.items() if part is not None}
        else:
            new = value
        if old != new:
            before[item.attribute] = old
            setattr(record, item.attribute, new)
    return before


def assign_new(entity: Entity, records: Sequence[Record], values: Sequence[Mapping[str, Any]]) -> None:
    """`assign` for many new records, which have nothing to be changed and nothing cached."""
    stored = {item.name: item.attribute for item in entity.fields if item.stored and item.name != entity.custom_column}
    for record, given in zip(records, values, strict=True):
        record.__dict__.update({stored[name]: value for name, value in given.items() if name in stored})
        if (custom := entity.custom_column) and custom in given:
            assign(entity, record, {custom: given[custom]})


def default_scope(record: Record, values: Mapping[str, Any], actor: Actor) -> None:
    """Owner and team of a new record default to the actor's; the partner of a partner's record is always its own."""
    owned = _ownership(type(record))
    if "partner_id" in owned and actor.is_partners:
        record.partner_id = actor.partner_id  # type: ignore[attr-defined]
        return
    if "owner_id" in owned and "owner_id" not in values:
        record.owner_id = actor.user_id  # type: ignore[attr-defined]
    if "team_id" in owned and "team_id" not in values:
        record.team_id = actor.team_id  # type: ignore[attr-defined]


def refuse_handing_over(entity: Entity, before: Mapping[str, Any], actor: Actor) -> None:
    """Our own people say whose a record is: a partner's could take it from its owner and out of the team's sight.

    `before` holds the attributes that change. Raises Forbidden.
    """
    if not actor.is_partners:
        return
    for attribute in sorted(_OWNERSHIP & set(before)):
        raise Forbidden(f"You may not change {attribute}.", entity=entity.name, action="update")


@cache
def _ownership(model: type[Record]) -> frozenset[str]:
    return _OWNERSHIP & {str(getattr(column, "attname", column.name)) for column in model._meta.fields}


def check_references(
    entity: Entity, values: Mapping[str, Any], *, actor: Actor, unless: Mapping[str, Any] | None = None
) -> None:
    """Every referenced record must exist, live and be visible to the actor: else Invalid, never a leak of which.

    `unless` restricts the check to attributes that changed, so that an old reference may stay.
    Raises PersonErased where one leads to somebody who was erased (core.personal.erased).
    """
    wanted: dict[Wanted, dict[str, UUID]] = {}
    for name, value in values.items():
        for key, want, found in wanted_references(entity, name, value, unless):
            wanted.setdefault(want, {})[key] = found
    errors: list[FieldError] = []
    gone: dict[str, UUID] = {}
    for want, by_name in wanted.items():
        statement = statements.seen(want.target, Reach.of(actor), want.mark)
        # In one order, so that nobody waits in a circle.
        seen = {value: marked for item in sorted(set(by_name.values())) for value, marked in statement.run(id=item)}
        for name, value in by_name.items():
            if value not in seen:
                errors.append(FieldError(f"/{name}", "not_found", "There is no such record."))
            elif seen[value] is not None:
                gone[name] = value
    if errors:
        raise Invalid(errors)
    for name, value in gone.items():
        raise erased.refusal(name, value)


class Wanted(NamedTuple):
    """The kind of record that is referred to, and where its mark of erasure is, if that matters here."""

    target: str
    mark: str


def wanted_references(
    entity: Entity, name: str, value: Any, unless: Mapping[str, Any] | None
) -> Iterator[tuple[str, Wanted, UUID]]:
    """What a value refers to, by pointer: a reference, or those among values of custom fields."""
    for key, target, found in changed_references(name, value, unless):
        yield key, Wanted(target, erased.mark_of(registry.entity(target).model)), found
    item = entity.by_name.get(name)
    if item is None or item.reference is None or value is None:
        return
    if unless is None or item.attribute in unless:
        yield name, Wanted(item.reference, erased.marks(entity.model).get(item.attribute, "")), value


def changed_references(name: str, value: Any, unless: Mapping[str, Any] | None) -> Iterator[tuple[str, str, UUID]]:
    """The records that values of custom fields refer to: (pointer, entity, id), without those held already."""
    if not isinstance(value, CustomValues):
        return
    kept = {} if unless is None else unless.get(name, value) or {}
    for key, (target, found) in value.references.items():
        if kept.get(key) != value[key]:
            yield f"{name}/{escape(key)}", target, found


def hold(target: str, keys: Iterable[UUID], actor: Actor, mark: str = "") -> dict[UUID, Any]:
    """Those of the live records that the actor sees, with what stands at their mark of erasure.

    None is merged away or erased until the transaction ends.
    """
    wanted = list(keys)
    return dict(statements.seen_among(target, Reach.of(actor), mark).run(ids=wanted)) if wanted else {}


@contextmanager
def translated_integrity() -> Iterator[None]:
    """Database constraints as domain errors. The error must leave the surrounding `atomic` block, which rolls back."""
    try:
        yield
    except IntegrityError as error:
        raise refusal_of(error) from error
