"""Names of related records are told only to those who may see the records: in lists, panels, headers and forms."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.models import Grant, Role, User, UserRole
from crm.models import Order
from tests.crm import make

pytestmark = pytest.mark.django_db


def clerk(**granted: str) -> Client:
    """Somebody who may see these kinds of records, and no others."""
    role = Role.objects.create(key="clerk", name="Clerk")
    for entity, visibility in granted.items():
        Grant.objects.create(role=role, entity=entity, actions=["view", "update"], visibility=visibility)
    user = User.objects.create_user(email="clerk@example.com", name="Clerk", is_staff=True)
    UserRole.objects.create(user=user, role=role)
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


@pytest.fixture
def order(at: datetime) -> Order:
    firm = make.company(at, name="Hidden Works")
    lines = [{"description": "Tea", "unit_price": "40"}]
    return make.order(at, company_id=str(firm.pk), number="N-1", lines=lines)


def pages(order: Order) -> list[str]:
    return [
        reverse("admin:crm_order_changelist"),
        reverse("admin:crm_order_change", args=[order.pk]),
    ]


def test_orders_are_seen_without_their_companies(order: Order) -> None:
    client = clerk(order="all")
    for page in pages(order):
        answer = client.get(page)
        assert answer.status_code == 200, page
        assert "N-1" in answer.content.decode()
        assert "Hidden Works" not in answer.content.decode(), page


def test_whoever_sees_the_companies_sees_their_names(order: Order) -> None:
    client = clerk(order="all", company="all")
    for page in pages(order):
        assert "Hidden Works" in client.get(page).content.decode(), page


def test_a_panel_tells_no_more_than_a_list(at: datetime, order: Order) -> None:
    who = make.contact(at, last_name="Alder")
    Order.objects.filter(pk=order.pk).update(contact=who)
    panel = reverse("admin:crm_contact_panel", args=[who.pk, "orders"])
    body = clerk(order="all", contact="all").get(panel).content.decode()
    assert "N-1" in body
    assert "Hidden Works" not in body


def test_only_the_companies_within_reach_are_named(at: datetime, order: Order) -> None:
    client = clerk(order="all", company="own")
    mine = make.company(at, name="My Works")
    type(mine).objects.filter(pk=mine.pk).update(owner=User.objects.get(email="clerk@example.com"))
    make.order(at, company_id=str(mine.pk), number="N-2", lines=[{"description": "Tea", "unit_price": "1"}])
    with CaptureQueriesContext(connection) as few:
        body = client.get(pages(order)[0]).content.decode()
    assert "My Works" in body
    assert "Hidden Works" not in body
    for number in range(8):
        firm = make.company(at, name=f"Far Works {number}")
        make.order(at, company_id=str(firm.pk), lines=[{"description": "Tea", "unit_price": "1"}])
    with CaptureQueriesContext(connection) as many:
        assert "Far Works" not in client.get(pages(order)[0]).content.decode()
    assert len(many) == len(few)
