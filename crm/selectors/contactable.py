"""Who may be addressed, by which channel, for what: consents, legal bases and suppressions of many contacts at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from uuid import UUID

from django.db.models import Q

from core.errors import Invalid
from crm.models import ConsentPurpose, ConsentState, Contact, LegalBasis, Suppression
from crm.selectors import addresses

# Contacts that are looked at by one statement.
CHUNK = 5_000


class Reason(StrEnum):
    """Why, or why not."""

    CONSENT = "consent"
    LEGAL_BASIS = "legal_basis"
    NO_SUCH_CONTACT = "no_such_contact"
    ERASED = "erased"
    NO_ADDRESS = "no_address"
    SUPPRESSED = "suppressed"
    DENIED = "denied"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    NO_CONSENT = "no_consent"


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a contact may be addressed. `since` and `expires_at` are of the consent that decides."""

    contact_id: UUID
    allowed: bool
    reason: Reason
    legal_basis: str | None = None
    since: datetime | None = None
    expires_at: datetime | None = None


def may_contact(*, contact_ids: Iterable[UUID], channel: str, purpose: str, at: datetime) -> Iterator[Answer]:
    """An answer for each of the ids, in their order, in bounded memory however many there are.

    The latest word counts, whether of the channel or of `any`; a refusal counts whatever the legal basis; a suppressed
    address is not written to. Where nothing was recorded, the purpose's own legal basis decides.
    Raises Invalid for a purpose that there is not.
    """
    basis = ConsentPurpose.objects.alive().filter(key=purpose).values_list("legal_basis", flat=True).first()
    if basis is None:
        raise Invalid.one("/purpose", "not_found", "There is no such purpose.")
    return _answers(contact_ids, channel, purpose, str(basis), at)


def _answers(contact_ids: Iterable[UUID], channel: str, purpose: str, basis: str, at: datetime) -> Iterator[Answer]:
    column = addresses.COLUMNS.get(channel)
    remaining = iter(contact_ids)
    while chunk := tuple(islice(remaining, CHUNK)):
        known = _contacts(chunk, column)
        suppressed = _suppressed(channel, [address for _, address in known.values() if address], at)
        states = _states(list(known), channel, purpose)
        for key in chunk:
            if key not in known:
                yield Answer(key, False, Reason.NO_SUCH_CONTACT)
                continue
            erased_at, address = known[key]
            yield (
                _refusal(key, erased_at, address, needs_address=column is not None, suppressed=suppressed)
                or _by_state(key, states.get(key), basis, at)
            )


def _contacts(ids: Sequence[UUID], column: str | None) -> Mapping[UUID, tuple[datetime | None, str | None]]:
    rows = Contact.objects.alive().filter(pk__in=ids).values_list("pk", "erased_at", column or "pk")
    return {key: (erased_at, address if column else None) for key, erased_at, address in rows}


def _suppressed(channel: str, present: Sequence[str], at: datetime) -> frozenset[str]:
    """The addresses among these that are on the list."""
    by_hash = {addresses.hashed(channel, address): address for address in present}
    rows = Suppression.objects.alive().filter(channel=channel, address_hash__in=list(by_hash))
    found = rows.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=at)).values_list("address_hash", flat=True)
    return frozenset(by_hash[item] for item in found)


def _states(ids: Sequence[UUID], channel: str, purpose: str) -> Mapping[UUID, ConsentState]:
    rows = ConsentState.objects.filter(contact_id__in=ids, purpose=purpose, channel__in=(channel, "any"))
    latest: dict[UUID, ConsentState] = {}
    for state in rows.order_by("since", "consent_id"):
        latest[state.contact_id] = state
    return latest


def _refusal(
    key: UUID, erased_at: datetime | None, address: str | None, *, needs_address: bool, suppressed: frozenset[str]
) -> Answer | None:
    if erased_at is not None:
        return Answer(key, False, Reason.ERASED)
    if needs_address and not address:
        return Answer(key, False, Reason.NO_ADDRESS)
    return Answer(key, False, Reason.SUPPRESSED) if address in suppressed else None


def _by_state(key: UUID, state: ConsentState | None, basis: str, at: datetime) -> Answer:
    if state is None:
        if basis == LegalBasis.CONSENT:
            return Answer(key, False, Reason.NO_CONSENT)
        return Answer(key, True, Reason.LEGAL_BASIS, basis)
    told = (state.legal_basis, state.since, state.expires_at)
    if state.status in (Reason.DENIED, Reason.WITHDRAWN):
        return Answer(key, False, Reason(state.status), *told)
    if state.expires_at is not None and state.expires_at <= at:
        return Answer(key, False, Reason.EXPIRED, *told)
    given = state.legal_basis == LegalBasis.CONSENT
    return Answer(key, True, Reason.CONSENT if given else Reason.LEGAL_BASIS, *told)
