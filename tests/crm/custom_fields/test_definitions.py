"""Definitions: what may be defined, and what becomes of values when a definition changes."""

from __future__ import annotations

from typing import Any

import pytest

from core import registry
from core.actors import SYSTEM
from core.errors import Duplicate, Invalid
from core.reads import reader
from core.reads.selection import default_selection
from crm.errors import InUse
from crm.models import Contact, CustomField
from crm.services.contacts import contacts
from crm.services.custom_fields import custom_fields
from tests.crm import make
from tests.crm.custom_fields.make import AT, define, every_type

pytestmark = pytest.mark.django_db


def shown(contact: Contact) -> dict[str, Any]:
    entity = registry.entity("contact")
    row = reader.one(entity, contact.pk, actor=SYSTEM, at=AT, selection=default_selection(entity, SYSTEM))
    found: dict[str, Any] = row["custom"]
    return found


@pytest.mark.parametrize("entity", ["company", "contact", "deal", "product", "order", "interaction", "case"])
def test_every_kind_of_record_with_custom_values_can_have_fields(entity: str) -> None:
    define("tier", "text", entity=entity)
    assert set(registry.entity(entity).definitions()) == {"tier"}


@pytest.mark.parametrize(
    ("kind", "values", "pointer"),
    [
        ("choice", {}, "/choices"),
        ("multi_choice", {}, "/choices"),
        ("text", {"choices": ["a"]}, "/choices"),
        ("reference", {}, "/target"),
        ("reference", {"target": "unicorn"}, "/target"),
        ("text", {"target": "company"}, "/target"),
        ("number", {"currency": "EUR"}, "/currency"),
        ("text", {"minimum": "1"}, "/minimum"),
        ("number", {"minimum": "2", "maximum": "1"}, "/maximum"),
        ("number", {"max_length": 5}, "/max_length"),
        ("text", {"max_length": 2001}, "/max_length"),
        ("text", {"max_length": 501, "indexed": True}, "/max_length"),
        ("number", {"default": "many"}, "/default"),
        ("choice", {"choices": ["a"], "default": "b"}, "/default"),
        ("number", {"minimum": "1", "default": 0}, "/default"),
        ("text", {"entity": "tag"}, "/entity"),
        ("text", {"entity": "unicorn"}, "/entity"),
        ("colour", {}, "/type"),
    ],
)
def test_what_makes_no_sense_is_refused(kind: str, values: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Invalid) as refusal:
        define("tier", kind, **values)
    assert [fault.pointer for fault in refusal.value.errors] == [pointer]
    assert not CustomField.objects.exists()


@pytest.mark.parametrize(
    ("values", "pointer", "code"),
    [
        ({"score": 0.1 + 0.2}, "/custom/score", "too_precise"),
        ({"score": 1e15}, "/custom/score", "out_of_range"),
        ({"score": "5"}, "/custom/score", "wrong_type"),
        ({"score": True}, "/custom/score", "wrong_type"),
        ({"budget": "12.50"}, "/custom/budget", "wrong_type"),
        ({"budget": {"amount": "12.50"}}, "/custom/budget/currency", "required"),
        ({"budget": {"amount": "12.50001", "currency": "EUR"}}, "/custom/budget/amount", "too_precise"),
        ({"budget": {"amount": "1", "currency": "E1R"}}, "/custom/budget/currency", "invalid_code"),
        ({"budget": {"amount": "1", "currency": "EUR", "x": 1}}, "/custom/budget", "wrong_type"),
        ({"tier": "lead"}, "/custom/tier", "invalid_choice"),
        ({"tags_of": "tea"}, "/custom/tags_of", "wrong_type"),
        ({"tags_of": ["tea", "milk"]}, "/custom/tags_of", "invalid_choice"),
        ({"seen": "2026-02-30"}, "/custom/seen", "invalid_date"),
        ({"site": "javascript:alert(1)"}, "/custom/site", "invalid_url"),
        ({"employer": "Acme"}, "/custom/employer", "invalid_id"),
        ({"employer": "00000000-0000-0000-0000-000000000000"}, "/custom/employer", "not_found"),
        ({"a/b~c": 1}, "/custom/a~1b~0c", "unknown_field"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: dict[str, Any], pointer: str, code: str) -> None:
    every_type()
    with pytest.raises(Invalid) as refusal:
        make.contact(AT, last_name="X", custom=values)
    assert [(fault.pointer, fault.code) for fault in refusal.value.errors] == [(pointer, code)]
    assert not Contact.objects.exists()


def test_bounds_and_lengths_hold() -> None:
    define("score", "number", minimum="0", maximum="10.5")
    define("fee", "money", currency="EUR", minimum="0")
    define("code", "text", max_length=3)
    make.contact(AT, last_name="X", custom={"score": 10.5, "fee": {"amount": "0"}, "code": "abc"})
    assert Contact.objects.get().custom == {"score": 10.5, "fee": {"amount": "0", "currency": "EUR"}, "code": "abc"}
    for wrong in ({"score": -1}, {"score": 11}, {"fee": {"amount": "-1"}}, {"code": "abcd"}):
        with pytest.raises(Invalid):
            make.contact(AT, last_name="Y", custom=wrong)
    with pytest.raises(Invalid):
        make.contact(AT, last_name="Y", custom={"fee": {"amount": "1", "currency": "USD"}})


def test_nothing_removes_a_value() -> None:
    every_type()
    made = make.contact(AT, last_name="X", custom={"note": "a", "tags_of": ["tea"], "score": 0, "active": False})
    assert made.custom == {"note": "a", "tags_of": ["tea"], "score": 0, "active": False}
    contacts.update(actor=SYSTEM, record_id=made.pk, values={"custom": {"note": " ", "tags_of": []}}, at=AT)
    made.refresh_from_db()
    assert made.custom == {"score": 0, "active": False}


def test_new_records_get_the_default_unless_they_say_otherwise() -> None:
    old = make.contact(AT, last_name="Old")
    define("tier", "choice", choices=["bronze", "gold"], default="bronze")
    define("vip", "boolean", default=False, required=True)
    made = [make.contact(AT, last_name="X", **values) for values in ({}, {"custom": {"tier": "gold"}})]
    assert [one.custom for one in made] == [{"tier": "bronze", "vip": False}, {"tier": "gold", "vip": False}]
    assert make.contact(AT, last_name="Y", custom={"tier": None}).custom == {"vip": False}
    old.refresh_from_db()
    assert old.custom == {}


def test_what_a_reference_points_at_must_be_seen() -> None:
    define("employer", "reference", target="company")
    company = make.company(AT)
    made = make.contact(AT, last_name="X", custom={"employer": str(company.pk)})
    registry.entity("company").writes.delete(actor=SYSTEM, record_id=company.pk, at=AT)  # type: ignore[union-attr]
    # It stays where it is, and nobody new may point there.
    contacts.update(actor=SYSTEM, record_id=made.pk, values={"custom": {"employer": str(company.pk)}}, at=AT)
    with pytest.raises(Invalid):
        make.contact(AT, last_name="Y", custom={"employer": str(company.pk)})


def test_choices_that_records_hold_stay() -> None:
    tier = define("tier", "choice", choices=["bronze", "silver", "gold"])
    topics = define("topics", "multi_choice", choices=["tea", "wine"])
    make.contact(AT, last_name="X", custom={"tier": "gold", "topics": ["tea", "wine"]})
    gone = make.contact(AT, last_name="Y", custom={"tier": "gold"})
    contacts.delete(actor=SYSTEM, record_id=gone.pk, at=AT)
    with pytest.raises(InUse) as refusal:
        custom_fields.update(actor=SYSTEM, record_id=tier.pk, values={"choices": ["bronze"]}, at=AT)
    assert refusal.value.data == {"choices": {"gold": 2}}
    with pytest.raises(InUse):
        custom_fields.update(actor=SYSTEM, record_id=topics.pk, values={"choices": ["tea"]}, at=AT)
    changed = custom_fields.update(actor=SYSTEM, record_id=tier.pk, values={"choices": ["gold", "bronze", "x"]}, at=AT)
    assert changed.choices == ["gold", "bronze", "x"]


@pytest.mark.parametrize("name", ["entity", "key", "type", "target", "currency"])
def test_what_values_depend_on_is_said_once(name: str) -> None:
    made = define("tier", "text")
    with pytest.raises(Invalid) as refusal:
        custom_fields.update(actor=SYSTEM, record_id=made.pk, values={name: "deal"}, at=AT)
    assert refusal.value.errors[0].code == "create_only"


def test_a_deleted_definition_hides_values_and_a_restored_one_shows_them() -> None:
    made = define("tier", "text")
    define("note", "text")
    contact = make.contact(AT, last_name="X", custom={"tier": "gold", "note": "a"})
    custom_fields.delete(actor=SYSTEM, record_id=made.pk, at=AT)
    assert shown(contact) == {"note": "a"}
    contacts.update(actor=SYSTEM, record_id=contact.pk, values={"custom": {"note": "b"}}, at=AT)
    custom_fields.restore(actor=SYSTEM, record_id=made.pk, at=AT)
    assert shown(contact) == {"tier": "gold", "note": "b"}


def test_another_definition_does_not_take_over_the_values_of_a_deleted_one() -> None:
    made = define("tier", "text")
    contact = make.contact(AT, last_name="X", custom={"tier": "gold"})
    custom_fields.delete(actor=SYSTEM, record_id=made.pk, at=AT)
    with pytest.raises(InUse):
        define("tier", "number")
    assert CustomField.objects.count() == 1
    Contact.objects.filter(pk=contact.pk).update(custom={})
    assert define("tier", "number").type == "number"


def test_a_key_that_exists_is_told_at_the_key() -> None:
    define("tier", "text")
    with pytest.raises(Duplicate) as refusal:
        define("tier", "number")
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/key", "duplicate")]
