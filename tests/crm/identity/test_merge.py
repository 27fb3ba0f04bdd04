"""Merging contacts: what moves, what the winner becomes, what is refused; and that undoing it leaves nothing behind."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from core import registry
from core.actors import SYSTEM, Visibility
from core.errors import Duplicate, Forbidden, Invalid, NotFound, PersonErased
from core.ids import new_id
from core.models import OutboxEvent
from core.reads import reader
from crm.errors import AlreadyMerged, ContactMerged, MergeNotUndoable, NotMerged, WinnerMerged
from crm.models import Contact, CustomField, Deal, Identifier, LifecycleChange, Merge, Order
from crm.selectors import timeline
from crm.services import identity, merges
from crm.services.companies import companies
from crm.services.contacts import contacts
from crm.services.custom_fields import custom_fields
from crm.services.identifiers import identifiers
from crm.services.interactions import interactions
from crm.services.merging.references import references_to
from crm.services.orders import orders
from tests.crm import make
from tests.crm.identity.history import differences, image
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


def merge(at: datetime, winner: Contact, *losers: Contact, **given: Any) -> None:
    keys = [loser.pk for loser in losers]
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_ids=keys, **given)


def unmerge(at: datetime, contact: Contact, **given: Any) -> None:
    merges.unmerge(actor=SYSTEM, record_id=contact.pk, at=at, **given)


def fresh(contact: Contact) -> Contact:
    found: Contact = Contact.objects.get(pk=contact.pk)
    return found


def pair(at: datetime) -> tuple[Contact, Contact]:
    """Two that are one: each has something that the other lacks."""
    for key in ("shoe", "hat"):
        CustomField.objects.create(entity="contact", key=key, label=key, type="number")
    one = make.contact(at, first_name="Ada", last_name="Alder", email="ada@example.com", tags=["vip"],
                       custom={"shoe": 40}, lifecycle_stage="customer", city="Bonn")  # fmt: skip
    two = make.contact(at, first_name="A.", last_name="Alder", email="ada@work.example.com", phone="+4930123456",
                       tags=["news"], custom={"shoe": 41, "hat": 1.5}, lifecycle_stage="lead", external_id="T-2",
                       job_title="Engineer")  # fmt: skip
    return one, two


def filled(at: datetime, contact: Contact, product: Any) -> None:
    """Something of every kind behind the contact."""
    line = {"product_id": str(product.pk), "quantity": "1", "unit_price": "3"}
    make.order(at, contact_id=str(contact.pk), lines=[line])
    other = make.contact(at, last_name="Giver")
    make.order(at, contact_id=str(other.pk), lines=[line], is_gift=True, gift_recipient_id=str(contact.pk))
    make.interaction(at, contact_id=str(contact.pk), subject="Hello")
    make.interaction(at, contact_id=str(contact.pk), subject="Gone")
    interactions.delete(actor=SYSTEM, record_id=contact.interactions.get(subject="Gone").pk, at=at)
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id=f"device of {contact.pk}")


def test_everything_moves_and_comes_back_to_the_byte(at: datetime, product: Any) -> None:
    one, two = pair(at)
    for contact in (one, two):
        filled(at, contact, product)
    make.pipeline(at)
    make.deal(at, contact_id=str(two.pk))
    before = image()
    later = at + timedelta(days=1)
    merge(later, one, two)
    for reference in references_to(Contact):
        left = reference.rows(two.pk)
        assert not (left.exclude(reference.derived) if reference.derived else left).exists(), reference
    record = Merge.objects.get()
    expected = {"order": 2, "interaction": 2, "deal": 1, "lifecycle_change": 1, "identifier": 1}
    assert {name: record.counts.get(name) for name in expected} == expected
    page = timeline.fetch("contact", Contact, actor=SYSTEM, record_id=one.pk, at=at)
    assert [item["kind"] for item in page.items].count("order") == 2
    unmerge(later, one)
    assert differences(before, image()) == {}


def test_the_winner_is_filled_and_the_loser_is_gone(at: datetime) -> None:
    one, two = pair(at)
    merge(at, one, two)
    winner, loser = fresh(one), fresh(two)
    assert (winner.first_name, winner.email, winner.city) == ("Ada", "ada@example.com", "Bonn")
    assert (winner.phone, winner.external_id, winner.job_title) == ("+4930123456", "T-2", "Engineer")
    assert winner.tags == ["news", "vip"]
    assert winner.custom == {"shoe": 40, "hat": 1.5}
    assert winner.lifecycle_stage == "customer"
    assert (loser.deleted_at, loser.merged_into_id, loser.email) == (at, one.pk, "ada@work.example.com")
    for given in ({"email": "ada@work.example.com"}, {"phone": "+4930123456"}, {"external_id": "T-2"}):
        assert identity.resolve(actor=SYSTEM, at=at, **given)["contact_id"] == str(one.pk)
    assert LifecycleChange.objects.filter(contact=one).count() == 2
    told = OutboxEvent.objects.get(name="contact.merged")
    assert (told.payload["id"], told.payload["contact_id"]) == (str(one.pk), str(two.pk))


def test_the_caller_says_whose_value_counts(at: datetime) -> None:
    one, two = pair(at)
    sides = {"email": "loser", "first_name": "loser", "tags": "winner", "custom.shoe": "loser", "phone": "winner"}
    merge(at, one, two, fields=sides)
    winner = fresh(one)
    assert (winner.email, winner.first_name, winner.tags) == ("ada@work.example.com", "A.", ["vip"])
    assert (winner.custom, winner.phone) == ({"shoe": 41, "hat": 1.5}, None)
    for given in ({"email": "ada@example.com"}, {"phone": "+4930123456"}):
        assert identity.resolve(actor=SYSTEM, at=at, **given)["contact_id"] == str(one.pk)
    with pytest.raises(Invalid) as refusal:
        merge(at, one, make.contact(at, last_name="X"), fields={"email": "both", "id": "loser"})
    assert {fault.pointer for fault in refusal.value.errors} == {"/fields/email", "/fields/id"}


def test_further_stages_win_whichever_side_they_are_on(at: datetime) -> None:
    one = make.contact(at, last_name="One", lifecycle_stage="other")
    two = make.contact(at, last_name="Two", lifecycle_stage="opportunity")
    merge(at, one, two)
    assert fresh(one).lifecycle_stage == "opportunity"


def test_later_changes_stay_when_a_merge_is_undone(at: datetime) -> None:
    one, two = pair(at)
    order = make.order(at, contact_id=str(two.pk), lines=[{"description": "x", "unit_price": "1"}])
    gone = make.interaction(at, contact_id=str(two.pk))
    given_away = make.interaction(at, contact_id=str(two.pk))
    third = make.contact(at, last_name="Third")
    merge(at, one, two)
    values = {"phone": "+4930999999", "tags": ["news", "vip", "new"], "custom": {"hat": 2}}
    contacts.update(actor=SYSTEM, record_id=one.pk, values=values, at=at)
    interactions.update(actor=SYSTEM, record_id=given_away.pk, values={"contact_id": str(third.pk)}, at=at)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM crm_interaction WHERE id = %s", [gone.pk])
    orders.update(actor=SYSTEM, record_id=order.pk, values={"location": "Bonn"}, at=at)
    made_since = make.interaction(at, contact_id=str(one.pk))
    unmerge(at, one)
    winner = fresh(one)
    assert (winner.phone, winner.job_title, winner.external_id) == ("+4930999999", None, None)
    assert (winner.tags, winner.custom) == (["new", "vip"], {"shoe": 40, "hat": 2})
    for row, whose in ((given_away, third), (made_since, one)):
        row.refresh_from_db()
        assert row.contact_id == whose.pk
    order.refresh_from_db()
    assert (order.contact_id, order.location) == (two.pk, "Bonn")
    loser = fresh(two)
    assert (loser.deleted_at, loser.tags, loser.custom) == (None, ["news"], {"shoe": 41, "hat": 1.5})


def three(at: datetime) -> list[Contact]:
    values: list[dict[str, Any]] = [
        {"last_name": "Alder"},
        {"last_name": "Alder", "phone": "+4930000001", "email": "one@example.com", "tags": ["a", "b"]},
        {"last_name": "Elder", "phone": "+4930000002", "email": "two@example.com", "tags": ["b"], "city": "Bonn"},
    ]
    return [make.contact(at, **given) for given in values]


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_merges_into_one_are_undone_in_any_order(at: datetime, order: tuple[int, int]) -> None:
    people = three(at)
    before = image()
    merge(at, *people)
    assert (fresh(people[0]).phone, fresh(people[0]).tags) == ("+4930000001", ["a", "b"])
    unmerge(at, people[0], contact_id=people[order[0]].pk)
    left = people[order[1]]
    winner = fresh(people[0])
    # As if only the other one had ever been merged.
    assert (winner.phone, winner.email, winner.tags, winner.city) == (left.phone, left.email, left.tags, left.city)
    unmerge(at, left)
    assert differences(before, image()) == {}


def test_a_middle_merge_that_a_later_one_replaced_leaves_no_trace(at: datetime) -> None:
    people = three(at)
    before = image()
    for loser in people[1:]:
        merge(at, people[0], loser, fields={"phone": "loser", "email": "loser"})
    unmerge(at, people[1])
    assert fresh(people[0]).phone == "+4930000002"
    assert identity.resolve(actor=SYSTEM, at=at, email="one@example.com")["contact_id"] == str(people[1].pk)
    unmerge(at, people[2])
    assert differences(before, image()) == {}


def test_a_row_that_changed_hands_between_two_merges_goes_back_with_the_second(at: datetime) -> None:
    one, two, three_ = three(at)
    row = make.interaction(at, contact_id=str(two.pk))
    merge(at, one, two)
    interactions.update(actor=SYSTEM, record_id=row.pk, values={"contact_id": str(three_.pk)}, at=at)
    merge(at, one, three_)
    unmerge(at, two)
    row.refresh_from_db()
    assert row.contact_id == one.pk
    unmerge(at, three_)
    row.refresh_from_db()
    assert row.contact_id == three_.pk


def test_a_winner_that_was_merged_itself_comes_first(at: datetime) -> None:
    one, two, three_ = three(at)
    before = image()
    merge(at, two, three_)
    merge(at, one, two)
    found = identity.resolve(actor=SYSTEM, at=at, email="two@example.com")
    assert found["contact_id"] == str(one.pk)
    with pytest.raises(WinnerMerged):
        unmerge(at, three_)
    unmerge(at, two)
    unmerge(at, three_)
    assert differences(before, image()) == {}
    with pytest.raises(NotMerged):
        unmerge(at, one)


def test_what_is_no_more_names_what_took_its_place(at: datetime) -> None:
    one, two, three_ = three(at)
    merge(at, two, three_)
    merge(at, one, two)
    entity = registry.entity("contact")
    selection = reader.default_selection(entity, SYSTEM)
    with pytest.raises(NotFound) as refusal:
        reader.one(entity, three_.pk, actor=SYSTEM, at=at, selection=selection)
    assert refusal.value.data["merged_into"] == str(one.pk)
    with pytest.raises(NotFound) as refusal:
        contacts.update(actor=SYSTEM, record_id=two.pk, values={"city": "Bonn"}, at=at)
    assert refusal.value.data["merged_into"] == str(one.pk)
    with pytest.raises(NotFound) as refusal:
        reader.one(entity, three_.pk, actor=clerk("contact", visibility=Visibility.OWN), at=at, selection=selection)
    assert "merged_into" not in refusal.value.data
    with pytest.raises(ContactMerged):
        contacts.restore(actor=SYSTEM, record_id=two.pk, at=at)
    assert fresh(two).deleted_at is not None


def test_what_cannot_be_merged_is_refused_and_nothing_is_done(at: datetime) -> None:
    one, two, three_ = three(at)
    merge(at, two, three_)
    before = image()
    with pytest.raises(AlreadyMerged):
        merge(at, one, three_)
    with pytest.raises(Invalid):
        merge(at, one, one)
    with pytest.raises(Invalid):
        merge(at, one)
    with pytest.raises(NotFound):
        merge(at, three_, one)
    with pytest.raises(Invalid):
        merges.merge(actor=SYSTEM, record_id=one.pk, at=at, contact_ids=[two.pk, new_id()])
    Contact.objects.filter(pk__in=(one.pk, two.pk)).update(erased_at=at)
    before = image()
    with pytest.raises(PersonErased):
        merge(at, two, one)
    with pytest.raises(MergeNotUndoable):
        merges.unmerge(actor=SYSTEM, record_id=two.pk, at=at)
    assert differences(before, image()) == {}
    assert Merge.objects.count() == 1


def test_an_actor_must_be_allowed_to_write_both(at: datetime) -> None:
    one, two, _ = three(at)
    before = image()
    with pytest.raises(Forbidden):
        merges.merge(actor=clerk("contact", actions=("view", "update")), record_id=one.pk, at=at, contact_id=two.pk)
    with pytest.raises(Forbidden):
        merges.merge(actor=clerk("contact", actions=("view", "merge")), record_id=one.pk, at=at, contact_id=two.pk)
    reader_ = clerk("contact", actions=("view", "update", "merge"), visibility=Visibility.OWN)
    with pytest.raises(NotFound):
        merges.merge(actor=reader_, record_id=one.pk, at=at, contact_id=two.pk)
    assert differences(before, image()) == {}


def test_an_address_that_was_taken_since_keeps_the_loser_where_it_is(at: datetime) -> None:
    one, two, _ = three(at)
    merge(at, one, two)
    contacts.update(actor=SYSTEM, record_id=one.pk, values={"email": "new@example.com"}, at=at)
    make.contact(at, email="one@example.com")
    before = image()
    with pytest.raises(Duplicate):
        unmerge(at, two)
    assert differences(before, image()) == {}
    assert Merge.objects.get().undone_at is None


def test_numbers_and_orders_of_tags_that_python_would_write_otherwise_come_back(at: datetime) -> None:
    one, two, _ = three(at)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE crm_contact SET custom = '{\"price\": 1.10, \"big\": 12345678901234567890.5}', tags = '{z,a,m}' "
            "WHERE id = %s", [one.pk],
        )  # fmt: skip
    before = image()
    merge(at, one, two)
    assert sorted(fresh(one).tags) == ["a", "b", "m", "z"]
    unmerge(at, one)
    assert differences(before, image()) == {}


def test_confidence_and_evidence_of_what_was_known_stay(at: datetime) -> None:
    one, two, _ = three(at)
    values = {"contact_id": str(two.pk), "kind": "anonymous_id", "value": "d", "confidence": "0.5"}
    known = identifiers.create(actor=SYSTEM, values=values, at=at)
    merge(at, one, two)
    moved = Identifier.objects.get(pk=known.pk)
    assert (moved.contact_id, moved.confidence) == (one.pk, Decimal("0.500"))


def test_companies_of_the_two_stay_as_they_are(at: datetime) -> None:
    company = make.company(at, name="Acme")
    one, two, _ = three(at)
    contacts.update(actor=SYSTEM, record_id=two.pk, values={"company_id": str(company.pk)}, at=at)
    merge(at, one, two)
    assert fresh(one).company_id == company.pk
    companies.update(actor=SYSTEM, record_id=company.pk, values={"name": "Acme 2"}, at=at)
    unmerge(at, one)
    assert (fresh(one).company_id, fresh(two).company_id) == (None, company.pk)


def test_every_key_to_a_contact_has_an_index() -> None:
    """A merge looks for the loser in each of these columns."""
    query = """
        SELECT EXISTS (
            SELECT FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
            WHERE i.indrelid = %s::regclass AND a.attname = %s
            AND coalesce(pg_get_expr(i.indpred, i.indrelid), '') IN ('', '(' || a.attname || ' IS NOT NULL)')
        )
    """
    without = []
    with connection.cursor() as cursor:
        for reference in references_to(Contact):
            cursor.execute(query, [reference.table, reference.column])
            if not cursor.fetchone()[0]:
                without.append(f"{reference.table}.{reference.column}")
    assert without == []


def test_orders_are_among_what_moves() -> None:
    found = {(reference.model, reference.name) for reference in references_to(Contact)}
    assert {(Order, "contact"), (Order, "gift_recipient"), (Identifier, "contact")} <= found


def test_values_of_custom_references_follow_and_go_back(at: datetime) -> None:
    for entity in ("deal", "contact"):
        definition = {"entity": entity, "key": "brought_by", "label": "Brought by", "type": "reference"}
        custom_fields.create(actor=SYSTEM, values=definition | {"target": "contact"}, at=at)
    winner, loser, third = (make.contact(at, first_name=name) for name in ("Ada", "Adda", "Eve"))
    make.pipeline(at)
    deals_of = [make.deal(at, custom={"brought_by": str(one.pk)}) for one in (winner, loser)]
    contacts.update(actor=SYSTEM, record_id=third.pk, values={"custom": {"brought_by": str(loser.pk)}}, at=at)

    def told() -> list[Any]:
        rows = [*Deal.objects.order_by("pk"), *Contact.objects.order_by("pk")]
        return [row.custom.get("brought_by") for row in rows]

    before = told()
    assert before.count(str(loser.pk)) == 2
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=loser.pk)
    assert told() == [str(winner.pk) if one == str(loser.pk) else one for one in before]
    # What was said since stays.
    assert [deal.custom["brought_by"] for deal in Deal.objects.filter(pk__in=[one.pk for one in deals_of])] == [
        str(winner.pk)
    ] * 2
    merges.unmerge(actor=SYSTEM, record_id=winner.pk, at=at)
    assert told() == before


def test_custom_references_of_two_merges_go_back_in_any_order(at: datetime) -> None:
    definition = {"entity": "deal", "key": "k" * 63, "label": "Brought by", "type": "reference", "target": "contact"}
    custom_fields.create(actor=SYSTEM, values=definition, at=at)
    one, two, three = (make.contact(at, first_name=name) for name in ("A", "B", "C"))
    make.pipeline(at)
    deal = make.deal(at, custom={"k" * 63: str(one.pk)})
    for first in (one, two):
        merges.merge(actor=SYSTEM, record_id=two.pk, at=at, contact_id=one.pk)
        merges.merge(actor=SYSTEM, record_id=three.pk, at=at, contact_id=two.pk)
        deal.refresh_from_db()
        assert deal.custom == {"k" * 63: str(three.pk)}
        merges.unmerge(actor=SYSTEM, record_id=three.pk, at=at, contact_id=two.pk)
        deal.refresh_from_db()
        assert deal.custom == {"k" * 63: str(two.pk)}
        merges.unmerge(actor=SYSTEM, record_id=two.pk, at=at, contact_id=one.pk)
        deal.refresh_from_db()
        assert deal.custom == {"k" * 63: str(one.pk)}, first
