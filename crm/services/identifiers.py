"""Writes of the identifiers that a contact has beside its own e-mail address, phone and external id."""

from __future__ import annotations

import re
from typing import Any

from core.constraints import Taken, explain
from core.errors import DomainError, Invalid, PersonErased
from core.registry.types import Email, FieldType, Phone, Text, TypeFault
from core.writes.base import Write, Writes
from crm.errors import PrimaryIdentifier
from crm.models import Contact, Identifier, IdentifierKind
from crm.models.identifier import UNIQUE

_TYPES: dict[str, FieldType] = {
    IdentifierKind.EMAIL: Email(),
    IdentifierKind.PHONE: Phone(),
    IdentifierKind.ANONYMOUS_ID: Text(max_length=254),
    IdentifierKind.EXTERNAL_ID: Text(max_length=254),
}
# Of the database's sentence "Key (...)=(ada@example.com, email, , null) already exists.", in whatever language.
_CLASH = re.compile(r", (email|anonymous_id|external_id), [^,]*, [^,]*\)")


class Identifiers(Writes[Identifier]):
    """A value is normalised by its kind. What mirrors the contact's own columns is changed there."""

    def prepare(self, change: Write[Identifier]) -> None:
        record = change.record
        if record.is_primary:
            raise PrimaryIdentifier(contact_id=str(record.contact_id))
        if change.created:
            given = change.values
            record.first_seen_at = given.get("first_seen_at") or given.get("last_seen_at") or change.at
            record.last_seen_at = given.get("last_seen_at") or record.first_seen_at
            record.value = normal(record.kind, record.value, "/value")
            _check_system(record)
        if record.last_seen_at < record.first_seen_at:
            raise Invalid.one("/last_seen_at", "before_first", "Must not be before it was first seen.")
        if change.created or "deleted_at" in change.before:
            _hold_contact(record)

    def deleting(self, change: Write[Identifier]) -> None:
        if change.record.is_primary:
            raise PrimaryIdentifier(contact_id=str(change.record.contact_id))


def normal(kind: str, value: Any, pointer: str) -> str:
    """The value as it is stored. Raises Invalid at `pointer`."""
    try:
        found = _TYPES[kind].parse(value)
    except TypeFault as fault:
        raise Invalid.one(pointer, fault.code, str(fault)) from None
    if not found:
        raise Invalid.one(pointer, "blank", "Must not be empty.")
    return str(found)


def _check_system(record: Identifier) -> None:
    if record.kind == IdentifierKind.EXTERNAL_ID and not record.system:
        raise Invalid.one("/system", "required", "Say which system gave the id; the contact has one of its own.")
    if record.kind != IdentifierKind.EXTERNAL_ID and record.system:
        raise Invalid.one("/system", "not_allowed", "Only external ids have a system.")


def _hold_contact(record: Identifier) -> None:
    """No foreign key holds it: it must be there, and not be merged or deleted in the meantime."""
    rows = Contact.objects.alive().filter(pk=record.contact_id).select_for_update(no_key=True)
    found = rows.values_list("pk", "erased_at").first()
    if found is None:
        raise Invalid.one("/contact_id", "not_found", "There is no such record.")
    if found[1] is not None:
        raise PersonErased(contact_id=str(record.contact_id))


def _taken(diagnosis: Any) -> DomainError:
    """On an identifier the value is taken; on a contact the column that the mirror stands for."""
    found = _CLASH.search(str(diagnosis.message_detail or ""))
    by_trigger = "pgtrigger_mirror" in str(diagnosis.context or "")
    return Taken((found[1],)) if by_trigger and found else Taken(("value",))


explain(UNIQUE, _taken)
identifiers = Identifiers("identifier")
