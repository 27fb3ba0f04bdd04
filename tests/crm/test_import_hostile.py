"""Files that are broken, enormous or meant to do harm: a clear report of what is wrong, and all else goes in."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from core.actors import SYSTEM
from core.clock import now
from core.errors import Invalid
from core.imports import problems
from core.models.imports import Import
from crm.models import Company, Contact, Deal, Interaction
from tests.crm.test_imports import brought_in, counted, kept_in, run, take

assert kept_in
pytestmark = pytest.mark.django_db


def codes(record: Import) -> dict[int, list[tuple[str | None, str]]]:
    page = problems.fetch(actor=SYSTEM, record_id=record.pk, at=now(), limit=200)
    return {item["row"]: [(error["column"], error["code"]) for error in item["errors"]] for item in page.items}


def test_each_broken_row_is_told_in_the_columns_of_the_file_and_the_others_go_in() -> None:
    lines = [
        b"E-mail;First name;Last name",
        b"a@example.com;Ada;Alder",
        b"b@example.com;Bo\x00;Birch",
        b"c@example.com;Caf\xe9;Cedar",
        b"d@example.com;only two",
        b"e@example.com;one;two;three",
        b"not an address;Eve;Elm",
        b"f@example.com;" + b"x" * 300 + b";Fir",
        "g@example.com;Zoë;Grün".encode(),
        "h@example.com;Éva;Hêtre".encode(),
    ]
    record = brought_in(b"\n".join(lines))
    assert codes(record) == {
        3: [("First name", "nul_character")],
        4: [("First name", "invalid_encoding")],
        5: [(None, "too_few_cells")],
        6: [(None, "too_many_cells")],
        7: [("E-mail", "invalid_email")],
        8: [("First name", "too_long")],
    }
    assert counted(record) == {"created": 3, "failed": 6}
    attachment = problems.as_file(actor=SYSTEM, record_id=record.pk, at=now())
    told = list(csv.reader(io.StringIO(b"".join(attachment.chunks()).decode("utf-8-sig"))))
    assert told[0] == ["E-mail", "First name", "Last name", *problems.OWN_COLUMNS]
    assert [row[3] for row in told[1:]] == ["3", "4", "5", "6", "7", "8"]


@pytest.mark.parametrize("amount", ["1e400", "NaN", "Infinity", "-inf", "9" * 40, "1e-400", "0x10", "--5", "1,2,3.4.5"])
def test_numbers_that_are_none(amount: str) -> None:
    Company.objects.create(name="Acme")
    text = f'Name,Account,Amount,Currency\nSale,Acme,"{amount}",EUR\nOther,Acme,5.00,EUR\n'
    mapping = {"Name": "name", "Account": "company.name", "Amount": "amount", "Currency": "currency"}
    record = take(text, "deal", mapping=mapping, options={"columns": {"Amount": {"decimal": "point"}}})
    record = run(record, "dry_run")
    assert [column for column, _ in codes(record).get(2, [])].count("Amount") == 1
    assert not Deal.objects.exists()


def test_a_cell_of_ten_megabytes() -> None:
    record = brought_in(
        b"E-mail,First name\na@example.com,"
        + b"x" * 10_000_000
        + b'\nb@example.com,Bo\nc@example.com,"'
        + b"y" * 10_000_000
        + b'"\nd@example.com,Di\n'
    )
    assert {row: [code for _, code in found] for row, found in codes(record).items()} == {
        2: ["line_too_long"], 4: ["open_quote"],
    }  # fmt: skip
    assert set(Contact.objects.values_list("email", flat=True)) == {"b@example.com", "d@example.com"}


def test_five_thousand_columns_are_refused_or_read_and_nothing_in_between() -> None:
    names = ",".join(["E-mail", *(f"further column {number}" for number in range(4_999))])
    cells = ",".join(["a@example.com", *("x" for _ in range(4_999))])
    record = run(take(f"{names}\n{cells}\n"), "dry_run")
    assert record.report["failed"] + record.report["created"] == 1
    assert not Contact.objects.exists()


def test_a_name_that_several_have_is_ambiguous() -> None:
    for _ in range(2):
        Company.objects.create(name="Acme")
    record = brought_in("E-mail,Company\na@example.com,Acme\n")
    assert codes(record) == {2: [("Company", "ambiguous")]}
    assert not Contact.objects.exists()


def test_formulas_come_in_as_text_and_the_file_of_errors_holds_none() -> None:
    cells = ["=1+1", "@SUM(A1)", "+cmd|x", "-cmd|x", "\uff1d1+1", "\t=1"]
    text = io.StringIO()
    csv.writer(text).writerows([["E-mail", "First name"], *([f"bad {cell}", cell] for cell in cells)])
    record = brought_in(text.getvalue())
    assert record.report["failed"] == len(cells)
    attachment = problems.as_file(actor=SYSTEM, record_id=record.pk, at=now())
    told = list(csv.reader(io.StringIO(b"".join(attachment.chunks()).decode("utf-8-sig"))))[1:]
    assert [row[1][0] for row in told] == ["'"] * len(cells)


@pytest.mark.parametrize(
    ("local", "utc"),
    [("2024-03-31 02:30", "2024-03-31T01:30:00+00:00"), ("2024-10-27 02:30", "2024-10-27T00:30:00+00:00")],
)
def test_times_that_the_change_of_the_clock_leaves_out_or_brings_twice(local: str, utc: str) -> None:
    Contact.objects.create(email="a@example.com")
    text = f"Contact email,Channel,Kind,When\na@example.com,call,demo,{local}\n"
    mapping = {"Contact email": "contact.email", "Channel": "channel", "Kind": "kind", "When": "occurred_at"}
    constants: dict[str, Any] = {"direction": "inbound"}
    given = {"mapping": {"columns": mapping, "constants": constants}, "options": {"time_zone": "Europe/Brussels"}}
    record = brought_in(text, "interaction", **given)
    assert counted(record) == {"created": 1}, codes(record)
    assert Interaction.objects.get().occurred_at.isoformat() == utc


def test_a_column_mapped_twice_is_refused_before_anything_is_written() -> None:
    with pytest.raises(Invalid) as refusal:
        take("E-mail,Mail\na@example.com,b@example.com\n", mapping={"E-mail": "email", "Mail": "email"})
    assert [error.code for error in refusal.value.errors] == ["mapped_twice"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_marks_of_byte_order(encoding: str) -> None:
    record = brought_in("E-mail,First name\na@example.com,Ada\nb@example.com,Bob\n".encode(encoding))
    assert counted(record) == {"created": 2}
    assert [column["name"] for column in record.columns] == ["E-mail", "First name"]
