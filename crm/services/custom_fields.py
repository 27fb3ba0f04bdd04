"""Writes of custom field definitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core import registry
from core.actors import Actor
from core.constraints import Taken, explain
from core.errors import FieldError, Invalid
from core.registry.fields import parse_at
from core.writes.base import Write, Writes
from crm.errors import InUse
from crm.models import CustomField, CustomFieldType
from crm.models.custom_field import LONGEST, LONGEST_INDEXED, WITH_BOUNDS, WITH_CHOICES, WITH_LENGTH
from crm.selectors import custom_fields as selector
from crm.selectors import custom_values
from crm.services import custom_indexes, locks

# Options that only some types have, and those types.
_OPTIONS = {
    "choices": WITH_CHOICES,
    "target": (CustomFieldType.REFERENCE,),
    "currency": (CustomFieldType.MONEY,),
    "minimum": WITH_BOUNDS,
    "maximum": WITH_BOUNDS,
    "max_length": WITH_LENGTH,
}
_NEEDED = ("choices", "target")


class CustomFields(Writes[CustomField]):
    """A definition fits the values that records hold already; what would not fit them any more is refused."""

    def begin(self, values: Mapping[str, Any]) -> None:
        locks.exclusively(locks.Subject.CUSTOM_FIELDS)

    def restore(self, *, actor: Actor, record_id: UUID, at: datetime) -> CustomField:
        with transaction.atomic():
            locks.exclusively(locks.Subject.CUSTOM_FIELDS)
            return super().restore(actor=actor, record_id=record_id, at=at)

    def prepare(self, change: Write[CustomField]) -> None:
        definition = change.record
        faults = [*_wrong_options(definition), *_unknown_entities(definition)]
        if faults:
            raise Invalid(faults)
        _check_default(definition)
        _refuse_taken_over(change)
        _refuse_losing_choices(change)
        _refuse_too_long(change)
        if change.created or {"indexed", "deleted_at"} & set(change.before):
            definition.indexed_at = None

    def saved(self, change: Write[CustomField]) -> None:
        if change.created and not change.record.indexed:
            return
        if change.created or {"indexed", "deleted_at"} & set(change.before):
            custom_indexes.request(actor=change.actor, at=change.at)


def _wrong_options(definition: CustomField) -> Iterable[FieldError]:
    for name, kinds in _OPTIONS.items():
        given = getattr(definition, name)
        if definition.type in kinds and name in _NEEDED and not given:
            yield FieldError(f"/{name}", "required", f"A {definition.type} needs it.")
        elif definition.type not in kinds and given not in (None, []):
            yield FieldError(f"/{name}", "not_allowed", f"A {definition.type} has none.")
    if definition.max_length is not None and not 1 <= definition.max_length <= LONGEST:
        yield FieldError("/max_length", "out_of_range", f"Must be between 1 and {LONGEST}.")
    if definition.minimum is not None and definition.maximum is not None and definition.minimum > definition.maximum:
        yield FieldError("/maximum", "out_of_range", "Must not be below the least value.")


def _unknown_entities(definition: CustomField) -> Iterable[FieldError]:
    known = {entity.name: entity for entity in registry.entities()}
    if definition.entity not in known or known[definition.entity].custom_column is None:
        options = ", ".join(name for name, entity in known.items() if entity.custom_column)
        yield FieldError("/entity", "invalid_choice", f"Must be one of: {options}.")
    if definition.target is not None and definition.target not in known:
        yield FieldError("/target", "invalid_choice", f"Must be a kind of record: {', '.join(known)}.")


def _check_default(definition: CustomField) -> None:
    if definition.default is None:
        return
    if definition.type == CustomFieldType.REFERENCE:
        raise Invalid.one("/default", "not_allowed", "A reference has no default: not everybody may see the record.")
    kind = selector.type_of(definition)
    faults: list[FieldError] = []
    parsed = parse_at(kind, definition.default, "/default", faults)
    if faults:
        raise Invalid(faults)
    definition.default = None if parsed is None or parsed == [] else kind.dump(parsed)


def _refuse_taken_over(change: Write[CustomField]) -> None:
    """Values of a deleted field would appear under another of the same key: restore it, or choose another key."""
    definition = change.record
    if not change.created and "deleted_at" not in change.before:
        return
    # Values belong to the one that was deleted last.
    gone = {"deleted_at__gt": change.before["deleted_at"]} if change.before else {"deleted_at__isnull": False}
    others = CustomField.objects.filter(entity=definition.entity, key=definition.key, **gone)
    if not others.exclude(pk=definition.pk).exists():
        return
    count = custom_values.holding(definition)
    if count:
        raise InUse(
            f"{count} records hold values of a deleted field with this key: restore that one, or choose another key.",
            records=count,
        )


def _refuse_losing_choices(change: Write[CustomField]) -> None:
    definition = change.record
    lost = [word for word in change.before.get("choices") or () if word not in definition.choices]
    counts = {word: custom_values.holding_choice(definition, word) for word in lost}
    held = {word: count for word, count in counts.items() if count}
    if held:
        listed = ", ".join(f"{word} ({count})" for word, count in held.items())
        raise InUse(f"Records still hold choices that would go: {listed}.", choices=held)


def _refuse_too_long(change: Write[CustomField]) -> None:
    """One value that is longer than an entry of an index would make the whole index fail."""
    definition = change.record
    if definition.type not in WITH_LENGTH or not definition.indexed:
        return
    if (definition.max_length or 0) > LONGEST_INDEXED:
        raise Invalid.one("/max_length", "out_of_range", f"An indexed field has at most {LONGEST_INDEXED} characters.")
    if not {"indexed", "max_length"} & set(change.before):
        return
    length = selector.type_of(definition).max_length  # type: ignore[attr-defined]  # a text, by its type
    count = custom_values.longer(definition, length)
    if count:
        raise InUse(f"{count} records hold more than {length} characters.", records=count)


# Which kind of record it is for is no choice that could be made otherwise: the key is what clashes.
explain("crm_custom_field_entity_key_live_uniq", lambda diagnosis: Taken(("key",)))
custom_fields = CustomFields("custom_field")
