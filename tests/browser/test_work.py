"""Work in the browser: files that come in and go out, merging, deleting many, fields of one's own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from playwright.sync_api import expect

from core import clock, tasks
from core.actors import SYSTEM
from core.jobs import sending
from core.models.export import Export
from core.models.imports import Import
from core.registry.types import Upload
from crm.models import Contact, CustomField
from crm.services.files import files
from tests.browser.conftest import Watched
from tests.crm import make

pytestmark = pytest.mark.django_db(transaction=True)

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
PEOPLE = "First name;Last name;Mail\nAda;Alder;ada@example.com\nBo;Birch;no address\nCy;Cedar;cy@example.com\n"


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path, transactional_db: None) -> None:
    """No worker: the test carries out what was asked for."""
    monkeypatch.setattr(sending, "send", lambda job: None)
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_file_is_imported_from_upload_to_result(admin_page: Watched, tmp_path: Path) -> None:
    page, file = admin_page.page, tmp_path / "people.csv"
    file.write_text(PEOPLE)
    admin_page.open("/admin/crm/contact/")
    page.get_by_role("link", name="Import", exact=True).click()
    expect(page.get_by_label("What are the rows?")).to_have_value("contact")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_label("Mail")).to_have_value("email")
    expect(page.locator(".bf-preview .bf-fault")).to_contain_text("Must be an e-mail address.")
    page.get_by_role("button", name="Check all rows").click()
    expect(page.get_by_role("status")).to_contain_text("Waiting for a worker")
    _carry_out_import()
    # The page finds out by itself.
    expect(page.get_by_role("heading", name="What the check found")).to_be_visible()
    expect(page.locator(".bf-figure", has_text="Would be created").locator("dd")).to_have_text("2")
    assert not Contact.objects.exists()
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("Importing")
    _carry_out_import()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()
    expect(page.locator(".bf-figure", has_text="Failed").locator("dd")).to_have_text("1")
    with page.expect_download() as found:
        page.get_by_role("link", name="Rows with errors (CSV)", exact=True).click()
    assert "Birch" in found.value.path().read_text()
    assert list(Contact.objects.order_by("last_name").values_list("last_name", flat=True)) == ["Alder", "Cedar"]
    page.get_by_role("link", name="See the records", exact=True).click()
    expect(page.locator("#result_list tbody tr")).to_have_count(2)


def test_a_list_is_exported_and_downloaded(admin_page: Watched) -> None:
    for name in ("Alder", "Birch"):
        make.contact(AT, last_name=name)
    page = admin_page.page
    admin_page.open("/admin/crm/contact/?q=alder")
    page.get_by_role("link", name="Export these", exact=True).click()
    page.get_by_role("button", name="Export").click()
    expect(page.locator(".bf-job")).to_contain_text("Queued")
    tasks.carry_out_export(str(Export.objects.get().job_id))
    # The page finds out by itself, and takes back the button that stops.
    download = page.get_by_role("link", name="Download", exact=True)
    expect(download).to_be_visible()
    expect(page.get_by_role("link", name="Cancel", exact=True)).to_have_count(0)
    with page.expect_download() as found:
        download.click()
    written = found.value.path().read_text()
    assert "Alder" in written
    assert "Birch" not in written


def test_contacts_are_merged_and_unmerged(admin_page: Watched) -> None:
    kept, taken = make.contact(AT, last_name="Alder"), make.contact(AT, first_name="Ada", last_name="Olderman")
    make.order(AT, contact_id=str(taken.pk), number="N-1", lines=[{"description": "Tea", "unit_price": "40"}])
    page = admin_page.page
    admin_page.open(f"/admin/crm/contact/{kept.pk}/change/")
    page.get_by_role("link", name="Merge", exact=True).click()
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").press_sequentially("olderman")
    page.get_by_role("option", name="Ada Olderman").click()
    page.get_by_role("button", name="Merge").click()
    expect(page.locator("#panel-timeline")).to_contain_text("N-1")
    assert not Contact.objects.alive().filter(pk=taken.pk).exists()
    page.get_by_role("link", name="Unmerge", exact=True).click()
    page.get_by_label("Merge", exact=True).select_option(label=_last_option(page))
    page.get_by_role("button", name="Unmerge").click()
    expect(page.locator("#panel-timeline")).not_to_contain_text("N-1")
    expect(page.get_by_role("link", name="Unmerge", exact=True)).to_have_count(0)
    assert Contact.objects.alive().get(pk=taken.pk).name == "Ada Olderman"


def test_many_are_deleted_from_a_list_and_brought_back(admin_page: Watched) -> None:
    for name in ("Alder", "Birch", "Cedar"):
        make.contact(AT, last_name=name)
    page = admin_page.page
    admin_page.open("/admin/crm/contact/")
    for name in ("Alder", "Birch"):
        page.get_by_role("row").filter(has_text=name).get_by_role("checkbox").check()
    page.locator("[name=action]").select_option("delete_selected")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    assert [row.last_name for row in Contact.objects.alive()] == ["Cedar"]
    admin_page.open("/admin/crm/contact/?state=deleted")
    page.get_by_role("row").filter(has_text="Birch").get_by_role("checkbox").check()
    page.locator("[name=action]").select_option("restore_selected")
    page.get_by_role("button", name="Run").click()
    expect(page.get_by_text("1 restored.")).to_be_visible()
    assert sorted(row.last_name for row in Contact.objects.alive()) == ["Birch", "Cedar"]


def test_a_custom_field_is_made_and_filled_in(admin_page: Watched) -> None:
    who = make.contact(AT, last_name="Alder")
    page = admin_page.page
    admin_page.open("/admin/crm/customfield/add/")
    page.locator("[name=entity]").select_option("contact")
    page.fill("[name=key]", "taste")
    page.fill("[name=label]", "Taste")
    page.locator("[name=type]").select_option("choice")
    page.fill("[name=choices]", "green,black")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator("#result_list")).to_contain_text("Taste")
    assert CustomField.objects.get().key == "taste"
    admin_page.open(f"/admin/crm/contact/{who.pk}/change/")
    page.get_by_label("Taste").select_option("black")
    page.get_by_role("button", name="Save and continue editing").click()
    expect(page.get_by_label("Taste")).to_have_value("black")
    assert Contact.objects.get().custom == {"taste": "black"}


def test_a_timeline_is_narrowed_to_one_kind(admin_page: Watched) -> None:
    who = make.contact(AT, last_name="Alder")
    make.interaction(AT, contact_id=str(who.pk), subject="A call about tea")
    make.order(AT, contact_id=str(who.pk), number="N-1", lines=[{"description": "Tea", "unit_price": "40"}])
    page, timeline = admin_page.page, admin_page.page.locator("#panel-timeline")
    admin_page.open(f"/admin/crm/contact/{who.pk}/change/")
    expect(timeline).to_contain_text("A call about tea")
    # What came is seen for a moment before it listens.
    expect(timeline.locator(".htmx-added")).to_have_count(0)
    timeline.get_by_role("combobox").select_option("order")
    expect(timeline).not_to_contain_text("A call about tea")
    expect(timeline).to_contain_text("N-1")
    timeline.get_by_role("combobox").select_option("note")
    expect(timeline).to_contain_text("Nothing of this kind.")
    timeline.get_by_role("combobox").select_option("")
    expect(timeline).to_contain_text("A call about tea")
    # The tabs that are seldom looked at are folded away.
    expect(page.get_by_role("tab", name="Gifts")).to_be_hidden()
    page.get_by_role("button", name="more").click()
    page.get_by_role("tab", name="Gifts").click()
    expect(page.locator("#panel-gifts")).to_contain_text("None yet.")


def test_a_file_is_downloaded_from_its_page(admin_page: Watched) -> None:
    who = make.contact(AT, last_name="Alder")
    sent = Upload(limit="file").parse(SimpleUploadedFile("offer.txt", b"Tea for all"))
    made = files.upload(actor=SYSTEM, at=clock.now(), file=sent, contact_id=who.pk)
    admin_page.open(f"/admin/crm/file/{made}/change/")
    with admin_page.page.expect_download() as found:
        admin_page.page.get_by_role("link", name="Download", exact=True).click()
    assert found.value.suggested_filename == "offer.txt"
    assert found.value.path().read_bytes() == b"Tea for all"


def _carry_out_import() -> None:
    tasks.carry_out_import(str(Import.objects.get().job_id))


def _last_option(page: Any) -> str:
    label: str = page.get_by_label("Merge", exact=True).locator("option").last.inner_text()
    return label
