"""vCard: what our cards say to others, what others' cards say to us, and files that nobody should send."""

from __future__ import annotations

import io
import tracemalloc
from typing import Any

import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from core.formulas import restored
from core.imports import readers
from crm.cards import lines
from crm.cards.vcard import COLUMNS, CardReader, card

CONTACT: dict[str, Any] = {
    "id": "01", "external_id": "crm;7", "first_name": "Zoë", "last_name": "Ørsted, Jr.", "name": "Zoë Ørsted, Jr.",
    "email": "zoe@example.com", "phone": "+3225551234", "job_title": "Head of R&D; Europe", "company.name": "Ørsted",
    "city": "Århus", "region": None, "country": "DK", "birth_date": "1990-01-02", "tags": ["a,b", "vip"],
    "updated_at": "2026-03-01T12:00:00.000005+00:00",
}  # fmt: skip


def read(data: bytes) -> list[dict[str, Any]]:
    file = io.BytesIO(data)
    reader = readers.of_file(file, "people.vcf")
    assert reader.format == "vcard"
    layout = reader.inspect(file, {})
    rows = reader.rows(file, layout)
    return [_restored(dict(zip(layout.columns, row.cells, strict=True))) | {"faults": row.faults} for row in rows]


def _restored(cells: dict[str, Any]) -> dict[str, Any]:
    """As the importer takes them."""
    return {name: restored(cell) if isinstance(cell, str) else cell for name, cell in cells.items()}


@pytest.mark.parametrize("version", ["4.0", "3.0"])
def test_a_card_comes_back_as_it_went(version: str) -> None:
    (found,) = read(card(CONTACT, version=version))
    for name in set(CONTACT) & set(COLUMNS) - {"tags", "region"}:
        assert found[name] == CONTACT[name], name
    assert found["company.name"] == "Ørsted"
    assert found["tags"] == "a b; vip"
    assert found["faults"] == ()


def test_another_program_reads_our_cards() -> None:
    parsed = vobject.readOne(card(CONTACT | {"first_name": "長い名前" * 20}, version="3.0").decode())
    assert parsed.n.value.given == "長い名前" * 20
    assert parsed.n.value.family == "Ørsted, Jr."
    assert parsed.email.value == "zoe@example.com"
    assert parsed.org.value == ["Ørsted"]
    assert parsed.adr.value.city == "Århus"


def test_lines_are_folded_between_characters() -> None:
    data = card(CONTACT | {"job_title": "字" * 300})
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    for line in data.split(b"\r\n"):
        line.decode()


words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=120).map(str.strip).filter(bool)


@given(first=words, last=words, title=words)
def test_any_text_comes_back(first: str, last: str, title: str) -> None:
    (found,) = read(card(CONTACT | {"first_name": first, "last_name": last, "job_title": title}))
    assert (found["first_name"], found["last_name"], found["job_title"]) == (first, last, title)


def test_cards_of_other_programs() -> None:
    found = read(
        b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;John;;;\r\nitem1.EMAIL;TYPE=INTERNET:second@example.com\r\n"
        b"EMAIL;TYPE=INTERNET,PREF:first@example.com\r\nTEL;TYPE=CELL:+1 555 0100\r\nBDAY:--0203\r\n"
        b"ADR;TYPE=HOME:;;Main St 1;Springfield;IL;62701;United States\r\n"
        b"PHOTO;ENCODING=b;TYPE=JPEG:" + b"A" * 200_000 + b"\r\n"
        b"NOTE:folded\r\n  over\r\n\t lines\r\nEND:VCARD\r\n"
        b"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;=\nJ=C3=B6rg\n"
        b"TEL;WORK;PREF:+49301234567\nEND:VCARD\n"
        b"BEGIN:VCARD\nVERSION:4.0\nFN:Madonna\nTEL;VALUE=uri:tel:+1-555;ext=1\nEND:VCARD\n"
    )
    john, joerg, madonna = found
    assert (john["email"], john["email 2"]) == ("first@example.com", "second@example.com")
    assert (john["city"], john["country"], john["country name"]) == ("Springfield", None, "United States")
    assert (john["birth_date"], john["birthday"]) == (None, "--0203")
    assert john["note"] == "folded over lines"
    assert john["faults"] == ()
    assert (joerg["first_name"], joerg["last_name"], joerg["phone"]) == ("Jörg", "Müller", "+49301234567")
    assert (madonna["last_name"], madonna["phone"]) == ("Madonna", "+1-555")


def test_a_card_that_does_not_end_is_a_fault_and_the_next_one_is_read() -> None:
    first, second = read(b"BEGIN:VCARD\nN:A;B\nBEGIN:VCARD\nN:C;D\nEND:VCARD\n")
    assert [fault.code for fault in first["faults"]] == ["incomplete"]
    assert (second["last_name"], second["faults"]) == ("C", ())


def test_a_text_without_end_is_cut_in_bounded_memory() -> None:
    data = io.BytesIO(b"BEGIN:VCARD\nNOTE:" + b"x" * 30_000_000 + b"\n" + b" y\n" * 300_000 + b"N:A;B\nEND:VCARD\n")
    reader = CardReader()
    tracemalloc.start()
    rows = list(reader.rows(data, reader.inspect(data, {})))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000
    assert [fault.code for fault in rows[0].faults] == ["too_long"]


def test_many_cards_are_a_stream() -> None:
    data = io.BytesIO(card(CONTACT) * 5000)
    reader = CardReader()
    tracemalloc.start()
    assert sum(1 for _ in reader.rows(data, reader.inspect(data, {}))) == 5000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2_000_000


@given(st.binary(max_size=400))
def test_nothing_makes_the_reader_fall_over(data: bytes) -> None:
    list(lines.read(io.BytesIO(data)))
    reader = CardReader()
    file = io.BytesIO(b"BEGIN:VCARD\n" + data)
    list(reader.rows(file, reader.inspect(file, {})))
