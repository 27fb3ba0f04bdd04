"""The import wizard: looked at, changed, checked, written, cancelled; each with what the person may do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core import tasks
from core.jobs import sending
from core.models.imports import Import, ImportMapping
from core.models.job import Job
from crm.models import Company, Contact
from tests.core.test_admin_exports import browser

pytestmark = pytest.mark.django_db

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = "First name;Nachname;E-mail;Firma;Remark\nAda;Alder;ada@example.com;Acme;x\nBo;Birch;no address;Acme;y\n"


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Any) -> None:
    """No worker: the test carries out what was asked for."""
    monkeypatch.setattr(sending, "send", lambda job: None)
    settings.MEDIA_ROOT = tmp_path


def send(client: Client, text: str = PEOPLE, entity: str = "contact") -> Import:
    file = SimpleUploadedFile("people.csv", text.encode())
    answer = client.post(reverse("admin:core_import_new"), {"entity": entity, "file": file})
    assert answer.status_code == 302, answer.context["form"].errors
    record: Import = Import.objects.latest("id")
    assert answer["Location"] == page_of(record)
    return record


def page_of(record: Import) -> str:
    return reverse("admin:core_import_change", args=[record.pk])


def filled(client: Client, record: Import, **changes: Any) -> dict[str, Any]:
    """What the page's form would send, with changes."""
    context = client.get(page_of(record)).context
    record.refresh_from_db()
    sent: dict[str, Any] = {"version": record.version}
    for row in context["mapping"].rows():
        sent[f"target-{row['number']}"] = row["chosen"]
        sent |= {item["name"]: item["value"] for item in row["reading"]}
    for field in [*context["options"].reading, *context["options"].writing]:
        value = field.value()
        if value is not None:
            sent[field.name] = value
    return sent | changes


def do(client: Client, record: Import, verb: str, **changes: Any) -> Any:
    answer = client.post(page_of(record), filled(client, record, do=verb, **changes))
    record.refresh_from_db()
    return answer


def told(answer: Any) -> str:
    """The messages above the page."""
    return " ".join(str(message) for message in answer.context["messages"])


def carry_out(record: Import) -> None:
    record.refresh_from_db()
    tasks.carry_out_import(str(record.job_id))
    record.refresh_from_db()


def test_a_file_goes_from_its_columns_to_records() -> None:
    client = browser("administrator")
    record = send(client)
    page = client.get(page_of(record))
    body = page.content.decode()
    rows = {row["name"]: row for row in page.context["mapping"].rows()}
    assert rows["First name"]["confidence"] == 100
    assert rows["Nachname"]["chosen"] == "last_name"
    assert rows["Remark"]["chosen"] == ""
    assert "As found: Semicolon" in body
    before = record.version
    do(client, record, "apply")
    assert record.version == before, "nothing was changed"
    do(client, record, "check", **{"target-4": "job_title", "create_missing": ["company"]})
    assert record.mapping["columns"]["Remark"] == "job_title"
    assert record.status == "checking"
    progress = reverse("admin:core_import_progress", args=[record.pk])
    waiting = client.get(progress)
    assert f'hx-get="{progress}"' in waiting.content.decode()
    assert "HX-Refresh" not in waiting
    assert client.get(page_of(record)).context["mapping"] is None
    carry_out(record)
    assert client.get(progress)["HX-Refresh"] == "true"
    result = client.get(page_of(record)).context["result"]
    assert (result["dry"], {name: count for name, count, _ in result["counts"]}["Created"]) == (True, 1)
    assert not Contact.objects.exists()
    do(client, record, "commit")
    assert record.status == "committing"
    carry_out(record)
    assert (Contact.objects.get().job_title, Company.objects.get().name) == ("x", "Acme")
    result = client.get(page_of(record)).context["result"]
    listed = client.get(result["records_url"]).content.decode()
    assert "Ada Alder" in listed
    wrong = b"".join(client.get(result["errors_url"]).streaming_content).decode()  # type: ignore[attr-defined]
    assert "no address" in wrong
    assert "ada@example.com" not in wrong


def test_a_cell_with_a_fault_says_so_in_the_preview() -> None:
    client = browser("administrator")
    shown = client.get(page_of(send(client))).context["preview"]
    place = [column["name"] for column in shown["columns"]].index("E-mail")
    assert not shown["rows"][0]["cells"][place]["faults"]
    assert shown["rows"][1]["cells"][place]["faults"]


def test_what_is_open_must_be_answered() -> None:
    client = browser("administrator")
    record = send(client, "E-mail,Birthday\nada@example.com,01/02/1990\n")
    assert record.questions
    answer = do(client, record, "commit")
    assert answer.status_code == 200
    assert record.status == "ready"
    assert record.questions[0]["text"] in told(answer)
    assert not Job.objects.exists()
    assert do(client, record, "commit", **{"date_format-1": "d/m/y"}).status_code == 302
    carry_out(record)
    assert str(Contact.objects.get().birth_date) == "1990-02-01"


def test_a_refused_mapping_stands_at_its_column_and_changes_nothing() -> None:
    client = browser("administrator")
    record = send(client)
    answer = do(client, record, "apply", **{"target-4": "email"})
    assert answer.status_code == 200
    assert answer.context["mapping"].faults["Remark"]
    assert record.mapping["columns"].get("Remark") is None
    shown = {row["name"]: row for row in answer.context["mapping"].rows()}
    assert shown["Remark"]["chosen"] == "email"


def test_how_the_file_is_read_can_be_changed() -> None:
    client = browser("administrator")
    record = send(client)
    do(client, record, "apply", header="false", **{"target-4": "job_title"})
    assert record.layout["settings"]["header"] is False
    assert len(record.preview) == 3
    answer = do(client, record, "apply", header="")
    assert answer.status_code == 302, (answer.context["mapping"].faults, answer.context["options"].errors)
    assert "header" not in record.options


def test_a_page_that_is_older_than_the_import_is_refused() -> None:
    client = browser("administrator")
    record = send(client)
    old = filled(client, record, do="apply", **{"target-4": "job_title"})
    do(client, record, "apply", **{"target-4": "source"})
    assert client.post(page_of(record), old).status_code == 200
    record.refresh_from_db()
    assert record.mapping["columns"]["Remark"] == "source"


def test_a_mapping_is_kept_and_proposed_for_the_next_file() -> None:
    client = browser("administrator")
    record = send(client)
    assert do(client, record, "keep", keep=" ").status_code == 200
    assert not ImportMapping.objects.exists()
    do(client, record, "keep", keep="People", **{"target-4": "job_title"})
    assert ImportMapping.objects.get().name == "People"
    assert send(client).mapping["columns"]["Remark"] == "job_title"


def test_what_waits_can_be_cancelled() -> None:
    client = browser("administrator")
    record = send(client)
    do(client, record, "check")
    assert client.post(page_of(record), {"do": "cancel"}).status_code == 302
    record.refresh_from_db()
    assert record.status == "ready"
    assert Job.objects.get().status == "cancelled"


def test_everybody_imports_what_they_may_make_and_sees_their_own() -> None:
    owner, sales = browser("administrator"), browser("sales")
    record = send(owner)
    for answer in (sales.get(page_of(record)), sales.post(page_of(record), {"do": "commit"})):
        assert (answer.status_code, answer["Location"]) == (302, reverse("admin:index"))
    assert record.name not in sales.get(reverse("admin:index")).content.decode()
    record.refresh_from_db()
    assert record.status == "ready"
    offered = [name for name, _ in sales.get(reverse("admin:core_import_new")).context["form"].fields["entity"].choices]
    assert "contact" in offered
    assert "user" not in offered
    file = SimpleUploadedFile("a.csv", b"Name\nx\n")
    refused = sales.post(reverse("admin:core_import_new"), {"entity": "product", "file": file})
    assert "entity" in refused.context["form"].errors
    assert Import.objects.count() == 1
    analyst = browser("analyst")
    assert reverse("admin:core_import_new") not in analyst.get(reverse("admin:crm_contact_changelist")).content.decode()
    assert reverse("admin:core_import_new") in sales.get(reverse("admin:crm_contact_changelist")).content.decode()


def test_a_file_that_cannot_be_read_is_refused_at_its_field() -> None:
    client = browser("administrator")
    file = SimpleUploadedFile("a.xlsx", b"PK\x03\x04 broken")
    answer = client.post(reverse("admin:core_import_new"), {"entity": "contact", "file": file})
    assert answer.context["form"].errors["file"]
    assert not Import.objects.exists()
