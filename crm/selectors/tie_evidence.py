"""What records say of whose they are: the identifiers in their words, and the contacts that those lead to."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F, Window
from django.db.models.functions import RowNumber

from core.actors import Actor
from core.registry.types import Phone, TypeFault
from crm.models import Contact, Event, Identifier, IdentifierKind, Interaction, Order, TieEvidence, Touch
from crm.selectors.identifiers import MOST_CANDIDATES, Key

# How sure each tells whose it is, where its identifier is certainly the contact's: a till mistypes, a device is lent.
SHARES = {
    TieEvidence.EXTERNAL_ID: Decimal("0.98"),
    TieEvidence.LOYALTY_CARD: Decimal("0.97"),
    TieEvidence.EMAIL: Decimal("0.97"),
    TieEvidence.RECEIPT_EMAIL: Decimal("0.97"),
    TieEvidence.ANONYMOUS_ID: Decimal("0.95"),
    TieEvidence.PHONE: Decimal("0.9"),
}
# Systems under which the numbers of loyalty cards are linked, beside that of the record's own source.
CARD_SYSTEMS = ("loyalty_card", "loyalty")
_EMAILS = ("email", "receipt_email", "customer_email")
_PHONES = ("phone", "mobile", "customer_phone")
_CARDS = ("loyalty_card", "loyalty_card_number", "loyalty_id", "loyalty_number")
# Longer than what an identifier can be.
_TOO_LONG = 255


@dataclass(frozen=True, slots=True)
class Said:
    """One identifier that a record names, and which evidence it is."""

    evidence: TieEvidence
    key: Key


@dataclass(frozen=True, slots=True)
class Lead:
    """A contact to whom an identifier leads."""

    contact_id: UUID
    identifier_id: UUID
    confidence: Decimal


@dataclass(frozen=True, slots=True)
class Found:
    """Whose a record is without doubt: by the surest of its identifiers, and how sure that is."""

    lead: Lead
    evidence: TieEvidence
    confidence: Decimal

    @property
    def details(self) -> dict[str, Any]:
        """What a tie keeps of it: nothing that would not go with the identifier itself."""
        return {"identifier_id": str(self.lead.identifier_id)}


Leads = Mapping[Key, Sequence[Lead]]


def said(record: Event | Interaction | Order | Touch) -> list[Said]:
    """The identifiers that a record names, without repeats.

    What an online event is about may be another person (whom an invitation went to), so only its context counts; at
    a till and a stand the properties are of whoever stood there.
    """
    found = [item for place in places(record) for item in _of_place(place, record)]
    if isinstance(record, (Event, Touch)) and record.anonymous_id:
        found.append(Said(TieEvidence.ANONYMOUS_ID, Key(str(IdentifierKind.ANONYMOUS_ID), record.anonymous_id)))
    return list(dict.fromkeys(found))


def places(record: Event | Interaction | Order | Touch) -> list[Mapping[str, Any]]:
    """Where a record speaks of its person."""
    found: list[Any] = []
    if isinstance(record, Event):
        found = [record.context, record.context.get("traits")]
        if record.is_offline:
            found += [record.properties, record.properties.get("customer")]
    elif isinstance(record, Interaction):
        found = [record.data, record.data.get("customer")]
    return [place for place in found if isinstance(place, dict)]


def text(place: Mapping[str, Any], *words: str) -> str:
    """What a place says under the first of these words that says something; "" for nothing."""
    for word in words:
        value = place.get(word)
        if isinstance(value, str) and 0 < len(value.strip()) < _TOO_LONG:
            return value.strip()
    return ""


def leads(keys: Collection[Key], *, actor: Actor) -> dict[Key, list[Lead]]:
    """To whom identifiers lead, among the live contacts that the actor may see; of one phone to 21 at most."""
    found: dict[Key, list[Lead]] = {}
    if not keys:
        return found
    rows = Identifier.objects.alive().filter(kind__in={key.kind for key in keys}, value__in={key.value for key in keys})
    rows = rows.filter(contact__in=Contact.objects.visible_to(actor).alive().values("pk"))
    if any(key.kind == IdentifierKind.PHONE for key in keys):
        number = Window(RowNumber(), partition_by=[F("kind"), F("system"), F("value")], order_by="contact_id")
        rows = rows.annotate(number=number).filter(number__lte=MOST_CANDIDATES + 1)
    wanted = set(keys)
    for kind, system, value, *lead in rows.values_list(
        "kind", "system", "value", "contact_id", "id", "confidence"
    ).order_by("contact_id", "id"):
        if (key := Key(kind, value, system)) in wanted:
            found.setdefault(key, []).append(Lead(*lead))
    return found


def people(found: Sequence[Lead]) -> set[UUID]:
    """The contacts of leads."""
    return {lead.contact_id for lead in found}


def share(item: Said, lead: Lead) -> Decimal:
    """How sure an identifier that leads to one contact tells that the record is theirs."""
    return (SHARES[item.evidence] * lead.confidence).quantize(Decimal("0.001"))


def decide(named: Sequence[Said], known: Leads) -> Found | None:
    """Whose a record is, where its identifiers agree on one contact and at least TIE_THRESHOLD surely.

    The anonymous id counts only where nobody is named: a computer is shared. A phone that several share speaks for
    nobody.
    """
    named = [item for item in named if item.evidence != TieEvidence.ANONYMOUS_ID] or named
    telling = [item for item in named if len(people(known.get(item.key, ()))) == 1]
    agreed = {lead.contact_id for item in telling for lead in known[item.key]}
    if len(agreed) != 1:
        return None
    offers = [Found(lead, item.evidence, share(item, lead)) for item in telling for lead in known[item.key]]
    best = max(offers, key=lambda item: (item.confidence, item.lead.identifier_id))
    return best if best.confidence >= Decimal(str(settings.TIE_THRESHOLD)) else None


def _of_place(place: Mapping[str, Any], record: Any) -> Iterator[Said]:
    external = str(IdentifierKind.EXTERNAL_ID)
    source = str(getattr(record, "source", "")).lower()
    if user := text(place, "user_id"):
        yield Said(TieEvidence.EXTERNAL_ID, Key(external, user))
    if customer := text(place, "customer_id"):
        yield Said(TieEvidence.EXTERNAL_ID, Key(external, customer, source))
    for system, value in _external_ids(place):
        yield Said(TieEvidence.EXTERNAL_ID, Key(external, value, system))
    if email := text(place, *_EMAILS):
        is_online = isinstance(record, Event) and not record.is_offline
        evidence = TieEvidence.EMAIL if is_online else TieEvidence.RECEIPT_EMAIL
        yield Said(evidence, Key(str(IdentifierKind.EMAIL), email.lower()))
    if phone := _phone(text(place, *_PHONES)):
        yield Said(TieEvidence.PHONE, Key(str(IdentifierKind.PHONE), phone))
    if card := text(place, *_CARDS):
        for system in dict.fromkeys((*CARD_SYSTEMS, source)):
            yield Said(TieEvidence.LOYALTY_CARD, Key(external, card, system))


def _external_ids(place: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """`external_ids` as our own calls have them (system, value), and as analytics libraries send them (type, id)."""
    for word, names in (("external_ids", ("system", "value")), ("externalIds", ("type", "id"))):
        listed = place.get(word)
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, dict):
                system, value = (text(item, name) for name in names)
                if value:
                    yield system.lower(), value


def _phone(written: str) -> str:
    try:
        return (Phone().parse(written) or "") if written else ""
    except TypeFault:
        return ""
