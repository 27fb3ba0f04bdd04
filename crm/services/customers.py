"""Whose an order, a deal or an interaction is: rules that the three share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from core.actors import SYSTEM, Actor
from core.errors import Invalid
from core.writes import inputs
from core.writes.base import Write
from crm.models import Company, Contact

T = TypeVar("T")
# Merges in a row that take away whom the one before has left; so many do not happen.
ATTEMPTS = 3


class OfCustomer(Protocol):
    """A record of a contact, a company or both."""

    contact_id: UUID | None
    company_id: UUID | None


def default_company(change: Write[Any]) -> None:
    """A new record of a contact belongs to the contact's company too, where the actor may see that company."""
    record: OfCustomer = change.record
    if change.created and record.contact_id is not None and "company_id" not in change.values:
        record.company_id = _company_of(record.contact_id, change.actor)


def default_companies(changes: Sequence[Write[Any]]) -> None:
    """`default_company` of each, with one query."""
    wanted = [
        change
        for change in changes
        if change.created and change.record.contact_id is not None and "company_id" not in change.values
    ]
    if not wanted:
        return
    rows = Company.objects.visible_to(wanted[0].actor).alive()
    rows = rows.filter(contacts__in={change.record.contact_id for change in wanted})
    found = dict(rows.values_list("contacts", "pk"))
    for change in wanted:
        change.record.company_id = found.get(change.record.contact_id)


def held(read: Callable[[], T], people: Callable[[T], Iterable[UUID | None]]) -> T:
    """What is read, its contacts held until the transaction ends; read again where one was merged away meanwhile."""
    found = read()
    for _ in range(ATTEMPTS):
        wanted = {key for key in people(found) if key is not None}
        gone = wanted - inputs.hold("contact", wanted, SYSTEM).keys()
        if not gone or not Contact.objects.filter(pk__in=gone, merged_into__isnull=False).exists():
            break
        found = read()
    return found


def require_customer(record: OfCustomer) -> None:
    """Raises Invalid where neither is named."""
    if record.contact_id is None and record.company_id is None:
        raise Invalid.one("/contact_id", "required", "Name a contact, a company or both.")


def _company_of(contact_id: UUID, actor: Actor) -> UUID | None:
    rows = Company.objects.visible_to(actor).alive().filter(contacts=contact_id)
    found: UUID | None = rows.values_list("pk", flat=True).first()
    return found
