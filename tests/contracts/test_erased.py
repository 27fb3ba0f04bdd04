"""Whoever was erased stays erased: no record with words about a person takes one that leads to them, by any door."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core import registry
from core.actors import SYSTEM
from core.errors import PersonErased
from core.models.record import Record
from core.personal.erased import marks
from core.personal.kinds import about
from core.registry.entities import Entity
from core.writes import bulk
from crm.models import Contact
from crm.services import erasures
from tests.support.doors import Door, Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")

DOORS = pytest.mark.parametrize("kind", [RestDoor, GraphQLDoor], ids=["rest", "graphql"])


def _ways(verb: str) -> Iterator[tuple[str, str]]:
    """(entity, field) for every reference by which a record that is written leads to a person."""
    for entity in registry.entities():
        for attribute in marks(entity.model):
            item = next((one for one in entity.fields if one.attribute == attribute), None)
            if item is None or not item.writable or verb not in entity.verbs:
                continue
            if verb == "create" or not item.create_only:
                yield entity.name, item.name


CREATED, UPDATED = sorted(_ways("create")), sorted(_ways("update"))


def _erased(samples: Samples, target: str) -> Record:
    """A contact who was erased, or a record of theirs of that kind."""
    contact = samples.make("contact")
    made = contact if target == "contact" else samples.make(target, contact_id=str(contact.pk))
    erasures.erase(actor=SYSTEM, record_id=contact.pk, at=samples.at, reason="asked", confirm=True)
    return made


def _input(samples: Samples, entity: Entity, name: str, found: Record) -> dict[str, Any]:
    """Valid input but for the one who was erased; of several subjects that one alone."""
    values = samples.minimal(entity, **{name: str(found.pk)})
    others = [other for other in ("contact_id", "company_id") if other != name and other in values]
    return values | (dict.fromkeys(others) if entity.name in ("note", "file", "task") else {})


def _is_refused(outcome: Any) -> bool:
    return isinstance(outcome, Problem) and (outcome.status, outcome.code) == (409, "contact_erased")


def test_the_ways_are_known() -> None:
    assert {("note", "contact_id"), ("note", "deal_id"), ("order", "gift_recipient_id"), ("event", "contact_id")} <= {
        *CREATED
    }


@DOORS
@pytest.mark.parametrize(("name", "field"), CREATED, ids=str)
def test_nothing_new_leads_to_who_was_erased(company: Company, name: str, field: str, kind: Any) -> None:
    entity, samples = registry.entity(name), Samples(start=50_000)
    door: Door = kind(company.people["administrator"].key)
    found = _erased(samples, str(entity.by_name[field].reference))
    values = _input(samples, entity, field, found)
    before = entity.model._default_manager.count()
    assert _is_refused(door.create(entity, values))
    (result,) = door.batch(entity, [{"action": "create", "values": values}])
    assert _is_refused(result["error"])
    for result in bulk.create_many(entity.writes, actor=SYSTEM, values=[values, values], at=samples.at):  # type: ignore[arg-type]
        assert isinstance(result.error, PersonErased)
    assert entity.model._default_manager.count() == before


@pytest.mark.parametrize(("name", "field"), UPDATED, ids=str)
def test_nothing_is_moved_to_who_was_erased(company: Company, name: str, field: str) -> None:
    entity, samples = registry.entity(name), Samples(start=60_000)
    found = _erased(samples, str(entity.by_name[field].reference))
    record, other = samples.make(entity), samples.make(entity)
    assert entity.writes is not None
    with pytest.raises(PersonErased):
        entity.writes.update(actor=SYSTEM, record_id=record.pk, values={field: str(found.pk)}, at=samples.at)
    both = [{field: str(found.pk)}, {field: str(found.pk)}]
    for result in bulk.update_many(entity.writes, actor=SYSTEM, ids=[record.pk, other.pk], values=both, at=samples.at):
        assert isinstance(result.error, PersonErased)
    assert not entity.model._default_manager.filter(about(entity.model.personal, [found.pk])).filter(  # type: ignore[arg-type]
        pk__in=[record.pk, other.pk]
    )


TEXTS = sorted(
    (entity.name, item.name)
    for entity in registry.entities()
    for item in entity.fields
    if "update" in entity.verbs
    and entity.model.personal is not None
    and not entity.model.personal.remove
    and item.attribute in entity.model.personal.columns
    and item.writable
    and not item.create_only
    # Only a lost deal has a reason: it is said by losing it.
    and (entity.name, item.name) != ("deal", "lost_reason")
)


@DOORS
@pytest.mark.parametrize(("name", "field"), TEXTS, ids=str)
def test_words_about_who_was_erased_do_not_come_back(company: Company, name: str, field: str, kind: Any) -> None:
    entity, samples = registry.entity(name), Samples(start=70_000)
    door: Door = kind(company.people["administrator"].key)
    contact = samples.make("contact")
    record = contact
    if name != "contact":
        reference = next(one for one in ("contact_id", "referred_id") if one in entity.by_name)
        record = samples.make(entity, **{reference: str(contact.pk)})
    assert entity.writes is not None
    if field == entity.custom_column:
        samples.make("custom_field", entity=name, key="a_word", type="text")
    value = samples.changes(entity, record).get(field) or samples.value(entity.by_name[field], entity=entity)
    erasures.erase(actor=SYSTEM, record_id=contact.pk, at=samples.at, reason="asked", confirm=True)
    assert _is_refused(door.update(entity, record.pk, {field: value}))
    (result,) = bulk.update_many(entity.writes, actor=SYSTEM, ids=[record.pk], values=[{field: value}], at=samples.at)
    assert isinstance(result.error, PersonErased)


def test_what_is_done_to_their_records_takes_no_words(company: Company) -> None:
    """Goods still come back, deals are closed and cases too: without saying anything of the person."""
    samples = Samples(start=80_000)
    door = RestDoor(company.people["administrator"].key)
    contact = samples.make("contact")
    own = {name: samples.make(name, contact_id=str(contact.pk)) for name in ("case", "deal", "order")}
    line = own["order"].lines.get()  # type: ignore[attr-defined]
    erasures.erase(actor=SYSTEM, record_id=contact.pk, at=samples.at, reason="asked", confirm=True)
    operations = {item.name: item for entity in registry.entities() for item in entity.operations}

    def call(name: str, key: str, **values: Any) -> Any:
        return door.operation(operations[name], own[key].pk, values)

    back = {"line_id": str(line.pk), "quantity": "1"}
    assert _is_refused(call("return_order_line", "order", **back, reason="Ada broke it"))
    assert not isinstance(call("return_order_line", "order", **back), Problem)
    assert _is_refused(call("lose_deal", "deal", lost_reason="Ada had no money"))
    assert not isinstance(call("lose_deal", "deal"), Problem)
    assert _is_refused(call("wait_case", "case", reason="Ada is away"))
    assert _is_refused(call("respond_case", "case", body="Dear Ada"))
    assert not isinstance(call("resolve_case", "case"), Problem)
    assert _is_refused(call("rate_case", "case", satisfaction_score=1, satisfaction_comment="Ada is angry"))


def test_no_file_is_taken_for_who_was_erased(company: Company) -> None:
    samples, door = Samples(start=90_000), RestDoor(company.people["administrator"].key)
    contact = _erased(samples, "contact")
    assert isinstance(contact, Contact)
    upload = next(item for item in registry.entity("file").operations if item.name == "upload_file")
    letter = SimpleUploadedFile("letter.txt", b"I am Ada")
    assert _is_refused(door.operation(upload, None, {"file": letter, "contact_id": str(contact.pk)}))
