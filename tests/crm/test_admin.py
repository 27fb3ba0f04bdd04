from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Role, User, UserRole
from core.models import Change
from core.models.record import Record
from crm.models import Company, Contact, Deal, Interaction, Order, Pipeline, Tag
from tests.crm import make

pytestmark = pytest.mark.django_db

ADMINS = [model for model in admin.site._registry if model._meta.app_label == "crm"]


def user(role: str | None = None, **values: Any) -> User:
    made = User.objects.create_user(email=f"{role or 'super'}@example.com", name="X", is_staff=True, **values)
    if role:
        UserRole.objects.create(user=made, role=Role.objects.get(key=role))
    return made


@pytest.fixture
def client(db: None) -> Client:
    signed_in = Client()
    signed_in.force_login(user(is_superuser=True), backend="accounts.backends.AccountBackend")
    return signed_in


@pytest.fixture
def everything(at: datetime, contact: Contact, company: Company, pipeline: Pipeline) -> dict[type[Record], Record]:
    """One record for every admin that shows something."""
    product = make.product(at, name="Tea", unit_price="2")
    deal = make.deal(at, company_id=str(company.pk))
    call = make.interaction(at, contact_id=str(contact.pk), subject="Called about tea")
    bought = make.order(at, contact_id=str(contact.pk), lines=[{"product_id": str(product.pk)}])
    found = (product, deal, call, bought, contact, company, pipeline, make.tag(at, "vip"))
    return {type(one): one for one in found}


def url(model: type[Any], view: str, *args: Any) -> str:
    return reverse(f"admin:crm_{model._meta.model_name}_{view}", args=args)


def queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(path).status_code == 200
    slow = [one["sql"] for one in captured if "COUNT(*)" in one["sql"] and "LIMIT" not in one["sql"]]
    assert not slow, slow
    return len(captured)


@pytest.mark.parametrize("model", ADMINS, ids=lambda model: model.__name__)
def test_lists_and_forms_open(client: Client, everything: Any, model: type[Any]) -> None:
    assert client.get(url(model, "changelist")).status_code == 200
    assert client.get(url(model, "changelist"), {"q": "some thing", "state": "deleted"}).status_code == 200
    assert client.get(url(model, "add")).status_code in {200, 403}
    if model in everything:
        assert client.get(url(model, "change", everything[model].pk)).status_code == 200
        assert client.get(url(model, "delete", everything[model].pk)).status_code == 200


def test_a_page_shows_timeline_and_history(client: Client, everything: Any, contact: Contact) -> None:
    body = client.get(url(Contact, "change", contact.pk)).content.decode()
    for name in ("timeline", "history", "orders", "deals", "interactions"):
        assert url(Contact, "panel", contact.pk, name) in body
    assert "Called about tea" in client.get(url(Contact, "panel", contact.pk, "timeline")).content.decode()
    assert "Ada" in client.get(url(Contact, "panel", contact.pk, "history")).content.decode()
    assert client.get(url(Contact, "panel", contact.pk, "nothing")).status_code == 404


def test_a_panel_goes_on_where_it_ended(at: datetime, client: Client, contact: Contact) -> None:
    made = [
        make.order(at, contact_id=str(contact.pk), lines=[{"unit_price": "1", "description": "x"}]) for _ in range(25)
    ]
    for name in ("orders", "timeline"):
        first = client.get(url(Contact, "panel", contact.pk, name))
        more = first.context["next"]
        second = client.get(url(Contact, "panel", contact.pk, name), {"after": more})
        body = first.content.decode() + second.content.decode()
        assert all(body.count(order.number) == 1 for order in made)
        assert "More" in first.content.decode()
        assert "More" not in second.content.decode()
    with CaptureQueriesContext(connection) as captured:
        client.get(url(Contact, "panel", contact.pk, "orders"))
    assert len(captured) <= 6
    assert client.get(url(Contact, "panel", contact.pk, "orders"), {"after": "x"}).status_code == 404


@pytest.mark.parametrize("model", [Company, Contact, Deal, Order, Interaction], ids=lambda model: model.__name__)
def test_lists_cost_the_same_for_more_rows(at: datetime, client: Client, everything: Any, model: type[Any]) -> None:
    client.get(url(model, "changelist"))
    few = queries(client, url(model, "changelist"))
    for number in range(12):
        firm = make.company(at, name=f"Firm {number}")
        person = make.contact(at, last_name=f"Person {number}", company_id=str(firm.pk))
        make.deal(at, contact_id=str(person.pk))
        make.interaction(at, contact_id=str(person.pk))
        make.order(at, contact_id=str(person.pk), lines=[{"description": "x", "unit_price": "1"}])
    assert queries(client, url(model, "changelist")) == few <= 9


def test_a_record_is_made_and_changed_by_the_service(client: Client, company: Company) -> None:
    form = {"last_name": "Elm", "email": "ELM@example.com", "company": str(company.pk), "lifecycle_stage": "lead"}
    answer = client.post(url(Contact, "add"), form | {"tags": "vip", "custom": "{}"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    made = Contact.objects.get(email="elm@example.com")
    assert (made.company, made.tags) == (company, ["vip"])
    assert Tag.objects.filter(name="vip").exists()
    form |= {"last_name": "Oak", "email": "elm@example.com", "tags": "vip", "custom": "{}"}
    assert client.post(url(Contact, "change", made.pk), form).status_code == 302
    made.refresh_from_db()
    assert (made.last_name, made.version) == ("Oak", 2)
    change = Change.objects.get(record_id=made.pk, operation="update", entity="contact")
    assert (change.door, change.after["last_name"]) == ("admin", "Oak")


def test_refusals_stand_on_the_form(client: Client, contact: Contact) -> None:
    form = {"email": "ada@example.com", "lifecycle_stage": "lead", "tags": "", "custom": "{}", "phone": "12"}
    errors = client.post(url(Contact, "add"), form).context["adminform"].form.errors
    assert set(errors) == {"phone"}
    answer = client.post(url(Contact, "add"), form | {"phone": ""})
    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors
    assert Contact.objects.count() == 1


def test_deleting_is_soft_and_can_be_undone(client: Client, contact: Contact) -> None:
    assert client.post(url(Contact, "delete", contact.pk), {"post": "yes"}).status_code == 302
    contact.refresh_from_db()
    assert contact.deleted_at is not None
    assert str(contact.pk) not in client.get(url(Contact, "changelist")).content.decode()
    deleted = url(Contact, "changelist") + "?state=deleted"
    assert str(contact.pk) in client.get(deleted).content.decode()
    client.post(deleted, {"action": "restore_selected", "_selected_action": [str(contact.pk)]})
    contact.refresh_from_db()
    assert contact.deleted_at is None


def test_a_refused_deletion_changes_nothing(at: datetime, client: Client, pipeline: Pipeline) -> None:
    make.deal(at)
    answer = client.post(url(Pipeline, "delete", pipeline.pk), {"post": "yes"}, follow=True)
    assert "Deals are still in this pipeline." in answer.content.decode()
    pipeline.refresh_from_db()
    assert pipeline.deleted_at is None


def test_roles_decide_what_is_seen_and_done(at: datetime, contact: Contact) -> None:
    seller = user("sales")
    client = Client()
    client.force_login(seller, backend="accounts.backends.AccountBackend")
    mine = make.contact(at, last_name="Mine", owner_id=str(seller.pk))
    body = client.get(url(Contact, "changelist")).content.decode()
    visible = str(contact.pk) in body
    assert "Mine" in body
    status = client.get(url(Contact, "change", contact.pk)).status_code
    assert status == (200 if visible else 302)
    assert client.get(url(Contact, "change", mine.pk)).status_code == 200


def test_a_user_without_roles_finds_nothing(contact: Contact) -> None:
    client = Client()
    client.force_login(user(), backend="accounts.backends.AccountBackend")
    assert client.get(url(Contact, "changelist")).status_code == 403
    assert client.get(url(Contact, "change", contact.pk)).status_code == 403
    assert client.post(url(Contact, "delete", contact.pk), {"post": "yes"}).status_code == 403
    contact.refresh_from_db()
    assert contact.deleted_at is None


def test_choices_are_searched_and_live(at: datetime, client: Client, company: Company) -> None:
    gone = make.company(at, name="Acme gone")
    Company.objects.filter(pk=gone.pk).update(deleted_at=at)
    query = {"app_label": "crm", "model_name": "contact", "field_name": "company", "term": "acme"}
    found = client.get(reverse("admin:autocomplete"), query).json()["results"]
    assert [one["text"] for one in found] == ["Acme"]
