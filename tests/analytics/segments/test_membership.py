"""Members follow what is recorded: by marks as from scratch, through every way of writing, told exactly once."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction

from analytics.models import Segment, SegmentChange, SegmentMark, SegmentMembership
from analytics.selectors import segments as selector
from analytics.services.segments import evaluation, maintenance, members, reading, watching
from analytics.services.segments.definitions import segments
from core.actors import SYSTEM, Visibility
from core.errors import Conflict, Invalid, NotFound
from core.models.outbox import OutboxEvent
from crm.models import Contact, Order, OrderLine, Product
from crm.services import merges
from crm.services.catalogue import products
from crm.services.companies import companies
from crm.services.contacts import contacts
from crm.services.custom_fields import custom_fields
from tests.analytics.support import contact, line, order, other_writer
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db(transaction=True)
AT = datetime(2026, 3, 1, 12, tzinfo=UTC)

BUYERS = {"field": "orders", "op": "any", "where": {"field": "total", "op": "gte", "value": "50"}}
RECENT = {"field": "orders", "op": "any", "within": "30d"}
IN_SOFTWARE = {"field": "company.industry", "op": "eq", "value": "software"}
BY_PRODUCT = {
    "field": "orders", "op": "any",
    "where": {"field": "lines", "op": "any", "where": {"field": "product.category", "op": "eq", "value": "tea"}},
}  # fmt: skip
LINES = {
    "field": "orders", "op": "any",
    "where": {"field": "lines", "op": "any", "where": {"field": "quantity", "op": "gte", "value": "2"}},
}  # fmt: skip


def segment(key: str, filter: Any = None, kind: str = "dynamic", **values: Any) -> Segment:
    given = {"name": key, "key": key, "kind": kind, **({"filter": filter} if filter is not None else {}), **values}
    return segments.create(actor=SYSTEM, values=given, at=AT)


def inside(of: Segment) -> set[UUID]:
    rows = SegmentMembership.objects.filter(segment=of, deleted_at__isnull=True)
    found = list(rows.values_list("contact_id", flat=True))
    assert len(found) == len(set(found))
    return set(found)


def told() -> Counter[tuple[str, str, str]]:
    """(event, segment, contact), each as often as it was published."""
    rows = OutboxEvent.objects.filter(name__in=("segment.entered", "segment.left"))
    return Counter((row.name, row.payload["key"], one) for row in rows for one in row.payload["contact_ids"])


def run(at: datetime = AT) -> None:
    assert maintenance.run(at=at)


def from_scratch(of: Segment, at: datetime) -> set[UUID]:
    meaning = reading.understand(of.filter, actor=SYSTEM)
    sql, values = evaluation.matching(meaning, actor=SYSTEM, at=at)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {key for (key,) in cursor.fetchall()}


def test_members_enter_and_leave_with_what_happens_and_each_is_told_once() -> None:
    who, vip = contact(), segment("vip", BUYERS)
    run()
    assert inside(vip) == set()
    placed = order(who, AT, Decimal(60))
    run()
    assert inside(vip) == {who.pk}
    Order.objects.filter(pk=placed.pk).update(subtotal=10, total=10)
    run()
    run()
    assert inside(vip) == set()
    key = str(who.pk)
    assert told() == {("segment.entered", "vip", key): 1, ("segment.left", "vip", key): 1}
    vip.refresh_from_db()
    assert (vip.size, vip.status) == (0, "ready")
    page = selector.sizes(actor=SYSTEM, record_id=vip.pk, at=AT)
    assert [(item["entered"], item["left"], item["size"]) for item in page.items] == [(0, 1, 0), (1, 0, 1)]


@pytest.mark.parametrize("tree", [LINES, BY_PRODUCT, IN_SOFTWARE, {"field": "tags", "op": "has", "value": "x"}])
def test_each_way_to_a_contact_is_watched(tree: Any) -> None:
    company = companies.create(actor=SYSTEM, values={"name": "C"}, at=AT)
    who = contact(company_id=company.pk)
    tea = products.create(actor=SYSTEM, values={"name": "P"}, at=AT)
    bought = line(order(who, AT, 5), 0, product_id=tea.pk)
    made = segment("some", tree)
    run()
    assert inside(made) == set()
    later = AT + timedelta(minutes=3)
    Product.objects.filter(pk=tea.pk).update(category="tea")
    OrderLine.objects.filter(pk=bought.pk).update(quantity=3)
    Contact.objects.filter(pk=who.pk).update(tags=["x"])
    companies.update(actor=SYSTEM, record_id=company.pk, values={"industry": "software"}, at=AT)
    run(later)
    assert inside(made) == {who.pk}


def test_time_alone_moves_members() -> None:
    who, recent = contact(), segment("recent", RECENT)
    order(who, AT - timedelta(days=29), 5)
    run()
    assert inside(recent) == {who.pk}
    run(AT + timedelta(days=2))
    assert inside(recent) == set()


def test_a_deleted_custom_field_breaks_a_segment_and_its_members_stay() -> None:
    values = {"entity": "contact", "key": "colour", "type": "text", "label": "Colour"}
    made = custom_fields.create(actor=SYSTEM, values=values, at=AT)
    who = contacts.create(actor=SYSTEM, values={"last_name": "A", "custom": {"colour": "red"}}, at=AT)
    red = segment("red", {"field": "custom.colour", "op": "eq", "value": "red"})
    run()
    custom_fields.delete(actor=SYSTEM, record_id=made.pk, at=AT)
    run()
    red.refresh_from_db()
    assert red.status == "broken"
    assert "colour" in red.error
    assert inside(red) == {who.pk}
    custom_fields.restore(actor=SYSTEM, record_id=made.pk, at=AT)
    run()
    red.refresh_from_db()
    assert (red.status, red.error) == ("ready", None)


@pytest.mark.parametrize(
    ("tree", "pointer"),
    [
        ({"field": "nothing", "op": "eq", "value": 1}, "/filter/field"),
        ({"and": [{"field": "created_at", "op": "eq", "value": "soon"}]}, "/filter/and/0/value"),
        ({"field": "segments", "op": "any"}, "/filter"),
        ({"field": "segments", "op": "any", "where": {"field": "key", "op": "eq", "value": "bad"}}, "/filter"),
    ],
)
def test_what_cannot_be_understood_is_refused_where_it_stands(tree: Any, pointer: str) -> None:
    with pytest.raises(Invalid) as refusal:
        segment("bad", tree)
    assert refusal.value.errors[0].pointer == pointer


def test_segments_are_made_of_segments_but_not_of_themselves() -> None:
    who, vip = contact(), segment("vip", BUYERS)
    not_vip = segment(
        "not-vip", {"not": {"field": "segments", "op": "any", "where": {"field": "key", "op": "eq", "value": "vip"}}}
    )
    run()
    assert inside(not_vip) == {who.pk}
    order(who, AT, 60)
    run()
    assert (inside(vip), inside(not_vip)) == ({who.pk}, set())
    circle = {"field": "segments", "op": "any", "where": {"field": "key", "op": "eq", "value": "not-vip"}}
    with pytest.raises(Invalid):
        segments.update(actor=SYSTEM, record_id=vip.pk, values={"filter": circle}, at=AT)
    with pytest.raises(Conflict):
        segments.delete(actor=SYSTEM, record_id=vip.pk, at=AT)


def test_a_snapshot_is_frozen_and_a_manual_one_is_kept_by_hand() -> None:
    who, later = contact(), None
    frozen, hand = segment("frozen", {}, kind="snapshot"), segment("hand", kind="manual")
    run()
    later = contact()
    answer = members.add(actor=SYSTEM, record_id=hand.pk, at=AT, contact_ids=[later.pk, frozen.pk])
    assert [item["result"] for item in answer["items"]] == ["added", "not_found"]
    run()
    copy = segment("copy", kind="snapshot", source_id=str(hand.pk))
    run()
    assert (inside(frozen), inside(hand), inside(copy)) == ({who.pk}, {later.pk}, {later.pk})
    assert members.remove(actor=SYSTEM, record_id=hand.pk, at=AT, contact_ids=[later.pk])["size"] == 0
    with pytest.raises(Conflict):
        members.add(actor=SYSTEM, record_id=frozen.pk, at=AT, contact_ids=[later.pk])


def test_deletion_restore_merge_and_erasure_of_members() -> None:
    one, two, three = contact(), contact(), contact()
    hand = segment("hand", kind="manual")
    members.add(actor=SYSTEM, record_id=hand.pk, at=AT, contact_ids=[one.pk, two.pk])
    contacts.delete(actor=SYSTEM, record_id=one.pk, at=AT)
    run()
    assert inside(hand) == {two.pk}
    contacts.restore(actor=SYSTEM, record_id=one.pk, at=AT)
    run()
    assert inside(hand) == {one.pk, two.pk}
    merges.merge(actor=SYSTEM, record_id=three.pk, contact_ids=[two.pk], at=AT)
    run()
    assert inside(hand) == {one.pk, three.pk}
    with transaction.atomic():
        SegmentMembership.objects.filter(contact=one).delete()
    run()
    hand.refresh_from_db()
    assert (inside(hand), hand.size) == ({three.pk}, 1)
    _each_transition_once()


def test_members_are_shown_as_far_as_the_caller_sees_them() -> None:
    mine, _, everybody = contact(), contact(), segment("all", {})
    run()
    seer = clerk("segment", "contact")
    assert len(selector.members(actor=seer, record_id=everybody.pk, at=AT, limit=1).items) == 1
    page = selector.members(actor=seer, record_id=everybody.pk, at=AT, limit=1)
    rest = selector.members(actor=seer, record_id=everybody.pk, at=AT, limit=1, after=page.next_cursor)
    assert {item["contact_id"] for item in (*page.items, *rest.items)} == {str(key) for key in inside(everybody)}
    own = clerk("segment", "contact", visibility=Visibility.OWN)
    with pytest.raises(NotFound):
        selector.members(actor=own, record_id=everybody.pk, at=AT)
    assert mine.pk in inside(everybody)


def test_nobody_asks_with_another_persons_sight() -> None:
    own = clerk("segment", "contact", visibility=Visibility.OWN)
    values = {"name": "N", "key": "n", "kind": "dynamic", "filter": {}, "owner_id": None}
    with pytest.raises(Exception) as refusal:  # noqa: PT011 - of either kind
        segments.create(actor=own, values=values, at=AT)
    assert refusal.type.__name__ in ("Invalid", "Forbidden")
    assert not Segment.objects.exists()


def test_a_change_that_is_not_committed_yet_is_taken_once_it_is() -> None:
    who, vip = contact(), segment("vip", {"field": "region", "op": "eq", "value": "north"})
    run()
    with other_writer() as writer:
        writer.execute("UPDATE crm_contact SET region = 'north' WHERE id = %s", [who.pk])
        run()
        assert inside(vip) == set()
        writer.commit()
    run()
    assert inside(vip) == {who.pk}


def test_a_killed_pass_leaves_marks_and_members_as_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    who, vip = contact(), segment("vip", BUYERS)
    run()
    order(who, AT, 60)
    with monkeypatch.context() as patch:
        patch.setattr(evaluation, "settle", _killed)
        with pytest.raises(KeyboardInterrupt):
            maintenance.run(at=AT)
    assert inside(vip) == set()
    assert SegmentMark.objects.filter(entity="order").exists()
    run()
    assert inside(vip) == {who.pk}


def test_only_the_contacts_that_are_marked_are_evaluated() -> None:
    """A change without a mark stays unseen, until everybody is evaluated."""
    who, vip = contact(), segment("vip", {"field": "region", "op": "eq", "value": "north"})
    run()
    Contact.objects.filter(pk=who.pk).update(region="north")
    SegmentMark.objects.all().delete()
    run()
    assert inside(vip) == set()
    maintenance.evaluate(segment_id=vip.pk, at=AT)
    assert inside(vip) == {who.pk}


def test_the_triggers_are_what_the_registry_says() -> None:
    assert watching.install("default") == 0


@pytest.mark.parametrize("seed", range(6))
def test_by_marks_is_as_from_scratch(seed: int) -> None:
    """Random operations, now and then a pass or a kill: in the end every segment is as evaluated from scratch."""
    source, at = random.Random(seed), AT
    company = companies.create(actor=SYSTEM, values={"name": "C"}, at=AT)
    people = [contact(company_id=company.pk if n % 2 else None) for n in range(6)]
    trees = (BUYERS, RECENT, IN_SOFTWARE, LINES, {"not": BUYERS}, {"field": "region", "op": "eq", "value": "north"})
    made = [segment(f"s{n}", tree) for n, tree in enumerate(trees)]
    for _ in range(25):
        at += timedelta(days=source.choice((0, 0, 1, 12)))
        _something(source, people, company, at)
        if source.random() < 0.3:
            run(at)
    run(at)
    run(at)
    for each in made:
        each.refresh_from_db()
        assert inside(each) == from_scratch(each, at), each.key
        assert each.size == len(inside(each))
    _each_transition_once()


def _something(source: random.Random, people: list[Contact], company: Any, at: datetime) -> None:  # noqa: C901
    who = source.choice(people)
    alive = Contact.objects.alive().filter(pk=who.pk).exists()
    match source.randrange(8):
        case 0:
            line(
                order(who, at - timedelta(days=source.randrange(60)), source.choice((20, 80))),
                0,
                quantity=source.randrange(1, 4),
            )
        case 1:
            Order.objects.filter(contact=who).update(**dict.fromkeys(("subtotal", "total"), source.choice((10, 90))))
        case 2:
            Order.objects.filter(contact=who).delete()
        case 3:
            Contact.objects.filter(pk__in=[item.pk for item in people[:4]]).update(
                region=source.choice(("north", None))
            )
        case 4:
            values = {"industry": source.choice(("software", "retail"))}
            companies.update(actor=SYSTEM, record_id=company.pk, values=values, at=at)
        case 5 if alive:
            contacts.delete(actor=SYSTEM, record_id=who.pk, at=at)
        case 5 if not Contact.objects.get(pk=who.pk).merged_into_id:
            contacts.restore(actor=SYSTEM, record_id=who.pk, at=at)
        case 6:
            other = source.choice(people)
            both = Contact.objects.alive().filter(pk__in=[who.pk, other.pk]).count()
            if both == 2 and source.random() < 0.3:
                merges.merge(actor=SYSTEM, record_id=who.pk, contact_ids=[other.pk], at=at)
        case 7:
            people.append(contact())


def _each_transition_once() -> None:
    """What was published adds up to who is in: never twice in, never twice out."""
    names = dict(Segment.objects.values_list("pk", "key"))
    now_in = Counter(
        (names[one], str(who))
        for one, who in SegmentMembership.objects.filter(deleted_at__isnull=True).values_list(
            "segment_id", "contact_id"
        )
    )
    balance: Counter[tuple[str, str]] = Counter()
    for row in OutboxEvent.objects.filter(name__in=("segment.entered", "segment.left")).order_by("sequence"):
        for who in row.payload["contact_ids"]:
            balance[row.payload["key"], who] += 1 if row.name == "segment.entered" else -1
    assert {key: count for key, count in balance.items() if count} == dict(now_in)
    assert not SegmentChange.objects.filter(size__isnull=True).exists()


def _killed(*_: Any) -> None:
    raise KeyboardInterrupt
