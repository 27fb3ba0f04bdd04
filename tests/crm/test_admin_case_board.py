"""Cases on a board: what its columns show, and that cards move by the services, refusals included."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User, UserRole
from core import clock
from core.actors import SYSTEM
from core.admin.home import widgets_of
from crm.models import Case, CaseChange, Contact
from crm.selectors import figures
from crm.services.cases import cases

pytestmark = pytest.mark.django_db

BOARD = "/admin/crm/case/board/"


def browser(role: str) -> Client:
    user = User.objects.create_user(email=f"{role}@example.com", name=role, is_staff=True)
    UserRole.objects.create(user=user, role=Role.objects.get(key=role))
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


@pytest.fixture
def client() -> Client:
    return browser("administrator")


@pytest.fixture
def case(contact: Contact) -> Case:
    values = {"subject": "No tea", "contact_id": str(contact.pk), "priority": "urgent"}
    return cases.create(actor=SYSTEM, values=values, at=clock.now())


def move(client: Client, case: Case, status: str) -> tuple[int, dict[str, Any]]:
    answer = client.post(reverse("admin:crm_case_board_move", args=[case.pk, status]))
    return answer.status_code, answer.json()


def shown(client: Client) -> dict[str, list[str]]:
    return {column.status: [card.subject for card in column.cards] for column in client.get(BOARD).context["columns"]}


def test_a_case_goes_where_it_is_put(client: Client, case: Case) -> None:
    assert shown(client) == {"new": ["No tea"], "open": [], "waiting": [], "resolved": [], "closed": []}
    for status in ("open", "waiting", "open", "resolved", "open", "closed"):
        assert move(client, case, status) == (200, {"case": str(case.pk), "status": status})
        case.refresh_from_db()
        assert case.status == status
    assert shown(client)["closed"] == ["No tea"]
    assert CaseChange.objects.filter(case=case).count() == 7


def test_a_refusal_says_why_and_changes_nothing(client: Client, case: Case) -> None:
    assert move(client, case, "new")[0] == 404
    cases.close(actor=SYSTEM, record_id=case.pk, at=clock.now())
    status, told = move(client, case, "waiting")
    assert status == 409
    assert told["detail"]
    assert client.post(reverse("admin:crm_case_board_move", args=[uuid4(), "open"])).status_code == 404
    assert client.get(reverse("admin:crm_case_board_column", args=["nothing"])).status_code == 404
    case.refresh_from_db()
    assert case.status == "closed"


def test_who_moves_what(case: Case) -> None:
    analyst = browser("analyst")
    page = analyst.get(BOARD)
    assert page.context["targets"] == []
    assert move(analyst, case, "resolved")[0] == 403
    case.refresh_from_db()
    assert case.status == "new"
    assert Client().get(BOARD).status_code == 302


def test_the_home_page_counts_what_is_to_be_done(at: datetime, case: Case) -> None:
    Case.objects.filter(pk=case.pk).update(resolution_breached=True)
    found = figures.work(actor=SYSTEM, at=clock.now())
    assert (found["cases"], found["late_cases"]) == (1, 1)
    cases.resolve(actor=SYSTEM, record_id=case.pk, at=clock.now())
    assert figures.work(actor=SYSTEM, at=clock.now())["cases"] == 0
    assert "work" in [widget.key for widget in widgets_of(SYSTEM)]
