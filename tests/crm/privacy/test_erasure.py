from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection

from analytics.lake import syncing
from core import idempotency, jobs, registry
from core.actors import SYSTEM
from core.criteria import to_q
from core.errors import Conflict, Forbidden, Invalid, NotFound, PersonErased
from core.idempotency import Answer
from core.ids import new_id
from core.models import Change, Export, OutboxEvent
from core.models.imports import Import, ImportProblem
from core.personal import holders
from core.personal.holders import Holder, Subject
from crm.errors import OnLegalHold
from crm.models import Contact, CustomField, Deal, Erasure, File, Interaction, Order, Suppression
from crm.services import erasures, legal_holds, merges
from crm.services.consent import consents, may_contact
from crm.services.contacts import contacts
from crm.services.custom_fields import custom_fields
from crm.services.files import files as attached
from crm.services.interactions import interactions
from crm.services.lifecycle_rules import lifecycle_rules
from crm.services.orders import orders
from tests.crm import make
from tests.support import cleaning, marker
from tests.support.actors import clerk
from tests.support.samples import Samples

pytestmark = pytest.mark.django_db

WORD = "Quetzalcoatl"
MAIL = f"{WORD.lower()}@example.com"


# What a record says of itself: words of the organisation, numbers, places.
NO_TEXT_ABOUT_PEOPLE: dict[str, set[str]] = {
    "case": {"number"},
    "consent": {"source"},
    "deal": {"source"},
    "event": {"name", "place", "source"},
    "interaction": {"kind", "outcome"},
    "referral": {"channel"},
    # What the campaign is called, the same for everybody whom it brought.
    "touch": {"source", "medium", "campaign_code", "term", "content", "channel"},
    # An invoice leads to it.
    "order": {"number", "external_id", "location", "coupon_code"},
}


def person(at: datetime, **values: Any) -> Contact:
    """Somebody whose every text says who they are."""
    named = ("first_name", "last_name", "job_title", "source_detail", "city", "external_id")
    told: dict[str, Any] = {name: f"{WORD} {name}" for name in named}
    made_field("a_word")
    company = make.company(at, name="Company")
    given = told | {"email": MAIL, "phone": "+3225551234", "birth_date": "1970-02-01", "tags": [f"{WORD} tag"]}
    given |= {
        "custom": {"a_word": WORD},
        "company_id": str(company.pk),
        "country": "BE",
        "region": "North",
        "source": "web",
    }
    return make.contact(at, **(given | values))


def made_field(key: str) -> None:
    CustomField.objects.get_or_create(entity="contact", key=key, type="text", label=key)


def life(at: datetime, contact: Contact) -> None:
    """What such a person leaves behind."""
    key = str(contact.pk)
    product = make.product(at, name="Tea", unit_price="3.33")
    line = {"product_id": str(product.pk), "quantity": "3"}
    bought = make.order(at - timedelta(days=40), contact_id=key, lines=[line])
    first = bought.lines.get()
    orders.return_line(
        actor=SYSTEM, record_id=bought.pk, at=at, line_id=first.pk, quantity=1, reason=f"{WORD} broke it"
    )
    texts = {"subject": f"{WORD} calls", "body": f"I am {WORD}", "data": {"name": WORD}, "external_id": f"<{MAIL}>"}
    call = make.interaction(at, contact_id=key, minutes="4.5", **texts)
    interactions.update(actor=SYSTEM, record_id=call.pk, values={"subject": f"{WORD} called"}, at=at)
    make.pipeline(at)
    make.deal(at, name=f"{WORD} deal", contact_id=key, amount="100", tags=[f"{WORD} tag"])
    values = {"contact_id": key, "channel": "email", "purpose": "marketing", "status": "granted"}
    consents.create(actor=SYSTEM, values=values | {"proof": {"from": MAIL}}, at=at)
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"city": f"New {WORD}"}, at=at)


def erase(at: datetime, contact: Contact, **values: Any) -> None:
    given = {"reason": "asked for it", "confirm": True, **values}
    erasures.erase(actor=SYSTEM, record_id=contact.pk, at=at, **given)


def totals() -> dict[str, Any]:
    """What groups add up to, by what an erased person still counts in."""
    with connection.cursor() as cursor:
        cursor.execute("""
            SELECT 'orders', c.country, c.region, c.source, c.lifecycle_stage, count(*), sum(o.total),
                sum(o.returned_total)
            FROM crm_order o JOIN crm_contact c ON c.id = o.contact_id GROUP BY 2, 3, 4, 5
            UNION ALL SELECT 'calls', channel, '', '', '', count(*), sum(minutes), 0 FROM crm_interaction GROUP BY 2
            UNION ALL SELECT 'deals', status, '', '', '', count(*), sum(amount), 0 FROM crm_deal GROUP BY 2
            UNION ALL SELECT 'consents', purpose, channel, status, '', count(*), 0, 0 FROM crm_consent GROUP BY 2, 3, 4
            UNION ALL SELECT 'contacts', country, region, source, lifecycle_stage, count(*), 0, 0 FROM crm_contact
            GROUP BY 2, 3, 4, 5 ORDER BY 1, 2, 3, 4
        """)
        return {"rows": cursor.fetchall()}


def test_the_person_goes_and_totals_stay(at: datetime) -> None:
    contact = person(at)
    life(at, contact)
    other = make.contact(at, first_name="Eve", email="eve@example.com")
    make.interaction(at, contact_id=str(other.pk), subject="Hello")
    before, changes = totals(), Change.objects.count()
    assert len(marker.in_database(WORD)) > 6
    erase(at, contact)
    assert marker.in_database(WORD) == []
    assert marker.in_database("3225551234") == []
    assert totals() == before
    contact.refresh_from_db()
    assert (contact.erased_at, contact.name, contact.country, contact.source) == (at, None, "BE", "web")
    assert Interaction.objects.get(contact=other).subject == "Hello"
    kept = Change.objects.filter(record_id=contact.pk, operation="update").order_by("id").first()
    assert kept is not None
    assert (kept.after, kept.actor_label) == ({"city": None}, "system")
    assert Change.objects.count() > changes
    assert OutboxEvent.objects.filter(name="contact.erased", payload__id=str(contact.pk)).count() == 1


def test_erasing_twice_is_erasing_once(at: datetime) -> None:
    contact = person(at)
    life(at, contact)
    erase(at, contact, suppress_addresses=True)
    contact.refresh_from_db()
    erase(at + timedelta(days=1), contact)
    again = Contact.objects.get(pk=contact.pk)
    assert (again.version, again.erased_at) == (contact.version, at)
    erasure = Erasure.objects.get()
    assert (erasure.at, erasure.is_suppressed, len(erasure.hashes)) == (at, True, 3)
    assert Suppression.objects.count() == 3


def test_an_erased_person_is_not_written_to_should_they_come_back(at: datetime) -> None:
    erase(at, person(at), suppress_addresses=True)
    back = make.contact(at, email=MAIL)
    values = {"contact_id": str(back.pk), "channel": "email", "purpose": "marketing", "status": "granted"}
    consents.create(actor=SYSTEM, values=values, at=at)
    (answer,) = may_contact(contact_ids=[back.pk], channel="email", purpose="marketing", at=at)
    assert answer.reason == "suppressed"
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"erasure"}


def test_nothing_comes_back_to_an_erased_contact(at: datetime) -> None:
    contact = person(at)
    erase(at, contact)
    with pytest.raises(PersonErased):
        contacts.update(actor=SYSTEM, record_id=contact.pk, values={"email": MAIL}, at=at)
    values = {"contact_id": str(contact.pk), "channel": "email", "purpose": "marketing", "status": "granted"}
    with pytest.raises(PersonErased):
        consents.create(actor=SYSTEM, values=values, at=at)
    contacts.change_stage(actor=SYSTEM, record_id=contact.pk, at=at, lifecycle_stage="customer")
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    contacts.restore(actor=SYSTEM, record_id=contact.pk, at=at)
    assert marker.in_database(WORD) == []


def test_a_legal_hold_keeps_everything(at: datetime) -> None:
    contact = person(at)
    legal_holds.hold(actor=SYSTEM, record_id=contact.pk, at=at, reason="lawsuit 17")
    before = marker.in_database(WORD)
    with pytest.raises(OnLegalHold) as refusal:
        erase(at, contact)
    assert refusal.value.data["reason"] == "lawsuit 17"
    assert marker.in_database(WORD) == before
    assert not Erasure.objects.exists()
    legal_holds.release(actor=SYSTEM, record_id=contact.pk, at=at)
    erase(at, contact)
    with pytest.raises(Conflict):
        legal_holds.hold(actor=SYSTEM, record_id=contact.pk, at=at, reason="too late")


def test_what_is_refused_changes_nothing(at: datetime) -> None:
    contact = person(at)
    before = marker.in_database(WORD)
    given = {"record_id": contact.pk, "at": at, "reason": "x"}
    with pytest.raises(Invalid):
        erasures.erase(actor=SYSTEM, confirm=False, **given)
    with pytest.raises(Forbidden):
        erasures.erase(actor=clerk("contact"), confirm=True, **given)
    with pytest.raises(NotFound):
        erasures.erase(actor=SYSTEM, confirm=True, **(given | {"record_id": new_id()}))
    assert marker.in_database(WORD) == before


def test_a_deleted_contact_can_be_erased(at: datetime) -> None:
    contact = person(at)
    contacts.delete(actor=SYSTEM, record_id=contact.pk, at=at)
    erase(at, contact)
    assert marker.in_database(WORD) == []


def test_those_merged_into_the_person_go_too(at: datetime) -> None:
    winner = person(at)
    loser = person(at, email=f"old.{MAIL}", external_id=f"{WORD} old", phone="+3225559999")
    life(at, loser)
    merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=loser.pk)
    erase(at, winner, suppress_addresses=True)
    assert marker.in_database(WORD) == []
    assert marker.in_database("3225559999") == []
    loser.refresh_from_db()
    assert loser.erased_at == at
    assert Suppression.objects.filter(channel="email").count() == 2
    with pytest.raises(Conflict):
        merges.unmerge(actor=SYSTEM, record_id=winner.pk, at=at)
    assert marker.in_database(WORD) == []


OF_A_CONTACT = [
    item.name
    for item in registry.entities()
    if item.writes is not None
    and "create" in item.verbs
    and any(field.name == "contact_id" and field.writable for field in item.fields)
]


@pytest.mark.parametrize("name", OF_A_CONTACT)
def test_no_text_of_any_kind_of_record_is_left(at: datetime, name: str) -> None:
    """Every free text that a record of a person can have is emptied, or is listed here as no text about people."""
    contact = person(at)
    samples = Samples(at=at, marker=f"{WORD} ")
    entity = registry.entity(name)
    only = {other: None for other in ("company_id", "deal_id", "case_id", "order_id") if other in entity.by_name}
    made = samples.make(name, full=True, **only, contact_id=str(contact.pk))
    erase(at, contact)
    row = entity.model._default_manager.filter(pk=made.pk).values().first() or {}
    left = {key for key, value in row.items() if WORD in str(value)}
    assert left <= NO_TEXT_ABOUT_PEOPLE.get(name, set())
    changes = Change.objects.filter(record_id=made.pk).values_list("before", "after")
    told = {key for sides in changes for side in sides for key, value in (side or {}).items() if WORD in str(value)}
    assert told <= left


def test_tags_of_their_cases_go(at: datetime) -> None:
    contact = person(at)
    make.case(at, contact_id=str(contact.pk), tags=[f"{WORD} case"])
    erase(at, contact)
    assert marker.in_database(WORD) == []


def test_kept_answers_are_blanked_and_their_keys_stay_used(at: datetime) -> None:
    contact = person(at)
    runs: list[int] = []

    def work() -> Answer:
        runs.append(1)
        return Answer(200, f'{{"email": "{MAIL}"}}'.encode())

    call = {"actor": SYSTEM, "key": "k", "fingerprint": "f", "at": at, "work": work}
    other = {**call, "key": "other", "work": lambda: Answer(200, b'{"email": "eve@example.com"}')}
    idempotency.once(**call)
    idempotency.once(**other)
    erase(at, contact)
    assert idempotency.once(**call).body == b'{"erased":true}'
    assert b"eve" in idempotency.once(**other).body
    assert len(runs) == 1


def test_files_and_holders_are_asked_until_nothing_is_left(at: datetime, places: Path) -> None:
    contact = person(at)
    name = default_storage.save("letter.txt", ContentFile(WORD.encode()))
    asked: list[Subject] = []

    def forget(subject: Subject, at: datetime) -> bool:
        asked.append(subject)
        if len(asked) == 1:
            raise OSError("the storage is away")
        return len(asked) > 2

    holders.register(Holder("a_test", forget))
    try:
        erase(at, contact)
        Erasure.objects.update(files=[name])
        erasure = Erasure.objects.get()
        assert not erasures.finish(erasure_id=erasure.pk, at=at)
        assert marker.in_files(WORD) == []
        assert not erasures.finish(erasure_id=erasure.pk, at=at)
        assert erasures.finish(erasure_id=erasure.pk, at=at)
        assert erasures.finish(erasure_id=erasure.pk, at=at)
    finally:
        holders.unregister("a_test")
    erasure.refresh_from_db()
    assert (erasure.completed_at, erasure.files, len(asked)) == (at, [], 3)
    assert asked[0].ids == {contact.pk}
    assert asked[0].knows("email", MAIL.upper())
    assert not asked[0].knows("email", "eve@example.com")


def test_files_on_the_person_and_their_content_go(at: datetime, places: Path) -> None:
    contact = person(at)
    letter = SimpleUploadedFile("letter.txt", f"I am {WORD}".encode())
    attached.upload(actor=SYSTEM, at=at, file=letter, contact_id=contact.pk)
    assert marker.in_files(WORD)
    erase(at, contact)
    assert erasures.finish(erasure_id=Erasure.objects.get().pk, at=at)
    assert marker.in_files(WORD) == []
    assert marker.in_database(WORD) == []
    assert not File.objects.exists()


def test_files_of_exports_that_may_show_the_person_go(at: datetime, places: Path) -> None:
    contact = person(at)
    paths = [default_storage.save(name, ContentFile(WORD.encode())) for name in ("people.csv", "tags.csv")]
    for path, kind in zip(paths, ("contact", "tag"), strict=True):
        reach = {"grants": {kind: {"view": ["all"]}}}
        job = jobs.start(kind="export", parameters={}, actor=SYSTEM, at=at)
        Export.objects.create(entity=kind, format="csv", reach=reach, path=path, job=job, created_at=at, updated_at=at)
    erase(at, contact)
    assert erasures.finish(erasure_id=Erasure.objects.get().pk, at=at)
    assert list(Export.objects.order_by("pk").values_list("path", flat=True)) == ["", paths[1]]
    assert not default_storage.exists(paths[0])
    assert default_storage.exists(paths[1])


def test_files_of_imports_go_once_nobody_reads_them(at: datetime, places: Path) -> None:
    contact = person(at)
    path = default_storage.save("imports/one", ContentFile(WORD.encode()))
    values = {"name": "people.csv", "entity": "contact", "format": "csv", "size": 1, "sha256": "0", "signature": "s"}
    values |= {"preview": [{"name": WORD}], "created_at": at, "updated_at": at, "expires_at": at + timedelta(days=9)}
    made = Import.objects.create(path=path, status="committing", **values)
    ImportProblem.objects.create(source=made, row=1, cells=[WORD], errors=[])
    erase(at, contact)
    key = Erasure.objects.get().pk
    assert not erasures.finish(erasure_id=key, at=at)
    assert default_storage.exists(path)
    Import.objects.update(status="committed")
    assert erasures.finish(erasure_id=key, at=at)
    assert marker.in_database(WORD) == []
    assert marker.in_files(WORD) == []


@pytest.mark.django_db(transaction=True)
def test_the_lake_forgets_and_its_old_files_go(at: datetime) -> None:
    contact = person(at)
    life(at, contact)
    syncing.sync(at=at)
    assert marker.in_lake(WORD)
    erase(at, contact)
    assert erasures.finish(erasure_id=Erasure.objects.get().pk, at=at)
    assert marker.in_lake(WORD) == []
    assert marker.in_lake(str(contact.pk))


@pytest.mark.django_db(transaction=True)
def test_whoever_restores_an_old_backup_erases_again(at: datetime) -> None:
    contact = person(at)
    life(at, contact)
    gone = make.contact(at, first_name="Eve", email="eve@example.com")
    syncing.sync(at=at)
    backup = cleaning._rows(cleaning._filled())
    later = at + timedelta(days=3)
    erase(later, contact, suppress_addresses=True)
    erasures.finish_all(at=later)
    assert marker.in_database(WORD) == []
    cleaning._put_back(backup)
    assert marker.in_database(WORD)
    assert not Suppression.objects.exists()
    for _ in range(2):
        call_command("replay_erasures")
        assert marker.in_database(WORD) == []
        assert marker.in_files(WORD) == []
        assert marker.in_lake(WORD) == []
    contact.refresh_from_db()
    assert contact.erased_at == later
    assert Contact.objects.get(pk=gone.pk).first_name == "Eve"
    assert Order.objects.get().contact_id == contact.pk
    assert Suppression.objects.count() == 3
    assert Erasure.objects.get().completed_at is not None


def test_custom_references_to_the_person_are_taken_out(at: datetime) -> None:
    contact, other = person(at), make.contact(at, first_name="Eve")
    field = {"entity": "deal", "key": "brought_by", "label": "Brought by", "type": "reference", "target": "contact"}
    custom_fields.create(actor=SYSTEM, values=field, at=at)
    make.pipeline(at)
    deals = [make.deal(at, custom={"brought_by": str(one.pk)}) for one in (contact, other)]
    erase(at, contact)
    told = [Deal.objects.get(pk=deal.pk).custom for deal in deals]
    assert told == [{}, {"brought_by": str(other.pk)}]
    with pytest.raises(PersonErased):
        make.deal(at, custom={"brought_by": str(contact.pk)})


def test_a_rule_that_named_the_person_goes_on_and_finds_nobody(at: datetime) -> None:
    contact, other = person(at, last_name="London"), make.contact(at, first_name="Eve", city="London")
    named = {"field": "email", "value": MAIL}
    criteria = {"or": [named, {"field": "phone", "value": "+32 2 555 12 34"}, {"field": "city", "value": "London"}]}
    rule = {"name": f"For {MAIL}", "trigger": "touch", "to_stage": "customer", "criteria": criteria}
    made = lifecycle_rules.create(actor=SYSTEM, values=rule, at=at)
    erase(at, contact)
    made.refresh_from_db()
    # A city is called like the person: what may mean others is left alone.
    assert made.criteria == {
        "or": [
            {"field": "email", "value": "erased@example.com"},
            {"field": "phone", "value": "+12025550100"},
            {"field": "city", "value": "London"},
        ]
    }
    found = to_q(registry.entity("contact"), made.criteria, actor=SYSTEM, at=at)
    assert set(Contact.objects.filter(found)) == {other}
    assert marker.in_database(MAIL) == []
