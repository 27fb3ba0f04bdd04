"""Imports from file to records: what is found out, checked, written, refused, stopped and told."""

from __future__ import annotations

import csv
import io
import threading
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from pytest_django import Settings

from core import jobs, registry
from core.actors import SYSTEM, Actor, Visibility
from core.clock import now
from core.errors import Conflict, Forbidden, Invalid
from core.formulas import neutralised, restored
from core.imports import problems, work
from core.imports.errors import NotReady, OpenQuestions, UnreadableFile
from core.imports.service import forget, import_mappings, imports
from core.models.imports import Import, ImportProblem
from core.models.job import Job
from crm.models import Company, Contact
from tests.core.imports.files import workbook
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept_in(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go to a folder of the test's own, and no worker is told."""
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr("core.jobs.sending.send", lambda job: None)


def take(
    content: bytes | str, entity: str = "contact", *, actor: Actor = SYSTEM, name: str = "a.csv", **given: Any
) -> Import:
    raw = content.encode() if isinstance(content, str) else content
    record_id = imports.take(actor=actor, at=now(), file=SimpleUploadedFile(name, raw), entity=entity, **given)
    return Import.objects.get(pk=record_id)


def run(record: Import, phase: str = "commit", *, actor: Actor = SYSTEM) -> Import:
    start = imports.commit if phase == "commit" else imports.dry_run
    start(actor=actor, record_id=record.pk, at=now())
    record.refresh_from_db()
    assert record.job_id
    work.carry_out(job_id=record.job_id)
    record.refresh_from_db()
    return record


def brought_in(content: bytes | str, entity: str = "contact", **given: Any) -> Import:
    return run(take(content, entity, **given))


def counted(record: Import) -> dict[str, int]:
    names = ("created", "updated", "unchanged", "skipped", "failed")
    return {name: record.report[name] for name in names if record.report.get(name)}


PEOPLE = (
    "First name;Last name;E-mail;Ort;Firma\nAda;Alder;ada@example.com;Gent;Acme\nBo;Birch;bo@example.com;Brugge;Acme\n"
)


def test_what_is_found_out_and_suggested() -> None:
    record = take(PEOPLE)
    assert record.layout["settings"]["separator"] == ";"
    assert record.mapping["columns"] == {
        "First name": "first_name", "Last name": "last_name", "E-mail": "email", "Ort": "city", "Firma": "company.name",
    }  # fmt: skip
    assert all(0 < item["suggestion"]["confidence"] <= 1 and item["suggestion"]["reason"] for item in record.columns)
    assert record.preview[0]["values"]["email"] == "ada@example.com"
    assert record.status == "ready"


def test_a_dry_run_writes_nothing_and_tells_all() -> None:
    record = run(take(PEOPLE, options={"create_missing": True}), "dry_run")
    assert (record.status, counted(record)) == ("checked", {"created": 2})
    assert record.report["related"] == {"company": 1}
    assert not Contact.objects.exists()
    assert not Company.objects.exists()
    record = run(record)
    assert (record.status, counted(record)) == ("committed", {"created": 2})
    assert set(Contact.objects.values_list("email", "company__name", "city")) == {
        ("ada@example.com", "Acme", "Gent"), ("bo@example.com", "Acme", "Brugge"),
    }  # fmt: skip


def test_a_missing_relation_is_an_error_of_its_row() -> None:
    Company.objects.create(name="Acme")
    record = brought_in(PEOPLE.replace("Brugge;Acme", "Brugge;Nobody"))
    assert counted(record) == {"created": 1, "failed": 1}
    page = problems.fetch(actor=SYSTEM, record_id=record.pk, at=now())
    assert [(item["row"], item["errors"][0]["column"], item["errors"][0]["code"]) for item in page.items] == [
        (3, "Firma", "not_found")
    ]


def test_the_same_file_twice_changes_nothing_and_it_is_said() -> None:
    first = brought_in(PEOPLE, options={"create_missing": True})
    versions = set(Contact.objects.values_list("pk", "version"))
    record = take(PEOPLE, options={"create_missing": True})
    assert record.duplicate_of_id == first.pk
    assert counted(run(record)) == {"unchanged": 2}
    assert set(Contact.objects.values_list("pk", "version")) == versions


def test_the_file_of_errors_can_be_mended_and_sent_again() -> None:
    record = brought_in("email,phone,first_name\nada@example.com,123,=Ada\nnobody,+3225551234,Bo\ncy@example.com,,Cy\n")
    assert counted(record) == {"created": 1, "failed": 2}
    found = b"".join(problems.as_file(actor=SYSTEM, record_id=record.pk, at=now()).chunks())
    rows = list(csv.reader(io.StringIO(found.decode("utf-8-sig"))))
    assert rows[0] == ["email", "phone", "first_name", "import_row", "import_errors"]
    assert [row[:4] for row in rows[1:]] == [
        ["ada@example.com", "123", "'=Ada", "2"],
        ["nobody", "+3225551234", "Bo", "3"],
    ]
    assert "invalid_phone" in rows[1][4]
    mended = found.replace(b"123,", b"+3225559876,").replace(b"nobody", b"bo@example.com")
    again = brought_in(mended)
    assert counted(again) == {"created": 2}
    assert Contact.objects.count() == 3


def test_rows_with_the_same_key() -> None:
    content = "email,city\nada@example.com,Gent\nbo@example.com,Brugge\nADA@example.com,Leuven\n"
    record = brought_in(content)
    assert counted(record) == {"created": 2, "skipped": 1}
    assert any("1 rows have the email of another row" in notice for notice in record.notices)
    assert Contact.objects.get(email="ada@example.com").city == "Leuven"
    assert counted(brought_in(content, options={"on_duplicate": "first"})) == {
        "updated": 1,
        "unchanged": 1,
        "skipped": 1,
    }
    assert Contact.objects.get(email="ada@example.com").city == "Gent"


@pytest.mark.parametrize(
    ("mode", "counts", "city"),
    [
        ("create", {"created": 1, "failed": 1}, "Old"),
        ("update", {"updated": 1, "skipped": 1}, "New"),
        ("upsert", {"created": 1, "updated": 1}, "New"),
        ("skip_existing", {"created": 1, "skipped": 1}, "Old"),
    ],
)
def test_modes(mode: str, counts: dict[str, int], city: str) -> None:
    Contact.objects.create(email="ada@example.com", city="Old")
    record = brought_in("email,city\nada@example.com,New\nbo@example.com,New\n", options={"mode": mode})
    assert counted(record) == counts
    assert Contact.objects.get(email="ada@example.com").city == city


def test_empty_cells_keep_or_clear() -> None:
    Contact.objects.create(email="ada@example.com", city="Gent")
    brought_in("email,city\nada@example.com,\n")
    assert Contact.objects.get().city == "Gent"
    brought_in("email,city\nada@example.com,\n", options={"empty": "clear"})
    assert Contact.objects.get().city is None


def test_what_is_open_must_be_answered() -> None:
    record = take("email,Birth date\nada@example.com,01/02/1990\nbo@example.com,03/04/1991\n")
    assert [asked["option"] for asked in record.questions] == ["date_format"]
    with pytest.raises(OpenQuestions):
        imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    options = {"columns": {"Birth date": {"date_format": "d/m/y"}}}
    imports.update(actor=SYSTEM, record_id=record.pk, values={"options": options}, at=now())
    record.refresh_from_db()
    assert record.questions == []
    run(record)
    assert Contact.objects.get(email="ada@example.com").birth_date.isoformat() == "1990-02-01"


def test_dates_that_contradict_the_others_are_errors() -> None:
    days = "".join(f"a{n}@example.com,{n + 12}/01/1990\n" for n in range(1, 19))
    record = brought_in(f"email,birth_date\n{days}x@example.com,01/13/1990\n")
    assert counted(record) == {"created": 18, "failed": 1}


def test_amounts_with_their_currency() -> None:
    record = brought_in(
        'name;annual_revenue\nA;"€ 1.234,50"\nB;"2.000,00 EUR"\n', "company", options={"mode": "create"}
    )
    assert counted(record) == {"created": 2}
    assert {(one.currency, str(one.annual_revenue)) for one in Company.objects.all()} == {
        ("EUR", "1234.50"),
        ("EUR", "2000.00"),
    }


def test_a_workbook() -> None:
    rows = [["email", "birth_date", "custom note"], ["ada@example.com", datetime(1990, 2, 1), "x"]]  # noqa: DTZ001
    record = brought_in(workbook(rows), name="a.xlsx")
    assert counted(record) == {"created": 1}
    assert Contact.objects.get().birth_date.isoformat() == "1990-02-01"


def test_constants_and_tags() -> None:
    mapping = {"columns": {"email": "email", "marks": "tags"}, "constants": {"source": "fair"}}
    brought_in("email,marks\nada@example.com,vip; press\n", mapping=mapping)
    contact = Contact.objects.get()
    assert (contact.source, contact.tags) == ("fair", ["press", "vip"])


@pytest.mark.parametrize(
    ("mapping", "code"),
    [
        ({"nothing": "email"}, "unknown_column"),
        ({"email": "bogus"}, "unknown_field"),
        ({"email": "email", "city": "email"}, "mapped_twice"),
    ],
)
def test_mappings_that_cannot_be(mapping: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        take("email,city\nada@example.com,Gent\n", mapping=mapping)
    assert [fault.code for fault in refusal.value.errors] == [code]
    assert not Import.objects.exists()


def test_a_mapping_is_kept_and_proposed() -> None:
    record = take("Adres,Woonplaats\nada@example.com,Gent\n", mapping={"Adres": "email", "Woonplaats": "city"})
    values = {"name": "fair", "entity": "contact", "mapping": record.mapping, "options": {"mode": "create"}}
    import_mappings.create(actor=SYSTEM, values=values, at=now())
    again = take("woonplaats,ADRES\nGent,bo@example.com\n")
    assert any("fair" in notice for notice in again.notices)


def test_a_long_cell_is_kept_in_part_and_it_is_said() -> None:
    long = "x" * (problems.MOST_CELL + 1)
    record = brought_in(f"email,job_title\nada@example.com,{long}\nno address,short\n")
    (one, other) = problems.fetch(actor=SYSTEM, record_id=record.pk, at=now()).items
    assert one["cells"] == ["ada@example.com", long[:-1]]
    assert [error["code"] for error in one["errors"]] == ["too_long", "cut"]
    assert [error["code"] for error in other["errors"]] == ["invalid_email"]
    told = b"".join(problems.as_file(actor=SYSTEM, record_id=record.pk, at=now()).chunks()).decode()
    assert "the first 2,000 characters of the cells in columns 2" in told


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_files_that_cannot_be_read(content: bytes) -> None:
    with pytest.raises(UnreadableFile):
        take(content)
    assert not Import.objects.exists()


def test_a_header_alone_brings_nothing() -> None:
    assert counted(brought_in("email,city\n")) == {}


def test_nothing_else_is_imported_with_the_rights_of_another() -> None:
    some = clerk("import", actions=("view", "upload", "update", "commit", "dry_run", "cancel"))
    record = take(PEOPLE, actor=some)
    with pytest.raises(Forbidden):
        imports.commit(actor=some, record_id=record.pk, at=now())
    assert not Contact.objects.exists()


def test_rights_are_asked_for_again_when_the_work_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    record = take(PEOPLE)
    imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    record.refresh_from_db()
    less = clerk("import", actions=("view",))
    monkeypatch.setattr(work, "recalled", lambda note, at: less)
    assert record.job_id
    work.carry_out(job_id=record.job_id)
    record.refresh_from_db()
    assert record.status == "failed"
    assert not Contact.objects.exists()


def test_records_out_of_reach_are_refused_row_by_row() -> None:
    other = Contact.objects.create(email="ada@example.com", city="Old")
    mine = clerk("contact", visibility=Visibility.OWN)
    user = registry.entity("user").model._default_manager.create(email="u@example.com")
    from dataclasses import replace

    actor = replace(
        mine, user_id=user.pk, grants=mine.grants | clerk("import", actions=("view", "upload", "commit")).grants
    )
    record = take("email,city\nada@example.com,New\nbo@example.com,New\n", actor=actor)
    imports.commit(actor=actor, record_id=record.pk, at=now())
    record.refresh_from_db()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "recalled", lambda note, at: actor)
        assert record.job_id
        work.carry_out(job_id=record.job_id)
    record.refresh_from_db()
    # The hidden one is there: its e-mail address is taken, and that is all that is told.
    assert counted(record) == {"created": 1, "failed": 1}
    assert ImportProblem.objects.get().errors[0]["code"] == "duplicate"
    other.refresh_from_db()
    assert other.city == "Old"


def test_cancelling_stops_between_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "CHUNK", 10)
    record = take("email\n" + "".join(f"a{n}@example.com\n" for n in range(50)))
    imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    record.refresh_from_db()
    real = jobs.check_cancelled

    def check(**given: Any) -> None:
        if Job.objects.get(pk=given["job_id"]).done == 20:
            imports.cancel(actor=SYSTEM, record_id=record.pk, at=now())
        real(**given)

    monkeypatch.setattr("core.imports.work.jobs.check_cancelled", check)
    assert record.job_id
    work.carry_out(job_id=record.job_id)
    record.refresh_from_db()
    assert (record.status, record.report["read"], Contact.objects.count()) == ("cancelled", 20, 20)
    with pytest.raises(NotReady):
        imports.commit(actor=SYSTEM, record_id=record.pk, at=now())


def test_too_many_errors_stop_a_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "CHUNK", 10)
    record = brought_in("email\n" + "bad\n" * 30, options={"stop_after_errors": 5})
    assert (record.status, record.report["read"]) == ("failed", 10)
    assert "stop_after_errors" in record.report["message"]


def test_a_checkpoint_is_never_passed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "CHUNK", 10)
    record = take("email\n" + "".join(f"a{n}@example.com\n" for n in range(50)), options={"mode": "create"})
    imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    record.refresh_from_db()
    real = jobs.check_cancelled

    class Killed(BaseException):
        pass

    def check(**given: Any) -> None:
        if Job.objects.get(pk=given["job_id"]).done == 30:
            raise Killed
        real(**given)

    assert record.job_id
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("core.imports.work.jobs.check_cancelled", check)
        with pytest.raises(Killed):
            work.carry_out(job_id=record.job_id)
    assert Contact.objects.count() == 30
    work.carry_out(job_id=record.job_id)
    record.refresh_from_db()
    assert (record.status, counted(record), Contact.objects.count()) == ("committed", {"created": 50}, 50)


def test_what_is_kept_is_thrown_away() -> None:
    record = brought_in("email\nbad\n")
    Import.objects.update(expires_at=now())
    from django.core.files.storage import default_storage

    path = record.path or ""
    assert default_storage.exists(path)
    with transaction.atomic():
        assert forget(at=now()) == 1
    record.refresh_from_db()
    assert (record.path, record.preview, ImportProblem.objects.count()) == (None, [], 0)


def test_history_names_who_imported_and_the_door(maker: Any) -> None:
    from core.models import Change

    brought_in("email\nada@example.com\n")
    assert set(Change.objects.filter(entity="contact").values_list("door", flat=True)) == {"import"}


@pytest.mark.django_db(transaction=True)
def test_two_at_once_on_the_same_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(work, "CHUNK", 20)
    lines = [f"a{n}@example.com,X{{}}\n" for n in range(200)]
    one = take("email,city\n" + "".join(lines).format(*["1"] * 200))
    two = take("email,city\n" + "".join(reversed(lines)).format(*["2"] * 200))
    found: list[UUID] = []
    for record in (one, two):
        imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
        record.refresh_from_db()
        assert record.job_id
        found.append(record.job_id)

    def do(job_id: UUID) -> None:
        try:
            work.carry_out(job_id=job_id)
        finally:
            connection.close()

    threads = [threading.Thread(target=do, args=(job_id,)) for job_id in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(Job.objects.filter(pk__in=found).values_list("status", flat=True)) == {"succeeded"}
    assert Contact.objects.count() == 200
    reports = Import.objects.filter(pk__in=(one.pk, two.pk))
    assert sum(record.report["created"] for record in reports) == 200
    assert sum(record.report["updated"] for record in reports) == 200


def test_an_import_at_work_is_not_deleted() -> None:
    record = take("email\nada@example.com\n")
    imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    with pytest.raises(Conflict):
        imports.delete(actor=SYSTEM, record_id=record.pk, at=now())


@pytest.mark.parametrize("cell", ["=1", "'=1", "''=1", "@x", "\n=1", "\uff1d1", "-1", "+32 1", "-x", "plain", "", "'"])
def test_a_cell_with_an_error_is_no_formula_and_is_read_as_it_was(cell: str) -> None:
    told = problems.neutral(cell)
    assert restored(told) == restored(cell)
    assert told in {"-1", "+32 1"} or told == neutralised(restored(told))
