"""What columns are taken for, and what of our own files comes back as it was."""

from __future__ import annotations

import csv
import io

import pytest

from core.actors import SYSTEM
from core.clock import now
from core.errors import Invalid
from core.imports import problems
from core.imports.service import imports
from core.models.imports import Import
from crm.models import Company, Contact, Task
from crm.services import merges
from tests.core.imports.files import workbook
from tests.crm.custom_fields.make import define
from tests.crm.test_imports import brought_in, counted, kept_in, run, take

assert kept_in
pytestmark = pytest.mark.django_db


def codes(record: Import) -> dict[int, list[str]]:
    page = problems.fetch(actor=SYSTEM, record_id=record.pk, at=now(), limit=200)
    return {item["row"]: [error["code"] for error in item["errors"]] for item in page.items}


def test_dates_with_a_fault_among_them_are_no_telephone_numbers() -> None:
    define("met_on", "date")
    record = take("Last name;Met on;When\nOde;31/01/2026;31/01/2026\nEve;31/02/2026;31/02/2026\n")
    assert record.mapping["columns"] == {"Last name": "last_name", "Met on": "custom.met_on"}


@pytest.mark.parametrize(
    ("name", "target"),
    [("Geboren", "birth_date"), ("Naissance", "birth_date"), ("Fecha de nacimiento", "birth_date")],
)
def test_birthdays_in_several_languages(name: str, target: str) -> None:
    record = take(f"Nachname;{name}\nOde;31.01.1980\n")
    assert record.mapping["columns"][name] == target


def test_whose_it_is_and_by_which_channel() -> None:
    record = take("Opportunity,Owner\nBig,ada@example.com\n", "deal")
    assert record.mapping["columns"]["Owner"] == "owner.email"
    record = take("Date,Type,Subject,Email\n2026-01-01,call,Hi,ode@example.com\n", "interaction")
    assert record.mapping["columns"]["Type"] == "channel"


def test_custom_amounts_are_understood_with_their_currency() -> None:
    define("budget", "money")
    rows = 'Ann;"€ 1.234,50"\nBob;12,50 USD\nCid;5\nDan;"{""amount"": ""7.5"", ""currency"": ""GBP""}"\nEve;viel\n'
    record = brought_in(f"last_name;budget\n{rows}")
    found = dict(Contact.objects.values_list("last_name", "custom"))
    assert found == {
        "Ann": {"budget": {"amount": "1234.50", "currency": "EUR"}},
        "Bob": {"budget": {"amount": "12.50", "currency": "USD"}},
        "Dan": {"budget": {"amount": "7.5", "currency": "GBP"}},
    }
    assert codes(record) == {4: ["currency_required"], 6: ["wrong_type"]}


def test_a_custom_amount_without_a_currency_is_in_the_only_one_that_there_may_be() -> None:
    define("budget", "money", currency="EUR")
    record = brought_in("last_name,budget\nAnn,12.50\nBob,12.50 USD\n")
    assert Contact.objects.get().custom == {"budget": {"amount": "12.50", "currency": "EUR"}}
    assert codes(record) == {3: ["invalid_currency"]}


def test_choices_come_back_as_they_were_exported() -> None:
    define("likes", "multi_choice", choices=["tea", "oat milk", "gin"])
    brought_in('last_name;likes\nAnn;tea, gin\nBob;"oat milk; gin"\n')
    found = dict(Contact.objects.values_list("last_name", "custom"))
    assert found == {"Ann": {"likes": ["tea", "gin"]}, "Bob": {"likes": ["oat milk", "gin"]}}


CARDS = (
    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ann Ode\r\nN:Ode;Ann;;;\r\nEMAIL:ann@example.com\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:4.0\r\nUID:u1\r\nFN:Bob Ode\r\nN:Ode;Bob;;;\r\nEMAIL:bob@example.com\r\nEND:VCARD\r\n"
    "BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Cid Ode\r\nN:Ode;Cid;;;\r\nEND:VCARD\r\n"
)


def test_a_row_without_the_first_key_is_known_by_the_next() -> None:
    assert counted(brought_in(CARDS, name="a.vcf")) == {"created": 2, "failed": 1}
    again = brought_in(CARDS, name="a.vcf")
    assert counted(again) == {"unchanged": 2, "failed": 1}
    assert codes(again) == {14: ["key_missing"]}


def test_a_key_that_was_asked_for_is_the_only_one() -> None:
    record = brought_in(CARDS, name="a.vcf", options={"key": "external_id"})
    assert codes(record) == {1: ["key_missing"], 14: ["key_missing"]}


def test_another_sheet_has_a_mapping_of_its_own() -> None:
    content = workbook([["First name", "E-mail"], ["Xan", "xan@example.com"]], sheets=("People", "Info"))
    record = take(content, name="a.xlsx", options={"sheet": "Info"})
    assert record.notices[0] == "The sheet is 'Info'; there is also 'People'."
    with pytest.raises(Invalid) as refusal:
        imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    assert [(error.pointer, error.code) for error in refusal.value.errors] == [("/mapping", "required")]
    imports.update(actor=SYSTEM, record_id=record.pk, at=now(), values={"options": {"sheet": "People"}})
    record.refresh_from_db()
    assert record.mapping["columns"] == {"First name": "first_name", "E-mail": "email"}
    assert counted(run(record)) == {"created": 1}


def test_what_a_mapping_lacks_is_said_as_long_as_it_does() -> None:
    record = take("Receipt,Date,Item,Qty,Price\nR1,2026-02-01,Tea,1,2.20\n", "order_line")
    assert any(text.startswith("The mapping must be completed") for text in record.notices)
    imports.update(actor=SYSTEM, record_id=record.pk, at=now(), values={"options": {"stop_after_errors": 5}})
    record.refresh_from_db()
    assert sum(text.startswith("The mapping must be completed") for text in record.notices) == 1
    imports.update(actor=SYSTEM, record_id=record.pk, at=now(), values={"options": {"walk_in": "TILL"}})
    record.refresh_from_db()
    assert not any(text.startswith("The mapping must be completed") for text in record.notices)


def test_a_mended_file_of_errors_has_its_own_columns_once() -> None:
    first = brought_in("last_name,email\nOde,wrong\n")
    text = b"".join(problems.as_file(actor=SYSTEM, record_id=first.pk, at=now()).chunks()).decode("utf-8-sig")
    second = brought_in(text.replace("wrong", "still wrong"))
    told = b"".join(problems.as_file(actor=SYSTEM, record_id=second.pk, at=now()).chunks()).decode("utf-8-sig")
    assert next(csv.reader(io.StringIO(told))) == ["last_name", "email", "import_row", "import_errors"]


CALENDAR = (
    "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:e1\r\nDTSTART:20260105T100000Z\r\nSUMMARY:Meet\r\n"
    "ATTENDEE:mailto:ode@example.com\r\nEND:VEVENT\r\n"
    "BEGIN:VTODO\r\nUID:t1\r\nSUMMARY:Call\r\nEND:VTODO\r\nEND:VCALENDAR\r\n"
)


def test_a_calendar_of_both_is_read_as_what_is_asked_for() -> None:
    Contact.objects.create(last_name="Ode", email="ode@example.com")
    assert counted(brought_in(CALENDAR, "task", name="a.ics")) == {"created": 1}
    assert Task.objects.get().title == "Call"
    assert take(CALENDAR, "interaction", name="a.ics").preview[0]["values"]["subject"] == "Meet"


ORDERS = "Receipt,Date,Item,Qty,Price,Total\n"


def test_nothing_is_made_for_orders_that_do_not_go_in() -> None:
    rows = "R1,2026-02-01,Tea,1,2.20,2.20\nR2,2026-02-01,Gin,1,9.00,8.00\nR2,2026-02-01,Rum,1,9.00,9.00\n"
    record = brought_in(ORDERS + rows, "order_line", options={"create_missing": True, "walk_in": "TILL"})
    assert record.report["related"] == {"company": 1, "product": 1, "order": 1}
    options = {"create_missing": True, "walk_in": "NEW"}
    other = brought_in(ORDERS + "R9,2026-02-01,Ale,1,9.00,8.00\n", "order_line", options=options)
    assert other.report["related"] == {}
    assert not Company.objects.filter(external_id="NEW").exists()


def test_a_dry_run_counts_what_it_would_make_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.imports.work.CHUNK", 1)
    record = take("last_name,company\nOde,Acme\nEve,Acme\nAnn,Bell\n", options={"create_missing": ["company"]})
    assert run(record, "dry_run").report["related"] == {"company": 2}
    assert run(record).report["related"] == {"company": 2}


@pytest.mark.parametrize("create", [[], ["parent"]])
def test_parents_stand_in_the_same_file_in_any_order(create: list[str]) -> None:
    rows = "Grandchild,Child\nChild,Head\nAlone,\nHead,\n"
    record = brought_in(f"Company,Parent\n{rows}", "company", options={"create_missing": create})
    assert counted(record) == {"created": 4}
    assert record.report["related"] == {}
    found = dict(Company.objects.values_list("name", "parent__name"))
    assert found == {"Grandchild": "Child", "Child": "Head", "Alone": None, "Head": None}


def test_parents_in_a_circle_are_told() -> None:
    record = brought_in("Company,Parent\nOne,Two\nTwo,One\nSelf,Self\nHead,\n", "company")
    assert counted(record) == {"created": 1, "failed": 3}
    assert codes(record) == {2: ["not_found"], 3: ["not_found"], 4: ["not_found"]}


def test_a_merged_contact_of_another_system_comes_in_as_the_one_that_stayed() -> None:
    file = "External id;Last name;City\nS1;Ode;Ghent\nS2;Ode;Ghent\n"
    assert counted(brought_in(file)) == {"created": 2}
    winner, loser = Contact.objects.order_by("external_id").values_list("pk", flat=True)
    merges.merge(actor=SYSTEM, record_id=winner, contact_id=loser, at=now())
    assert counted(brought_in(file.replace("S2;Ode;Ghent", "S2;Ode;Bruges"))) == {"updated": 1, "unchanged": 1}
    contact = Contact.objects.alive().get()
    assert (contact.external_id, contact.city) == ("S1", "Bruges")
