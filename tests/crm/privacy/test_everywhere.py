"""Somebody of whom every kind of record speaks is erased: no word is left in any table, file or part of the lake."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command

from analytics.lake import syncing
from analytics.models import Recommendation, Segment, SegmentMembership, TierChange
from core import idempotency, jobs, registry
from core.actors import SYSTEM
from core.idempotency import Answer
from core.models import Export
from core.models.imports import Import, ImportMapping, ImportProblem
from core.models.record import Record
from core.personal.erased import marks
from core.personal.kinds import about, kinds
from core.registry.entities import Entity
from crm.models import Contact, Erasure, Event, LifecycleRule, OrderLine, RetentionRule, Tie
from crm.services import erasures, identity, merges, ties
from crm.services.cases import cases
from crm.services.data_exports import export
from crm.services.events import events
from crm.services.files import files
from crm.services.orders import orders
from crm.services.touches import touches
from tests.crm import make
from tests.crm.privacy.test_erasure import MAIL, NO_TEXT_ABOUT_PEOPLE, WORD, person
from tests.support import cleaning, marker
from tests.support.samples import Samples

pytestmark = pytest.mark.django_db

PHONE = "+3225551234"
# As they stand in texts: a name, an address however it is written, a number.
TOLD = (WORD, "3225551234", "quetzalcoatl%40example")
# What is told of in other places than records of the registry.
NO_ROWS_HERE = {"duplicate_candidate": "as a scan writes it", "erasure": "made by erasing", "merge": "by merging"}
# Files come with a content; samples of touches leave a marked one with another contact.
BY_HAND = {"file", "touch"}


class Told(Samples):
    """Samples whose texts are marked, but for those of the records that they refer to."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at=at, marker=f"{WORD} ")
        self.others = Samples(start=10_000, at=at)
        self._busy = False

    def make(self, entity: Entity | str, /, *, full: bool = False, **given: Any) -> Record:
        """The record asked for is marked; what is made on the way is not."""
        if self._busy:
            return self.others.make(entity, full=full, **given)
        self._busy = True
        try:
            return super().make(entity, full=full, **given)
        finally:
            self._busy = False


def _plain(name: str, number: int) -> dict[str, Any]:
    """Words of the organisation's own, in the place of the marker."""
    entity = registry.entity(name)
    fields = {item.attribute: item for item in entity.fields if item.writable and item.stored}
    found = {fields[key].name for key in NO_TEXT_ABOUT_PEOPLE.get(name, ()) if key in fields}
    values: dict[str, Any] = dict.fromkeys(found, f"plain {number}")
    if name == "order":
        values["lines"] = [{"description": "tea", "unit_price": "2.5", "quantity": "2"}]
    return values


def _records(at: datetime, contact: Contact) -> None:
    """A record of every kind that can lead to the person, by each of its ways, with all its texts."""
    samples = Told(at)
    key = str(contact.pk)
    for item in ("email", "name"):
        assert getattr(contact, item)
    of_them: dict[str, Any] = {"contact": contact}
    for name in ("deal", "case", "order", "interaction"):
        of_them[name] = samples.make(
            name, full=True, **(_alone(name) | _plain(name, samples.next()) | {"contact_id": key})
        )
    of_them["note"] = samples.make("note", full=True, contact_id=key)
    for entity in registry.entities():
        for attribute in marks(entity.model):
            field = next((one for one in entity.fields if one.attribute == attribute and one.writable), None)
            target = None if field is None else of_them.get(str(field.reference))
            if field is None or target is None or "create" not in entity.verbs or entity.name in BY_HAND:
                continue
            given = _alone(entity.name) | {field.name: str(target.pk)}
            samples.make(entity, full=True, **(_plain(entity.name, samples.next()) | given))
    order = of_them["order"]
    page = {"url": f"https://example.com/{WORD}", "referrer": f"https://example.com/{WORD}", "external_id": WORD}
    touches.create(
        actor=SYSTEM, values={"contact_id": key, "occurred_at": at.isoformat(), "source": "mail", **page}, at=at
    )
    line = OrderLine.objects.filter(order=order.pk).first()
    assert line is not None
    orders.return_line(actor=SYSTEM, record_id=order.pk, at=at, line_id=line.pk, quantity=1, reason=f"{WORD} broke it")
    cases.wait(actor=SYSTEM, record_id=of_them["case"].pk, at=at, reason=f"{WORD} is away")
    letter = SimpleUploadedFile(f"{WORD}.txt", f"I am {WORD}".encode())
    files.upload(actor=SYSTEM, at=at, file=letter, contact_id=contact.pk)
    list(export(actor=SYSTEM, record_id=contact.pk, at=at, reason=f"{WORD} asked").chunks())
    boss = samples.others.make("user", roles=["administrator"])
    samples.make("note", contact_id=key, body=f"@{boss.email} see {WORD}")  # type: ignore[attr-defined]
    samples.make("task", owner_id=str(boss.pk), title=f"Call {WORD}", contact_id=key)


def _alone(name: str) -> dict[str, Any]:
    """What is on one record is on no other."""
    others = ("contact_id", "company_id", "deal_id", "case_id", "order_id")
    return dict.fromkeys(others) if name in {"note", "task"} else {}


def _as_nobody(at: datetime, contact: Contact) -> None:
    """What they did before anybody knew who they are, what was tied to them, and what was taken from them."""
    said = {"traits": {"email": MAIL.upper(), "name": WORD}}
    for visitor, context in (("a phone", said), ("a laptop", {}), ("a library", {"email": MAIL}), (None, said)):
        values: dict[str, Any] = {"name": "Page Viewed", "context": context, "properties": {"who": f"{WORD} {MAIL}"}}
        if context or visitor == "a laptop":
            events.create(actor=SYSTEM, values=values | ({"anonymous_id": visitor} if visitor else {}), at=at)
    # Two know this address, so that the event was nobody's; and this visitor is known, but not by whom it is tied.
    events.create(actor=SYSTEM, values={"name": "Form", "anonymous_id": "a library", "context": {"a": WORD}}, at=at)
    page = f"https://example.com/offer?email={MAIL.replace('@', '%40')}&name={WORD}"
    for visitor in ("a phone", "a laptop", "a tablet"):
        values = {"anonymous_id": visitor, "occurred_at": at.isoformat(), "source": "mail", "url": page}
        touches.create(actor=SYSTEM, values=values | {"referrer": page}, at=at)
    identity.identify(actor=SYSTEM, record_id=contact.pk, at=at, anonymous_id="a laptop")
    late = {"name": "Late", "anonymous_id": "a laptop", "properties": {"name": WORD}}
    events.create(actor=SYSTEM, values=late, at=at)
    signed = {"name": "Signed", "contact_id": str(contact.pk), "context": {"traits": {"email": MAIL}}}
    taken = events.create(actor=SYSTEM, values=signed, at=at)
    Event.objects.filter(pk=taken.pk).update(contact=None)
    ties.tie(kind="event", actor=SYSTEM, record_id=taken.pk, at=at, contact_id=contact.pk, evidence="manual")
    other, tie = make.contact(at, first_name="Eve"), Tie.objects.get(event=taken.pk)
    given = {"contact_id": other.pk, "evidence": "manual", "supersedes": tie.pk}
    ties.tie(kind="event", actor=SYSTEM, record_id=taken.pk, at=at, **given)


def _kept_texts(at: datetime) -> None:
    """Where somebody is named beside records: rules, searches, jobs, files that were sent."""
    is_them = {"or": [{"field": "email", "value": MAIL}, {"field": "name", "op": "contains", "value": WORD}]}
    LifecycleRule.objects.create(name=f"For {WORD}", trigger="order", to_stage="customer", criteria=is_them)
    rule = {"entity": "contact", "moment": "created_at", "keep_days": 99, "action": "erase"}
    RetentionRule.objects.create(name=f"Of {MAIL}", criteria={"not": is_them}, **rule)
    mapping = {"columns": {"a": "email"}, "constants": {"last_name": WORD, "email": MAIL}}
    ImportMapping.objects.create(name=f"{WORD}'s own", entity="contact", mapping=mapping, options={"note": MAIL})
    job = jobs.start(kind="export", parameters={"filter": is_them, "entity": "contact"}, actor=SYSTEM, at=at)
    jobs.begin(job_id=job.pk, at=at)
    jobs.fail(job_id=job.pk, message=f"{MAIL} is taken", at=at)
    Export.objects.create(entity="contact", format="csv", filter=is_them, q=WORD, job=job, created_at=at, updated_at=at)
    values: dict[str, Any] = {"name": f"{WORD}.csv", "entity": "contact", "format": "csv", "size": 1, "sha256": "0"}
    values |= {"signature": "s", "created_at": at, "updated_at": at, "expires_at": at + timedelta(days=9)}
    made = Import.objects.create(status="committed", mapping=mapping, columns=[{"sample": WORD}], **values)
    ImportProblem.objects.create(source=made, row=1, cells=[WORD], errors=[])
    answer = Answer(200, f'{{"name": "{WORD}", "email": "{MAIL}"}}'.encode())
    idempotency.once(actor=SYSTEM, key="k", fingerprint="f", at=at, work=lambda: answer)


def _computed(at: datetime, contact: Contact) -> None:
    """What analytics says of them."""
    moments = {"created_at": at, "updated_at": at}
    TierChange.objects.create(contact_id=contact.pk, to_tier="Gold", at=at, **moments)
    segment = Segment.objects.create(name="Best", key="best", kind="manual", **moments)
    SegmentMembership.objects.create(segment=segment, contact_id=contact.pk, entered_at=at, **moments)
    origin = {"as_of": at, "computed_at": at, "definition_version": "1", "window": "all", **moments}
    Recommendation.objects.create(contact_id=contact.pk, rank=1, kind="anything", reason="not seen for long", **origin)


def _left(tmp: Path) -> list[str]:
    found = [f"{place}: {word}" for word in TOLD for place in marker.in_database(word)]
    return found + marker.in_files(WORD) + marker.in_lake(WORD) + marker.in_lake(MAIL)


def _whole_life(at: datetime) -> Contact:
    contact = person(at, last_name=WORD, phone=PHONE)
    _records(at, contact)
    _as_nobody(at, contact)
    _kept_texts(at)
    _computed(at, contact)
    return contact


def _finish(at: datetime) -> None:
    assert erasures.finish_all(at=at) == 0
    syncing.sync(at=at)


def test_every_kind_is_there(at: datetime) -> None:
    """Else the tests below would prove nothing."""
    contact = _whole_life(at)
    missing = {
        model.entity_name()
        for model, personal in kinds()
        if not model._default_manager.filter(about(personal, [contact.pk])).exists()
    }
    assert missing <= set(NO_ROWS_HERE) | {"contact_metrics", "notification", "case_deadline", "duplicate_decision"}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("way", ["alone", "merged", "restored"])
def test_no_word_of_theirs_is_left_anywhere(at: datetime, places: Path, way: str) -> None:
    contact = _whole_life(at)
    kept = make.contact(at, first_name="Eve", email="eve@example.com")
    if way == "merged":
        winner = person(at, last_name=WORD, email=f"new.{MAIL}", external_id=f"{WORD} new", phone="+3225559999")
        merges.merge(actor=SYSTEM, record_id=winner.pk, at=at, contact_id=contact.pk)
        contact = winner
    syncing.sync(at=at)
    assert _left(places)
    backup = cleaning._rows(cleaning._filled()) if way == "restored" else None
    given = {"reason": "asked for it", "confirm": True, "suppress_addresses": True}
    erasures.erase(actor=SYSTEM, record_id=contact.pk, at=at, **given)
    _finish(at)
    assert _left(places) == []
    if backup is not None:
        cleaning._put_back(backup)
        assert _left(places)
        call_command("replay_erasures")
        assert _left(places) == []
    assert Erasure.objects.get().completed_at is not None
    assert Contact.objects.get(pk=kept.pk).email == "eve@example.com"
    rule = LifecycleRule.objects.get(name__startswith="For ")
    assert [part["field"] for part in rule.criteria["or"]] == ["email", "name"]  # type: ignore[index]
