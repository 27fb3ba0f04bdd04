"""The admin's forms and lists show custom fields by their types, and write them through the service."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from core import registry
from core.actors import Visibility
from core.admin.custom import inputs_of
from crm.models import Contact, CustomField
from tests.crm import make
from tests.crm.custom_fields.make import AT, define, every_type
from tests.support.actors import clerk

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


def test_a_reference_is_searched_for_among_what_one_may_see(owner: Client) -> None:
    every_type()
    company, other = make.company(AT, name="Acme"), make.company(AT, name="Birch")
    made = Contact.objects.create(last_name="X", custom={"employer": str(company.pk)})
    page = owner.get(change(made)).content.decode()
    (select,) = re.findall(r'<select name="custom__employer".*?</select>', page, re.DOTALL)
    assert "admin-autocomplete" in select
    assert "Acme" in select
    assert "Birch" not in select
    address, app, model, name = (
        re.search(rf'data-{word}="([^"]+)"', select)[1]  # type: ignore[index]
        for word in ("ajax--url", "app-label", "model-name", "field-name")
    )
    query = {"term": "Birc", "app_label": app, "model_name": model, "field_name": name}
    assert [one["id"] for one in owner.get(address, query).json()["results"]] == [str(other.pk)]


def test_a_reference_that_one_may_not_see_is_not_shown_and_stays() -> None:
    every_type()
    company = make.company(AT, name="Acme")
    definitions, name = registry.entity("contact").definitions(), "custom__employer"
    stranger = inputs_of(definitions, clerk("company", visibility=Visibility.OWN))[name]
    assert "Acme" not in str(stranger.widget.render(name, str(company.pk)))
    assert not stranger.has_changed(str(company.pk), "")
    assert stranger.has_changed(None, str(company.pk))
    assert inputs_of(definitions, clerk("company"))[name].has_changed(str(company.pk), "")
