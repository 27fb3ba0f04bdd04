"""Exports from the admin's lists: what the list shows goes along, what cannot is said, the file is fetched."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role, User, UserRole
from core import tasks
from core.jobs import sending
from core.models.export import Export
from crm.models import Contact
from tests.crm import make

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def browser(role: str) -> Client:
    user = User.objects.create_user(email=f"{role}@example.com", name=role, is_staff=True)
    UserRole.objects.create(user=user, role=Role.objects.get(key=role))
    client = Client()
    client.force_login(user, backend="accounts.backends.AccountBackend")
    return client


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    """No worker: the test carries out what was asked for."""
    monkeypatch.setattr(sending, "send", lambda job: None)
    settings.MEDIA_ROOT = tmp_path


def begin(client: Client, query: str = "", **values: str) -> Export:
    form = {"format": "csv", "separator": ",", **values}
    answer = client.post(reverse("admin:core_export_new", args=["contact"]) + query, form)
    assert answer.status_code == 302, answer.context["form"].errors
    found = Export.objects.latest("id")
    assert answer["Location"] == reverse("admin:core_export_change", args=[found.pk])
    return found


def test_what_the_list_shows_goes_along() -> None:
    client = browser("administrator")
    firm = make.company(AT, name="Acme")
    for name, stage, company in (("Ada", "customer", firm), ("Ben", "customer", None), ("Cy", "lead", firm)):
        make.contact(AT, first_name=name, lifecycle_stage=stage, company_id=str(company.pk) if company else None)
    query = f"?lifecycle_stage__exact=customer&company__id__exact={firm.pk}&o=1"
    page = client.get(reverse("admin:crm_contact_changelist") + query).content.decode()
    assert reverse("admin:core_export_new", args=["contact"]) in page
    made = begin(client, query)
    assert made.filter == {
        "and": [
            {"field": "lifecycle_stage", "op": "eq", "value": "customer"},
            {"field": "company_id", "op": "eq", "value": str(firm.pk)},
        ]
    }
    progress = reverse("admin:core_export_progress", args=[made.pk])
    assert f'hx-get="{progress}"' in client.get(progress).content.decode()
    tasks.carry_out_export(str(made.job_id))
    body = client.get(progress).content.decode()
    content = reverse("admin:core_export_do", args=[made.pk, "export_content"])
    assert content in body
    assert "hx-get" not in body
    answer = client.get(content)
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    assert "Ada" in text
    assert "Ben" not in text
    assert "Cy" not in text
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_what_cannot_go_along_is_said() -> None:
    client = browser("administrator")
    page = client.get(reverse("admin:core_export_new", args=["contact"]) + "?company__name__exact=Acme&q=ada")
    assert page.context["left"] == ["company__name__exact"]
    assert "These filters of the list are not applied" in page.content.decode()


def test_who_may_not_export_is_not_offered_it() -> None:
    contact = make.contact(AT, last_name="Alder")
    client = browser("service")
    address = reverse("admin:core_export_new", args=["deal"])
    assert client.get(address).status_code == 403
    assert client.post(address, {"format": "csv", "separator": ","}).status_code == 403
    assert client.get(reverse("admin:core_export_new", args=["nothing"])).status_code == 403
    assert not Export.objects.exists()
    assert Contact.objects.filter(pk=contact.pk).exists()
