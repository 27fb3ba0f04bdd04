"""What speaks for a record being a contact's, each with its share; of contacts and records that the actor may see."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import and_
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from rapidfuzz import fuzz, utils

from core.actors import Actor
from crm.models import Contact, Event, Interaction, Order, TieEvidence
from crm.selectors import tie_evidence
from crm.selectors.identifiers import MOST_CANDIDATES

Tied = Event | Interaction | Order

# Of one kind of evidence no more contacts are looked at; what leads to more tells nobody from anybody.
MOST = 50
# At one place within this time is near; within the shorter one nearer.
NEAR, NEARER = timedelta(days=1), timedelta(hours=1)
# Names less alike than this are others.
ALIKE = 0.8
_TEXTS = {
    TieEvidence.EXTERNAL_ID: "same id in another system",
    TieEvidence.LOYALTY_CARD: "same loyalty card",
    TieEvidence.EMAIL: "same e-mail address",
    TieEvidence.RECEIPT_EMAIL: "same e-mail address",
    TieEvidence.ANONYMOUS_ID: "same visitor",
    TieEvidence.PHONE: "same phone",
}


@dataclass(frozen=True, slots=True)
class Signal:
    """Something that speaks for one contact, by itself as surely as `weight`; with the record that it was seen in."""

    contact_id: UUID
    evidence: TieEvidence
    text: str
    weight: float
    matched_event_id: UUID | None = None
    matched_order_id: UUID | None = None


def signals(record: Tied, *, actor: Actor) -> list[Signal]:
    """All of them, in no order. What lies before a limit was seen by the actor: nothing hidden takes a place."""
    found = [*_of_identifiers(record, actor), *_of_orders(record, actor), *_of_company(record, actor)]
    if isinstance(record, Event):
        found += _of_device(record, actor)
    names = {}
    if name := _name(record):
        names = _alike(name, [item.contact_id for item in found], actor)
    for contact_id, alike in names.items():
        # From nothing at ALIKE to 0.45 for the same name: a name alone is shared by many.
        weight = round(0.1 + 0.35 * (alike - ALIKE) / (1 - ALIKE), 3)
        found.append(Signal(contact_id, TieEvidence.NAME, f"name {alike:.2f}", weight))
    return found + list(_of_place(record, sorted({item.contact_id for item in found}), actor))


def moment(record: Tied) -> datetime:
    """When it happened."""
    return record.placed_at if isinstance(record, Order) else record.occurred_at


def _of_identifiers(record: Tied, actor: Actor) -> Iterator[Signal]:
    told = tie_evidence.said(record)
    known = tie_evidence.leads({item.key for item in told}, actor=actor)
    for item in told:
        leads = known.get(item.key, [])
        among = len(tie_evidence.people(leads))
        # What more than these share is a switchboard's.
        for lead in leads if among <= MOST_CANDIDATES else ():
            text = _TEXTS[item.evidence] + (f", shared by {among}" if among > 1 else "")
            yield Signal(lead.contact_id, item.evidence, text, float(tie_evidence.share(item, lead)) / among)


def _of_orders(record: Tied, actor: Actor) -> Iterator[Signal]:
    """Orders that it names by their number or by a coupon, and those with the same coupon."""
    orders = _of_people(Order.objects.visible_to(actor), actor).exclude(pk=record.pk)
    for place in tie_evidence.places(record):
        if number := tie_evidence.text(place, "order_number", "order_id", "receipt_number"):
            for order in orders.filter(Q(number=number) | Q(external_id=number)).order_by("id")[:MOST]:
                yield Signal(
                    order.contact_id, TieEvidence.ORDER_NUMBER, f"order {number}", 0.9, matched_order_id=order.pk
                )
    for coupon in _coupons(record):
        rows = orders.filter(coupon_code=coupon).order_by("contact_id", "id").distinct("contact_id")
        same = list(rows[: MOST_CANDIDATES + 1])
        if len(same) <= MOST_CANDIDATES:
            for order in same:
                text, weight = f"coupon {coupon}", round(0.6 / len(same), 3)
                yield Signal(order.contact_id, TieEvidence.COUPON, text, weight, matched_order_id=order.pk)


def _coupons(record: Tied) -> list[str]:
    if isinstance(record, Order):
        return [record.coupon_code] if record.coupon_code else []
    said = (tie_evidence.text(place, "coupon_code", "coupon") for place in tie_evidence.places(record))
    return [coupon for coupon in dict.fromkeys(said) if coupon]


def _of_company(record: Tied, actor: Actor) -> Iterator[Signal]:
    if record.company_id is not None:
        rows = Contact.objects.visible_to(actor).alive().filter(company=record.company_id, erased_at=None)
        for key in rows.order_by("id").values_list("pk", flat=True)[:MOST]:
            yield Signal(key, TieEvidence.COMPANY, "works there", 0.2)


def _of_device(event: Event, actor: Actor) -> Iterator[Signal]:
    """The same visit, or the same visitor, was a contact's in other events."""
    for column, text, weight in (("session_id", "same visit", 0.7), ("anonymous_id", "same device", 0.6)):
        value = getattr(event, column)
        if value is None:
            continue
        others = _of_people(Event.objects.visible_to(actor), actor).filter(**{column: value}).exclude(pk=event.pk)
        newest: dict[UUID, UUID] = {}
        for contact_id, key in others.order_by("-occurred_at", "-id").values_list("contact_id", "pk")[: MOST * 10]:
            newest.setdefault(contact_id, key)
        for contact_id, key in newest.items():
            share = round(weight / len(newest), 3)
            yield Signal(contact_id, TieEvidence.SAME_DEVICE, text, share, matched_event_id=key)


def _name(record: Tied) -> str:
    for place in tie_evidence.places(record):
        parts = [tie_evidence.text(place, word) for word in ("first_name", "last_name")]
        if all(parts):
            return " ".join(parts)
        if name := tie_evidence.text(place, "name", "full_name"):
            return name
    return ""


def _alike(name: str, others: Sequence[UUID], actor: Actor) -> dict[UUID, float]:
    """Who has the name, in any order of its words, or one much like it; among those with other evidence too."""
    plain = str(utils.default_process(name))
    # An index finds those with all the words; how alike they are is said by the same measure as for duplicates.
    words = [word for word in plain.split() if len(word) > 1][:4]
    people = Contact.objects.visible_to(actor).alive().filter(erased_at=None).order_by("id")
    rows = list(people.filter(pk__in=others).values_list("pk", "name"))
    if words:
        condition = reduce(and_, (Q(name__icontains=word) for word in words))
        rows += people.filter(condition).values_list("pk", "name")[: MOST * 2]
    found = {}
    for key, other in rows:
        alike = fuzz.token_sort_ratio(plain, utils.default_process(other or "")) / 100
        if alike >= ALIKE:
            found[key] = alike
    return found


def _of_place(record: Tied, people: Sequence[UUID], actor: Actor) -> Iterator[Signal]:
    """Who of these was at the same place at about the same time; by itself that would be a crowd."""
    place = record.location if isinstance(record, Order) else getattr(record, "place", None)
    if not place or not people:
        return
    at = moment(record)
    near = (at - NEAR, at + NEAR)
    seen: dict[UUID, tuple[timedelta, dict[str, UUID]]] = {}
    events = Event.objects.visible_to(actor).alive().filter(contact__in=people, place=place, occurred_at__range=near)
    orders = Order.objects.visible_to(actor).alive().filter(contact__in=people, location=place, placed_at__range=near)
    for name, rows, column in (("matched_event_id", events, "occurred_at"), ("matched_order_id", orders, "placed_at")):
        for contact_id, key, then in rows.order_by(column, "id").values_list("contact_id", "pk", column)[: MOST * 10]:
            apart = abs(then - at)
            if key != record.pk and (contact_id not in seen or apart < seen[contact_id][0]):
                seen[contact_id] = (apart, {name: key})
    for contact_id, (apart, matched) in seen.items():
        weight = 0.4 if apart <= NEARER else 0.25
        yield Signal(contact_id, TieEvidence.PLACE, f"at {place} too, {_told(apart)} apart", weight, **matched)


def _told(apart: timedelta) -> str:
    minutes = int(apart.total_seconds() // 60)
    return f"{minutes // 60} h" if minutes >= 60 else f"{minutes} min"


def _of_people(rows: Any, actor: Actor) -> QuerySet[Any]:
    """Those of them that are of a live contact whom the actor may see."""
    people = Contact.objects.visible_to(actor).alive().filter(erased_at=None)
    found: QuerySet[Any] = rows.alive().filter(contact__in=people.values("pk"))
    return found
