"""Recording consents, and the question that follows from them: may this person be addressed?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F

from core.actors import Actor
from core.errors import Invalid, NotFound, PersonErased
from core.writes.base import Write, Writes
from crm.models import Consent, ConsentPurpose, ConsentStanding, ConsentState, ConsentStatus, Contact
from crm.selectors.contactable import Answer, Reason, may_contact

__all__ = ["check", "check_one", "consent_purposes", "consents", "expire", "may_contact"]


class Consents(Writes[Consent]):
    """A consent is added, and never changed after."""

    def prepare(self, change: Write[Consent]) -> None:
        consent = change.record
        consent.recorded_at = change.at
        if change.values.get("occurred_at") is None:
            consent.occurred_at = change.at
        if consent.occurred_at > change.at:
            raise Invalid.one("/occurred_at", "in_future", "Must not be in the future.")
        if consent.expires_at is not None and consent.status != ConsentStatus.GRANTED:
            raise Invalid.one("/expires_at", "not_allowed", "Only a grant runs out.")
        if consent.expires_at is not None and consent.expires_at <= consent.occurred_at:
            raise Invalid.one("/expires_at", "out_of_range", "Must be after the consent was given.")
        if not ConsentPurpose.objects.alive().filter(key=consent.purpose).exists():
            raise Invalid.one("/purpose", "not_found", "There is no such purpose.")
        # An erasure locks the contact: what is recorded meanwhile would outlive it.
        rows = Contact.objects.filter(pk=consent.contact_id).select_for_update(of=("self",), no_key=True)
        if rows.values_list("erased_at", flat=True).get() is not None:
            raise PersonErased(contact_id=str(consent.contact_id))


def check(
    *, actor: Actor, at: datetime, contact_ids: Sequence[UUID], channel: str, purpose: str
) -> list[dict[str, Any]]:
    """`may_contact` for contacts that the actor may see; the others are answered as if there were none."""
    actor.require("consent", "view")
    seen = set(Contact.objects.visible_to(actor).alive().filter(pk__in=contact_ids).values_list("pk", flat=True))
    answers = may_contact(contact_ids=seen, channel=channel, purpose=purpose, at=at)
    found = {answer.contact_id: answer for answer in answers}
    missing = {key: Answer(key, False, Reason.NO_SUCH_CONTACT) for key in contact_ids if key not in seen}
    return [_wire((found | missing)[key]) for key in contact_ids]


def check_one(*, actor: Actor, record_id: UUID, at: datetime, channel: str, purpose: str) -> dict[str, Any]:
    """`may_contact` for one contact. Raises NotFound."""
    if not Contact.objects.visible_to(actor).alive().filter(pk=record_id).exists():
        raise NotFound(entity="contact", id=str(record_id))
    (answer,) = may_contact(contact_ids=[record_id], channel=channel, purpose=purpose, at=at)
    return _wire(answer)


def expire(*, at: datetime) -> int:
    """Mark the present states whose grant has run out; returns how many. `may_contact` does not wait for it."""
    over = ConsentState.objects.filter(status=ConsentStatus.GRANTED, expires_at__lte=at)
    return over.update(status=ConsentStanding.EXPIRED, version=F("version") + 1, updated_at=at)


def _wire(answer: Answer) -> dict[str, Any]:
    return {
        "contact_id": str(answer.contact_id),
        "allowed": answer.allowed,
        "reason": str(answer.reason),
        "legal_basis": answer.legal_basis,
        "since": answer.since.isoformat() if answer.since else None,
        "expires_at": answer.expires_at.isoformat() if answer.expires_at else None,
    }


consents = Consents("consent")
consent_purposes: Writes[ConsentPurpose] = Writes("consent_purpose")
