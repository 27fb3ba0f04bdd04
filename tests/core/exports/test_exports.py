"""Exports: what is in the file, for whom, for how long, and what is refused."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import orjson
import pytest
from django.conf import settings
from django.core.files.storage import default_storage
from python_calamine import load_workbook

from accounts.models import Grant, Role
from core import clock, registry
from core.exports import files
from core.exports.forgetting import EXPORTS
from core.exports.writers import workbook
from core.models import Export, Job
from core.personal.holders import Subject
from crm.models import Contact
from tests.core.exports.support import ask, content, exported, job_of, table
from tests.support.doors import Problem
from tests.support.doors.graphql import GraphQLDoor
from tests.support.doors.rest import RestDoor
from tests.support.people import Company, Hands
from tests.support.samples import Samples

pytestmark = pytest.mark.usefixtures("undone")
KINDS = [item.name for item in registry.entities() if item.name != "export"]
NASTY = [
    "=1+1",
    "+32 1",
    "-x",
    "@sum",
    "'=quoted",
    'plain, with; "marks"\nand lines',
    "日本語 Ω é",
    "'",
    "x\ty",
    "\uff1dwide",
]


def person(**values: Any) -> Contact:
    return Samples(start=50).make("contact", **values)  # type: ignore[return-value]


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet", "jsonl"])
@pytest.mark.parametrize("name", KINDS)
def test_every_kind_of_record_is_exported_in_every_format(company: Company, name: str, form: str) -> None:
    Samples(start=60).make(name, full=True)
    assert exported(company, entity=name, form=form)


@pytest.mark.parametrize("name", ["contact", "order", "company", "deal"])
def test_json_lines_are_what_the_api_shows(company: Company, name: str) -> None:
    entity, samples = registry.entity(name), Samples(start=70)
    for _ in range(3):
        samples.make(entity, full=True)
    lines = [orjson.loads(line) for line in exported(company, entity=name, form="jsonl").splitlines()]
    shown = RestDoor(company.people["administrator"].key).list(entity, limit=200)
    custom = entity.custom_column
    for line in lines:
        if custom:
            keys = [key for key in line if key.startswith(f"{custom}.")]
            line[custom] = {key.partition(".")[2]: line.pop(key) for key in keys}
    for row in shown.rows:
        if custom:
            row[custom] = {key: row[custom].get(key) for key in sorted(lines[0][custom])}
    assert lines == shown.rows


def test_csv_of_columns_over_relations_and_custom_fields(company: Company) -> None:
    samples = Samples(start=80)
    firm = samples.make("company", name='Müller & Söhne; "KG"', custom={"a_text": "of the firm"})
    person(
        first_name="Ann", company_id=str(firm.pk), tags=["b", "a"], custom={"a_number": 1.5}, birth_date="1990-01-02"
    )
    person(first_name="Bob")
    names = ["first_name", "company.name", "company.custom.a_text", "custom.a_number", "tags", "birth_date"]
    data = exported(company, fields=names, sort=["name"], options={"separator": ";", "decimal": ",", "bom": True})
    assert data.startswith(b"\xef\xbb\xbf")
    assert table(data, delimiter=";") == [
        dict(zip(names, ["Ann", 'Müller & Söhne; "KG"', "of the firm", "1,5", "a; b", "1990-01-02"], strict=True)),
        dict(zip(names, ["Bob", "", "", "", "", ""], strict=True)),
    ]


def test_the_search_counts(company: Company) -> None:
    for number, city in enumerate(["Ghent", "Bath", "Ghent"]):
        person(first_name=f"P{number}", last_name="X", city=city)
    data = exported(company, fields=["first_name"], filter={"field": "city", "value": "Ghent"}, sort=["-name"])
    assert [row["first_name"] for row in table(data)] == ["P2", "P0"]
    assert [row["first_name"] for row in table(exported(company, fields=["first_name"], q="P1"))] == ["P1"]


def test_formulas_are_neutralised_in_text_and_nowhere_else(company: Company) -> None:
    for number, text in enumerate(NASTY):
        person(first_name="X", last_name=text, job_title=f"{number:02}")
    company_ = Samples(start=90).make("company", founded_year=1900)
    assert company_
    rows = table(exported(company, fields=["last_name", "job_title"], sort=["created_at", "id"]))
    stored = {item.job_title: item.last_name for item in Contact.objects.all() if item.job_title}
    for row in rows:
        text = stored[row["job_title"]]
        assert row["last_name"] in (text, f"'{text}")
        assert row["last_name"][:1] not in set("=+-@\t\r\uff1d")
    as_it_is = table(exported(company, fields=["last_name"], options={"neutralise": False}))
    assert {row["last_name"] for row in as_it_is} == set(stored.values())


def test_xlsx_keeps_types_and_goes_on_in_another_sheet(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbook, "MOST_ROWS", 3)
    samples = Samples(start=100)
    for number in range(5):
        samples.make("product", name="=1+1", unit_price=f"{number}.25", active=number % 2 == 0)
    data = exported(
        company, entity="product", form="xlsx", fields=["name", "unit_price", "active"], sort=["unit_price"]
    )
    sheets = load_workbook(io.BytesIO(data))
    read = [sheets.get_sheet_by_name(name).to_python() for name in sheets.sheet_names]
    assert [len(sheet) for sheet in read] == [3, 3, 2]
    assert read[0] == [["name", "unit_price", "active"], ["'=1+1", 0.25, True], ["'=1+1", 1.25, False]]
    assert b"<f>" not in data


def test_a_cell_that_no_workbook_holds_is_a_clear_failure(company: Company) -> None:
    person(custom={"a_text": "x" * 2000}, last_name="Y")
    Contact.objects.update(custom={"a_text": "x" * 40_000})
    made = ask(company, form="xlsx", fields=["custom.a_text"])
    job = job_of(made)
    assert job.status == "failed"
    assert "32,767" in job.message
    assert len(table(exported(company, fields=["custom.a_text"]))[0]["custom.a_text"]) == 40_000
    refusal = content(company, made["id"])
    assert isinstance(refusal, Problem)
    assert refusal.code == "not_ready"


def test_parquet_is_typed_and_exact(company: Company, tmp_path: Path) -> None:
    samples = Samples(start=110)
    samples.make("order", full=True)
    target = tmp_path / "orders.parquet"
    target.write_bytes(exported(company, entity="order", form="parquet"))
    duck = duckdb.connect()
    duck.execute("SET TimeZone = 'UTC'")
    described = duck.execute(f"DESCRIBE SELECT * FROM '{target}'").fetchall()  # noqa: S608
    kinds = {name: kind for name, kind, *_ in described}
    assert (kinds["total"], kinds["placed_at"], kinds["is_gift"]) == (
        "DECIMAL(16,2)", "TIMESTAMP WITH TIME ZONE", "BOOLEAN",
    )  # fmt: skip
    row = duck.execute(f"SELECT total, currency FROM '{target}'").fetchone()  # noqa: S608
    assert row is not None
    assert isinstance(row[0], Decimal)
    person(tags=["a;b", "c"], birth_date="2001-02-03", city="")
    people = tmp_path / "people.parquet"
    people.write_bytes(exported(company, form="parquet", fields=["tags", "birth_date", "city"], q="", sort=["-id"]))
    first = duck.execute(f"SELECT * FROM '{people}'").fetchone()  # noqa: S608
    assert first == (["a;b", "c"], date(2001, 2, 3), None)


def test_counts_of_more_than_four_bytes_are_whole_in_parquet(company: Company, tmp_path: Path) -> None:
    made = ask(company)
    Export.objects.filter(pk=made["id"]).update(size=5_000_000_000)
    target = tmp_path / "exports.parquet"
    target.write_bytes(exported(company, entity="export", form="parquet", fields=["size"], sort=["id"]))
    assert duckdb.connect().execute(f"SELECT max(size) FROM '{target}'").fetchone() == (5_000_000_000,)  # noqa: S608


def test_only_what_the_asker_sees_is_in_the_file(company: Company) -> None:
    sales = company.people["sales"]
    assert sales.user is not None
    mine, theirs = person(first_name="Mine"), person(first_name="Theirs")
    Hands(sales.user, company.north).take(mine)
    Hands(company.stranger, company.south).take(theirs)
    firm = Samples(start=120).make("company", name="Hidden")
    Hands(company.stranger, company.south).take(firm)
    Contact.objects.filter(pk=mine.pk).update(company_id=firm.pk)
    rows = table(exported(company, "sales", fields=["first_name", "company.name"]))
    assert rows == [{"first_name": "Mine", "company.name": ""}]
    # Costs are not shown to sales: not among all columns, and refused by name.
    Samples(start=130).make("product", unit_cost="3.00")
    assert "unit_cost" not in table(exported(company, "sales", entity="product"))[0]
    refusal = ask(company, "sales", entity="product", fields=["name", "unit_cost"])
    assert refusal == Problem("invalid", 422, (("/fields/1", "forbidden_field"),))


def test_a_partner_exports_nothing_and_nobody_gets_anothers_file(company: Company) -> None:
    assert ask(company, "manager of Alder").code == "forbidden"
    made = ask(company, "sales")
    job_of(made)
    assert content(company, made["id"], "marketing").code == "not_found"
    assert isinstance(content(company, made["id"], "sales"), bytes)
    assert isinstance(content(company, made["id"], "sales", GraphQLDoor), bytes)


def test_a_file_is_for_who_still_sees_all_that_is_in_it(company: Company) -> None:
    made = ask(company, "marketing", fields=["name", "company.name"])
    job_of(made)
    assert isinstance(content(company, made["id"], "marketing"), bytes)
    Grant.objects.filter(role__key="marketing", entity="company").delete()
    assert content(company, made["id"], "marketing").code == "forbidden"


def test_what_is_ones_own_is_not_for_others_who_see_only_theirs(company: Company) -> None:
    sales = company.people["sales"]
    assert sales.user is not None
    Hands(sales.user, company.north).take(person(first_name="Mine"))
    for visibility in ("own", "team"):
        for key in ("sales", "service"):
            Grant.objects.filter(role__key=key, entity="contact").delete()
            role = Role.objects.get(key=key)
            Grant.objects.create(role=role, entity="contact", actions=["view"], visibility=visibility)
        Grant.objects.filter(role__key="service", entity="export").update(visibility="all")
        made = ask(company, "sales", fields=["first_name"])
        job_of(made)
        assert isinstance(content(company, made["id"], "sales"), bytes)
        assert content(company, made["id"], "service").code == "forbidden"
        assert isinstance(content(company, made["id"], "administrator"), bytes)


def test_deleted_records_are_for_who_may_still_restore_them(company: Company) -> None:
    Contact.objects.filter(pk=person().pk).update(deleted_at=clock.now())
    made = ask(company, "marketing", fields=["name"], deleted=True)
    assert made.code == "forbidden"
    Grant.objects.filter(role__key="marketing", entity="contact", visibility="all").update(actions=["view", "restore"])
    made = ask(company, "marketing", fields=["name"], deleted=True)
    job_of(made)
    assert isinstance(content(company, made["id"], "marketing"), bytes)
    Grant.objects.filter(role__key="marketing", entity="contact").update(actions=["view"])
    assert content(company, made["id"], "marketing").code == "forbidden"


def test_rights_that_were_withdrawn_before_the_work_count(company: Company) -> None:
    made = ask(company, "marketing")
    Grant.objects.filter(role__key="marketing", entity="contact").delete()
    assert job_of(made).status == "failed"
    made = ask(company, "service")
    Grant.objects.filter(role__key="service", entity="export").update(actions=["view"])
    assert job_of(made).status == "failed"
    assert ask(company, "service").code == "forbidden"


def test_files_expire_and_go_with_their_export(company: Company) -> None:
    made, other = ask(company), ask(company)
    for one in (made, other):
        job_of(one)
    paths = [Export.objects.get(pk=one["id"]).path for one in (made, other)]
    assert all(map(default_storage.exists, paths))
    later = clock.now() + timedelta(days=settings.EXPORT_KEEP_DAYS + 1)
    RestDoor(company.people["administrator"].key).delete(registry.entity("export"), other["id"])
    assert content(company, other["id"]).code == "not_found"
    assert files.throw_away(at=clock.now()) == 0
    assert files.throw_away(at=later) == 1
    assert content(company, made["id"]).code == "expired"
    assert Export.objects.exclude(path="").count() == 0


def test_an_erased_person_stands_in_no_file(company: Company) -> None:
    people, firms, products = (
        ask(company),
        ask(company, entity="deal", fields=["contact.name"]),
        ask(company, entity="product"),
    )
    for one in (people, firms, products):
        job_of(one)
    subject = Subject(frozenset(), clock.now())
    Job.objects.filter(pk=products["job_id"]).update(status="running")
    # It may have been begun before, and is looked at again when its file is there.
    assert EXPORTS.forget(subject, clock.now()) is False
    Job.objects.filter(pk=products["job_id"]).update(status="succeeded")
    assert EXPORTS.forget(subject, clock.now()) is True
    assert content(company, people["id"]).code == "expired"
    assert content(company, firms["id"]).code == "expired"
    assert isinstance(content(company, products["id"]), bytes)


def test_a_cancelled_export_has_no_file(company: Company) -> None:
    made = ask(company)
    cancel = next(item for item in registry.entity("export").operations if item.name == "cancel_export")
    door = RestDoor(company.people["administrator"].key)
    assert not isinstance(door.operation(cancel, made["id"], {}), Problem)
    assert job_of(made).status == "cancelled"
    assert content(company, made["id"]).code == "not_ready"
    assert door.operation(cancel, made["id"], {}).code == "conflict"


@pytest.mark.parametrize(
    ("values", "code", "place"),
    [
        ({"entity": "shoe"}, "invalid", "/entity"),
        ({"form": "pdf"}, "invalid", "/format"),
        ({"form": "vcard", "entity": "order"}, "invalid", "/format"),
        ({"fields": ["name", "orders.number"]}, "invalid", "/fields/1"),
        ({"fields": ["company.shoe"]}, "invalid", "/fields/0"),
        ({"fields": []}, "invalid", "/fields"),
        ({"filter": {"field": "shoe", "value": 1}}, "invalid_criteria", "/field"),
        ({"options": {"separator": "x"}}, "invalid", "/options/separator"),
        ({"sort": ["shoe"]}, "bad_request", "/sort/0"),
    ],
)
def test_what_is_wrong_is_refused_when_it_is_asked_for(company: Company, values: Any, code: str, place: str) -> None:
    refusal = ask(company, **values)
    assert isinstance(refusal, Problem)
    assert (refusal.code, refusal.errors[0][0]) == (code, place)
    assert not Export.objects.exists()


def test_moments_are_in_utc(company: Company) -> None:
    person(first_name="Now")
    Contact.objects.update(created_at=datetime(2026, 3, 1, 12, 30, 0, 5, tzinfo=UTC))
    (row,) = table(exported(company, fields=["created_at"]))
    assert row["created_at"] == "2026-03-01T12:30:00.000005+00:00"
