"""The admin's forms and lists show custom fields by their types, and write them through the service."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from crm.models import Contact, CustomField
from tests.crm import make
from tests.crm.custom_fields.make import AT, define, every_type

pytestmark = pytest.mark.django_db
ADD = "/admin/crm/contact/add/"


def change(contact: Contact) -> str:
    return f"/admin/crm/contact/{contact.pk}/change/"


def management(page: str) -> dict[str, str]:
    return dict(re.findall(r'name="([^"]+_FORMS)" value="(\d+)"', page))


def test_each_type_has_an_input_of_its_own_in_one_group(owner: Client) -> None:
    every_type()
    page = owner.get(ADD).content.decode()
    assert "Custom fields" in page
    assert 'name="custom"' not in page
    for name in ("note", "score", "budget_0", "budget_1", "seen", "tier", "tags_of", "active", "employer", "site"):
        assert f'name="custom__{name}"' in page
    assert re.search(r'<select[^>]*name="custom__tier"', page)
    assert re.search(r'type="checkbox"[^>]*name="custom__tags_of"|name="custom__tags_of"[^>]*type="checkbox"', page)


def test_values_are_written_by_the_service_and_shown_again(owner: Client) -> None:
    every_type()
    company = make.company(AT)
    given = {
        "last_name": "X", "lifecycle_stage": "lead", "custom__note": "hello", "custom__score": "4.25",
        "custom__budget_0": "12.50", "custom__budget_1": "eur", "custom__seen": "2026-01-31", "custom__tier": "gold",
        "custom__tags_of": ["wine", "tea"], "custom__active": "false", "custom__employer": str(company.pk),
        "custom__site": "https://example.com",
    }  # fmt: skip
    owner.post(ADD, given | management(owner.get(ADD).content.decode()))
    made = Contact.objects.get()
    assert made.custom == {
        "note": "hello", "score": 4.25, "budget": {"amount": "12.50", "currency": "EUR"}, "seen": "2026-01-31",
        "tier": "gold", "tags_of": ["tea", "wine"], "active": False, "employer": str(company.pk),
        "site": "https://example.com",
    }  # fmt: skip
    page = owner.get(change(made)).content.decode()
    assert 'value="12.50"' in page
    assert 'value="4.25"' in page
    unchanged = given | {"custom__budget_1": "EUR"} | management(page)
    owner.post(change(made), unchanged | {"custom__score": "", "custom__tags_of": []})
    made.refresh_from_db()
    assert "score" not in made.custom
    assert "tags_of" not in made.custom
    assert made.custom["note"] == "hello"


def test_a_refusal_stands_at_its_input(owner: Client) -> None:
    define("score", "number", maximum="10")
    given = {"last_name": "X", "lifecycle_stage": "lead", "custom__score": "11"}
    page = owner.post(ADD, given | management(owner.get(ADD).content.decode())).content.decode()
    assert "Must be at most 10." in page
    assert not Contact.objects.exists()


def test_new_records_are_offered_the_defaults(owner: Client) -> None:
    define("tier", "choice", choices=["bronze", "gold"], default="gold")
    assert re.search(r'<option value="gold"\s+selected', owner.get(ADD).content.decode())
    made = Contact.objects.create(last_name="X")
    assert not re.search(r'<option value="gold"\s+selected', owner.get(change(made)).content.decode())


def test_lists_are_filtered_by_choices_and_flags(owner: Client) -> None:
    every_type()
    for name, custom in (
        ("Gold", {"tier": "gold", "active": True}),
        ("Bronze", {"tier": "bronze", "tags_of": ["tea"]}),
    ):
        Contact.objects.create(first_name=name, custom=custom)
    for query, shown in (
        ("custom__tier=gold", "Gold"),
        ("custom__active=true", "Gold"),
        ("custom__tags_of=tea", "Bronze"),
    ):
        page = owner.get(f"/admin/crm/contact/?{query}").content.decode()
        found = {name for name in ("Gold", "Bronze") if re.search(rf">\s*{name}\s*</a>", page)}
        assert found == {shown}, query


def test_a_definition_is_made_on_its_form(owner: Client) -> None:
    add = "/admin/crm/customfield/add/"
    page = owner.get(add).content.decode()
    assert re.search(r'<select[^>]*name="entity"', page)
    given = {
        "entity": "deal", "key": "size", "label": "Size", "type": "choice", "choices": "small,large", "position": "1",
        "target": "", "default": "null",
    }  # fmt: skip
    owner.post(add, given)
    assert CustomField.objects.get().choices == ["small", "large"]
