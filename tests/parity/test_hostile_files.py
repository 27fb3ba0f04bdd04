"""Files that were made to do harm, or by accident: both doors refuse them alike, or say of them what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import Settings

from core import registry
from core.imports import work
from core.models.imports import Import
from tests.core.imports.files import repacked, workbook
from tests.parity.script import Script, same_through_both
from tests.support.people import Company
from tests.support.tables import row_counts

pytestmark = pytest.mark.usefixtures("undone")


@pytest.fixture(autouse=True)
def kept_in(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files go to a folder of the test's own, and no worker is told."""
    settings.MEDIA_ROOT = str(tmp_path)
    monkeypatch.setattr("core.jobs.sending.send", lambda job: None)


def _operation(name: str) -> Any:
    return next(item for item in registry.entity("import").operations if item.name == name)


def _sent(script: Script, content: bytes, name: str) -> Any:
    file = SimpleUploadedFile(name, content, "application/octet-stream")
    return script.door.operation(_operation("create_import"), None, {"file": file, "entity": "contact"})


def _bomb() -> bytes:
    return repacked(workbook([["email"], ["a@example.com"]]), {"xl/worksheets/sheet1.xml": b"<" + b" " * (64 << 20)})


def _foreign_entities() -> bytes:
    text = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><sst><si><t>&a;</t></si></sst>'
    )
    return repacked(workbook([["email"], ["a@example.com"]]), {"xl/sharedStrings.xml": text})


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param(_bomb, "file_too_complex", id="zip bomb"),
        pytest.param(_foreign_entities, "unreadable_file", id="entities of XML"),
        pytest.param(lambda: b"PK\x03\x04" + b"\x00" * 500, "unreadable_file", id="no archive"),
    ],
)
def test_what_no_reader_should_open_is_refused(company: Company, content: Callable[[], bytes], code: str) -> None:
    def scenario(script: Script) -> None:
        before = row_counts()
        script.refused("sent", _sent(script, content(), "people.xlsx"), code)
        assert row_counts() == before

    same_through_both(company.people["administrator"], scenario)


def test_names_that_occur_twice_in_a_header_are_told_apart_and_it_is_said(company: Company) -> None:
    def scenario(script: Script) -> None:
        made = script.done("sent", _sent(script, b"email,Name,name\na@example.com,Ada,Alder\n", "people.csv"))
        record = script.done("got", script.door.get(registry.entity("import"), made["id"]))
        assert [column["name"] for column in record["columns"]] == ["email", "Name", "name (2)"]
        assert any("occurs twice" in notice for notice in record["notices"])

    same_through_both(company.people["administrator"], scenario)


def test_a_row_with_a_character_that_no_text_may_have_is_an_error_and_the_others_go_in(company: Company) -> None:
    def scenario(script: Script) -> None:
        content = b"email,first_name\nnul.a@example.com,A\x00da\nnul.b@example.com,Bo\n"
        made = script.done("sent", _sent(script, content, "people.csv"))
        script.done("asked", script.door.operation(_operation("commit_import"), made["id"]))
        job_id = Import.objects.get(pk=made["id"]).job_id
        assert job_id
        work.carry_out(job_id=job_id)
        record = script.door.get(registry.entity("import"), made["id"])
        assert {name: record["report"][name] for name in ("created", "failed")} == {"created": 1, "failed": 1}
        (problem,) = script.done("problems", script.door.feed(registry.entity("import"), made["id"], "problems")).rows
        assert (problem["row"], problem["errors"][0]["code"]) == (2, "nul_character")

    same_through_both(company.people["administrator"], scenario)
