"""Operations in the admin: buttons, forms made from their inputs, refusals where they belong."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User, UserRole
from core.actors import SYSTEM
from core.models import Change
from crm.models import Contact, Deal, LifecycleChange, Pipeline
from crm.services import legal_holds, merges
from crm.services.deals import deals
from tests.crm import make

pytestmark = pytest.mark.django_db


def browser(role: str) -> Client:
    user = User.objects.create_user(email=f"{role}@example.com", name=role, is_staff=True)
    UserRole.objects.create(user=user, role=Role.objects.get(key=role))
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


@pytest.fixture
def client() -> Client:
    return browser("administrator")


def do(record: Deal | Contact, name: str) -> str:
    return reverse(f"admin:crm_{record._meta.model_name}_do", args=[record.pk, name])


def test_buttons_are_those_that_mean_something(client: Client, at: datetime, pipeline: Pipeline) -> None:
    deal = make.deal(at)
    page = reverse("admin:crm_deal_change", args=[deal.pk])
    assert [item["title"] for item in client.get(page).context["operations"]] == ["Win", "Lose", "Move"]
    deals.win(actor=SYSTEM, record_id=deal.pk, at=at)
    assert [item["title"] for item in client.get(page).context["operations"]] == ["Reopen"]
    analyst = browser("analyst").get(page)
    assert (analyst.status_code, analyst.context["operations"]) == (200, [])
    assert browser("marketing").get(do(deal, "win_deal")).status_code == 403


def test_a_deal_is_won_moved_and_reopened(client: Client, at: datetime, pipeline: Pipeline) -> None:
    deal = make.deal(at, amount="10")
    offered = client.get(do(deal, "move_deal")).context["form"].fields["stage_id"].choices
    assert [name for _, name in offered] == ["Offer"]
    offer = make.stage(pipeline, "Offer")
    assert client.post(do(deal, "move_deal"), {"stage_id": str(offer.pk)}).status_code == 302
    assert client.get(do(deal, "win_deal")).context["form"]["amount"].initial == Decimal("10.00")
    answer = client.post(do(deal, "win_deal"), {"amount": "12.50"}, follow=True)
    assert "Win: done." in answer.content.decode()
    deal.refresh_from_db()
    assert (deal.status, deal.amount) == ("won", Decimal("12.50"))
    assert Change.objects.filter(record_id=deal.pk).latest("id").door == "admin"
    client.post(do(deal, "reopen_deal"))
    deal.refresh_from_db()
    assert deal.status == "open"


def test_refusals_stand_at_their_fields(client: Client, at: datetime, pipeline: Pipeline) -> None:
    deal = make.deal(at, amount="10")
    form = client.post(do(deal, "win_deal"), {"amount": "a lot"}).context["form"]
    assert set(form.errors) == {"amount"}
    form = client.post(do(deal, "win_deal"), {"closed_at": "2999-01-01T00:00"}).context["form"]
    assert form.errors == {"closed_at": ["Must not be in the future."]}
    form = client.post(do(deal, "move_deal"), {}).context["form"]
    assert set(form.errors) == {"stage_id"}
    deals.win(actor=SYSTEM, record_id=deal.pk, at=at)
    form = client.post(do(deal, "win_deal"), {}).context["form"]
    assert form.non_field_errors()
    assert client.get(do(deal, "no_such_thing")).status_code == 404


def test_a_stage_is_changed_as_of_a_moment(client: Client, at: datetime, contact: Contact) -> None:
    form = client.get(do(contact, "change_contact_stage")).context["form"]
    assert form["lifecycle_stage"].initial == "lead"
    answer = client.post(
        do(contact, "change_contact_stage"), {"lifecycle_stage": "customer", "changed_at": "2026-02-01T10:30"}
    )
    assert answer.status_code == 302
    change = LifecycleChange.objects.latest("id")
    assert (change.to_stage, change.at.isoformat()) == ("customer", "2026-02-01T10:30:00+00:00")


def test_goods_of_a_line_come_back(client: Client, at: datetime, contact: Contact) -> None:
    order = make.order(
        at, contact_id=str(contact.pk), lines=[{"description": "Tea", "unit_price": "4", "quantity": "2"}]
    )
    address = reverse("admin:crm_order_do", args=[order.pk, "return_order_line"])
    ((line, text),) = client.get(address).context["form"].fields["line_id"].choices
    assert text == "1. Tea x 2"
    assert client.post(address, {"line_id": line, "quantity": "1", "reason": "Cold"}).status_code == 302
    order.refresh_from_db()
    assert order.returned_total == Decimal("4.00")
    form = client.post(address, {"line_id": line, "quantity": "5"}).context["form"]
    assert form.errors


def test_only_what_can_be_undone_is_offered(client: Client, at: datetime, contact: Contact) -> None:
    page = reverse("admin:crm_contact_change", args=[contact.pk])

    def offered() -> set[str]:
        return {item["name"] for item in client.get(page).context["operations"]}

    assert "hold_contact" in offered()
    assert not {"unmerge_contact", "release_contact"} & offered()
    other = make.contact(at, last_name="Twin")
    merges.merge(actor=SYSTEM, record_id=contact.pk, contact_id=other.pk, at=at)
    legal_holds.hold(actor=SYSTEM, record_id=contact.pk, reason="A claim", at=at)
    assert {"unmerge_contact", "release_contact"} <= offered()
    assert "hold_contact" not in offered()
    merges.unmerge(actor=SYSTEM, record_id=contact.pk, at=at)
    assert "unmerge_contact" not in offered()
