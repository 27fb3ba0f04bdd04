from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from core import registry
from core.actors import SYSTEM
from core.errors import Invalid
from core.models import Change
from core.reads import aggregates
from crm.errors import FirstTouch
from crm.models import Contact, Touch
from crm.services import merges
from crm.services.contacts import contacts
from crm.services.touches import touches
from tests.crm import make
from tests.support.races import at_once

pytestmark = pytest.mark.django_db


def touch(at: datetime, contact: Contact | None = None, **values: Any) -> Touch:
    given = {"occurred_at": at.isoformat(), "source": "google", **values}
    if contact is not None:
        given["contact_id"] = str(contact.pk)
    return touches.create(actor=SYSTEM, values=given, at=at + timedelta(days=400))


def acquisition(contact: Contact) -> tuple[Any, ...]:
    return (
        Contact.objects.filter(pk=contact.pk)
        .values_list(
            "acquisition_touch_id", "acquisition_at", "acquisition_source", "acquisition_medium", "acquisition_campaign"
        )
        .get()
    )


def test_the_earliest_touch_is_the_acquisition_whenever_it_is_entered(at: datetime, contact: Contact) -> None:
    second = touch(at, contact, medium="cpc", campaign_code="C2")
    assert acquisition(contact) == (second.pk, at, "google", "cpc", "C2")
    first = touch(at - timedelta(days=3), contact, source="fair")
    touch(at + timedelta(days=3), contact)
    assert acquisition(contact) == (first.pk, at - timedelta(days=3), "fair", None, None)
    contact.refresh_from_db()
    assert (contact.source, contact.source_detail, contact.version) == ("google", "C2", 3)


def test_ties_go_to_the_touch_that_was_entered_first(at: datetime, contact: Contact) -> None:
    first = touch(at, contact)
    touch(at, contact)
    assert acquisition(contact)[0] == first.pk


def test_the_source_that_people_entered_stays(at: datetime) -> None:
    told = make.contact(at, last_name="Elm", source="store")
    touch(at, told, campaign_code="C1")
    told.refresh_from_db()
    assert (told.source, told.source_detail, told.acquisition_source) == ("store", None, "google")


def test_the_acquisition_is_not_written_by_hand(at: datetime, contact: Contact) -> None:
    with pytest.raises(Invalid):
        contacts.update(actor=SYSTEM, record_id=contact.pk, values={"acquisition_source": "x"}, at=at)


def test_the_first_touch_neither_goes_nor_moves_away(at: datetime, contact: Contact) -> None:
    first, later = touch(at, contact), touch(at + timedelta(days=1), contact)
    other = make.contact(at, last_name="Elm")
    for call in (
        lambda: touches.delete(actor=SYSTEM, record_id=first.pk, at=at),
        lambda: touches.update(actor=SYSTEM, record_id=first.pk, values={"contact_id": str(other.pk)}, at=at),
        lambda: touches.update(actor=SYSTEM, record_id=first.pk, values={"contact_id": None}, at=at),
        lambda: touches.update(actor=SYSTEM, record_id=first.pk, values={"source": "x"}, at=at),
    ):
        with pytest.raises((FirstTouch, Invalid)):
            call()
    first.refresh_from_db()
    assert (first.deleted_at, first.contact_id, first.version) == (None, contact.pk, 1)
    assert acquisition(contact)[0] == first.pk
    # Others may go; and once an earlier one is known, so may this one, and come back.
    touches.delete(actor=SYSTEM, record_id=later.pk, at=at)
    earlier = touch(at - timedelta(days=1), contact, source="fair")
    touches.delete(actor=SYSTEM, record_id=first.pk, at=at)
    touches.restore(actor=SYSTEM, record_id=first.pk, at=at)
    assert acquisition(contact)[0] == earlier.pk


def test_the_cost_becomes_known_later(at: datetime, contact: Contact) -> None:
    first = touch(at, contact)
    with pytest.raises(Invalid):
        touches.update(actor=SYSTEM, record_id=first.pk, values={"cost": "1.20"}, at=at)
    touches.update(actor=SYSTEM, record_id=first.pk, values={"cost": "1.20", "currency": "EUR"}, at=at)
    first.refresh_from_db()
    assert first.cost == Decimal("1.20")


def test_a_visitors_touch_becomes_the_contacts(at: datetime, contact: Contact) -> None:
    early = touch(at - timedelta(days=9), anonymous_id="v-1", source="podcast")
    touch(at, contact)
    touches.update(actor=SYSTEM, record_id=early.pk, values={"contact_id": str(contact.pk)}, at=at)
    assert acquisition(contact)[:3] == (early.pk, at - timedelta(days=9), "podcast")
    with pytest.raises(Invalid):
        touch(at)


def test_what_many_statements_move_is_followed_both_ways(at: datetime, contact: Contact) -> None:
    """As a merge and its undoing do it, past the services."""
    other = make.contact(at, last_name="Elm")
    mine, theirs = touch(at, contact), touch(at - timedelta(days=5), other, source="fair")
    before = acquisition(contact), acquisition(other)
    Touch.objects.filter(contact=other).update(contact=contact)
    assert acquisition(contact)[0] == theirs.pk
    assert acquisition(other) == (None, None, None, None, None)
    Touch.objects.filter(pk=theirs.pk).update(contact=other)
    assert (acquisition(contact), acquisition(other)) == before
    Touch.objects.filter(pk=mine.pk).delete()
    assert acquisition(contact)[0] is None
    assert Change.objects.filter(record_id=contact.pk, after__has_key="acquisition_touch_id").count() == 4


def test_touches_in_the_future_and_costs_without_currency_are_refused(at: datetime, contact: Contact) -> None:
    for values in ({"occurred_at": (at + timedelta(days=900)).isoformat()}, {"cost": "1"}, {"url": "not a url"}):
        with pytest.raises(Invalid):
            touch(at, contact, **values)
    assert not Touch.objects.exists()
    assert acquisition(contact)[0] is None


def test_costs_are_added_per_campaign_and_currency(at: datetime, contact: Contact) -> None:
    for code, cost, currency in (("A", "1.10", "EUR"), ("A", "2.20", "EUR"), ("A", "5", "USD"), ("B", "7", "EUR")):
        touch(at, contact, campaign_code=code, cost=cost, currency=currency)
    rows = aggregates.run(
        registry.entity("touch"), actor=SYSTEM, at=at, group_by=["campaign_code"],
        measures=[{"fn": "sum", "field": "cost"}],
    )  # fmt: skip
    assert [(row["keys"]["campaign_code"], row["keys"]["currency"], row["values"]["sum_cost"]) for row in rows] == [
        ("A", "EUR", "3.30"), ("A", "USD", "5.00"), ("B", "EUR", "7.00"),
    ]  # fmt: skip


@pytest.mark.django_db(transaction=True)
def test_of_touches_entered_at_once_the_earliest_wins(at: datetime) -> None:
    contact = make.contact(at, last_name="Elm")
    moments = [at - timedelta(days=day) for day in (3, 9, 1, 7)]
    assert at_once(*[lambda moment=moment: touch(moment, contact) for moment in moments]) == ["done"] * 4
    assert acquisition(contact)[1] == at - timedelta(days=9)


@pytest.mark.django_db(transaction=True)
def test_a_touch_does_not_become_the_first_while_it_is_deleted(at: datetime) -> None:
    contact, other = make.contact(at, last_name="Elm"), make.contact(at, last_name="Oak")
    first, second = touch(at, contact), touch(at + timedelta(days=1), contact)

    def move() -> None:
        with transaction.atomic():
            Touch.objects.filter(pk=first.pk).update(contact=other)

    at_once(lambda: touches.delete(actor=SYSTEM, record_id=second.pk, at=at), move)
    left = list(Touch.objects.alive().filter(contact=contact))
    assert acquisition(contact)[0] == (left[0].pk if left else None)


def test_a_merge_keeps_the_earliest_of_both_and_its_undoing_gives_back_what_was(at: datetime, contact: Contact) -> None:
    other = make.contact(at, last_name="Elm")
    touch(at, contact, campaign_code="C1")
    early = touch(at - timedelta(days=5), other, source="fair", medium="stand")
    Contact.objects.filter(pk=other.pk).update(source=None)
    before = [acquisition(one) for one in (contact, other)]
    merges.merge(actor=SYSTEM, record_id=contact.pk, contact_id=other.pk, at=at)
    assert acquisition(contact) == (early.pk, at - timedelta(days=5), "fair", "stand", None)
    with pytest.raises(FirstTouch):
        touches.delete(actor=SYSTEM, record_id=early.pk, at=at)
    merges.unmerge(actor=SYSTEM, record_id=contact.pk, at=at)
    assert [acquisition(one) for one in (contact, other)] == before
    contact.refresh_from_db()
    other.refresh_from_db()
    assert (contact.source, other.source) == ("google", None)
