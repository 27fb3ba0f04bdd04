from __future__ import annotations

from datetime import datetime

import pytest

from core.actors import SYSTEM
from core.errors import Duplicate, Invalid
from core.models import Change
from crm.models import Company, Contact, CustomField, Tag
from crm.selectors import custom_fields as selector
from crm.services.companies import companies
from crm.services.contacts import contacts
from crm.services.custom_fields import custom_fields
from crm.services.tags import tags
from tests.crm import make

pytestmark = pytest.mark.django_db


def define(at: datetime, **values: object) -> CustomField:
    given = {"entity": "contact", "key": "shoe_size", "label": "Shoe size", "type": "number", **values}
    return custom_fields.create(actor=SYSTEM, values=given, at=at)


def test_an_unknown_tag_is_made(at: datetime) -> None:
    make.tag(at, "vip")
    made = make.company(at, tags=["vip", "new", "new"])
    assert made.tags == ["new", "vip"]
    assert set(Tag.objects.values_list("name", flat=True)) == {"new", "vip"}


def test_a_renamed_tag_is_renamed_everywhere(at: datetime) -> None:
    one, two = make.company(at, tags=["old", "zeta"]), make.contact(at, last_name="X", tags=["old"])
    other = make.company(at, tags=["zeta"])
    tag = Tag.objects.get(name="old")
    tags.update(actor=SYSTEM, record_id=tag.pk, values={"name": "young"}, at=at)
    for record in (one, two, other):
        record.refresh_from_db()
    assert (one.tags, two.tags, other.tags) == (["young", "zeta"], ["young"], ["zeta"])
    assert (one.version, other.version) == (2, 1)
    change = Change.objects.get(record_id=one.pk, operation="update")
    assert change.after == {"tags": ["young", "zeta"]}


def test_a_tag_is_not_renamed_to_another(at: datetime) -> None:
    one = make.company(at, tags=["a", "b"])
    with pytest.raises(Duplicate):
        tags.update(actor=SYSTEM, record_id=Tag.objects.get(name="a").pk, values={"name": "b"}, at=at)
    one.refresh_from_db()
    assert one.tags == ["a", "b"]


def test_a_deleted_tag_is_taken_off_everywhere(at: datetime) -> None:
    one = make.company(at, tags=["a", "b"])
    tags.delete(actor=SYSTEM, record_id=Tag.objects.get(name="a").pk, at=at)
    one.refresh_from_db()
    assert one.tags == ["b"]
    companies.update(actor=SYSTEM, record_id=one.pk, values={"tags": ["a"]}, at=at)
    assert Tag.objects.alive().filter(name="a").count() == 1


@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g"])
def test_a_colour_is_a_code(at: datetime, colour: str) -> None:
    with pytest.raises(Invalid):
        tags.create(actor=SYSTEM, values={"name": "x", "colour": colour}, at=at)


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("text", "x", 1),
        ("number", 41.5, "41"),
        ("date", "2026-02-28", "2026-02-30"),
        ("boolean", True, "yes"),
        ("choice", "red", "green"),
    ],
)
def test_values_fit_their_definition(at: datetime, kind: str, good: object, bad: object) -> None:
    define(at, type=kind, choices=["blue", "red"] if kind == "choice" else [])
    made = make.contact(at, last_name="X", custom={"shoe_size": good})
    assert Contact.objects.get(pk=made.pk).custom == {"shoe_size": good}
    with pytest.raises(Invalid) as refusal:
        make.contact(at, last_name="Y", custom={"shoe_size": bad})
    assert refusal.value.errors[0].pointer == "/custom/shoe_size"
    assert Contact.objects.count() == 1


def test_unknown_keys_are_refused_and_others_stay(at: datetime) -> None:
    define(at)
    define(at, key="hat_size", label="Hat size")
    made = make.contact(at, last_name="X", custom={"shoe_size": 40, "hat_size": 56})
    with pytest.raises(Invalid):
        contacts.update(actor=SYSTEM, record_id=made.pk, values={"custom": {"glove_size": 7}}, at=at)
    contacts.update(actor=SYSTEM, record_id=made.pk, values={"custom": {"shoe_size": 41}}, at=at)
    contacts.update(actor=SYSTEM, record_id=made.pk, values={"custom": {"hat_size": None}}, at=at)
    made.refresh_from_db()
    assert made.custom == {"shoe_size": 41}


def test_a_required_field_is_asked_for_and_cannot_be_taken_away(at: datetime) -> None:
    old = make.contact(at, last_name="Old")
    define(at, required=True)
    with pytest.raises(Invalid) as refusal:
        make.contact(at, last_name="X")
    assert refusal.value.errors[0].pointer == "/custom/shoe_size"
    made = make.contact(at, last_name="X", custom={"shoe_size": 40})
    with pytest.raises(Invalid):
        contacts.update(actor=SYSTEM, record_id=made.pk, values={"custom": {"shoe_size": None}}, at=at)
    # Records from before can be changed in other ways.
    contacts.update(actor=SYSTEM, record_id=old.pk, values={"city": "Bonn"}, at=at)


def test_definitions_hold_for_their_entity_and_while_they_live(at: datetime) -> None:
    field = define(at)
    assert set(selector.DEFINITIONS("contact")) == {"shoe_size"}
    assert not selector.DEFINITIONS("company")
    with pytest.raises(Duplicate):
        define(at)
    custom_fields.delete(actor=SYSTEM, record_id=field.pk, at=at)
    assert not selector.DEFINITIONS("contact")
    define(at, type="text")


@pytest.mark.parametrize(
    "values",
    [{"key": "Shoe"}, {"key": "1x"}, {"key": "a.b"}, {"type": "choice"}, {"choices": ["x"]}, {"entity": "tag"}],
)
def test_wrong_definitions_are_refused(at: datetime, values: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        define(at, **values)
    assert not CustomField.objects.exists()
    assert not Company.objects.exists()
