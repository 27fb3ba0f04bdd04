"""Readers: what a file is laid out like is found out and said; what is wrong with a row is told of that row alone."""

# ruff: noqa: DTZ001 - a workbook knows no zones

from __future__ import annotations

import contextlib
import csv
import gzip
import io
from datetime import datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.errors import DomainError
from core.imports.errors import FileTooComplex, UnreadableFile
from core.imports.readers import archive, lines
from tests.core.imports.files import read, repacked, workbook


def codes(row: Any) -> list[str]:
    return [fault.code for fault in row.faults]


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_the_separator_is_found(separator: str) -> None:
    lines = [["name", "town", "note"], ["Ada", "Ghent", "a; b, c"], ["Bo", "Bruges", "x|y"]]
    text = io.StringIO()
    csv.writer(text, delimiter=separator).writerows(lines)
    layout, rows = read(text.getvalue().encode())
    assert layout.settings["separator"] == separator
    assert [row.cells for row in rows] == lines[1:]


@pytest.mark.parametrize(
    ("encoding", "found"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("cp1252", "cp1252"),
        ("latin-1", "latin-1"),
    ],
)
def test_the_encoding_is_found(encoding: str, found: str) -> None:
    text = "name;price\nJosé;5\nLiège;7\n" + ("Zoë;8 €\n" if encoding == "cp1252" else "")
    layout, rows = read(text.encode(encoding))
    assert layout.settings["encoding"] == found
    assert [row.cells[0] for row in rows][:2] == ["José", "Liège"]
    assert layout.columns == ("name", "price")


def test_bytes_of_another_encoding_are_told_row_by_row() -> None:
    content = b"name,town\n" + "José,Liège\n".encode() * 5 + "Zoë,Gand\n".encode("cp1252") + b"Ada,Ghent\n"
    layout, rows = read(content)
    assert layout.settings["encoding"] == "utf-8"
    assert any("1 lines hold other bytes" in notice for notice in layout.notices)
    assert [codes(row) for row in rows] == [[]] * 5 + [["invalid_encoding"], []]
    assert (rows[5].number, rows[5].faults[0].column) == (7, 0)
    _, rows = read(content, stray_bytes="cp1252")
    assert rows[5].cells == ["Zoë", "Gand"]
    assert not any(row.faults for row in rows)


def test_faults_of_rows() -> None:
    content = (
        b'a,b,c\n1,2,3\n4,5\n6,7,8,9\n6,7,8,,\n\n"x\ny",2,3\n"open,1,2\nq,1,2\n"ab"c,1,2\nz,1,\x00\n'
        + b"w" * 200_000
        + b",1,2\n"
        + b"v" * 3_000_000
        + b",1,2\nlast,1,2\n"
    )
    layout, rows = read(content)
    assert layout.columns == ("a", "b", "c")
    told = {row.number: codes(row) for row in rows}
    assert told == {
        2: [], 3: ["too_few_cells"], 4: ["too_many_cells"], 5: [], 7: [], 9: ["bad_quoting"], 10: [],
        11: ["bad_quoting"], 12: ["nul_character"], 13: ["cell_too_long"], 14: ["line_too_long"], 15: [],
    }  # fmt: skip
    assert rows[4].cells == ["x\ny", "2", "3"]


def test_a_quote_that_is_never_closed_takes_nothing_with_it() -> None:
    content = b'a,b\n1,2\n"3,4\n5,6\n7,8\n'
    _, rows = read(content)
    assert [(row.number, codes(row)) for row in rows] == [(2, []), (3, ["open_quote"]), (4, []), (5, [])]


def test_a_file_of_open_quotes_is_read_in_time() -> None:
    _, rows = read(b"a,b\n" + b'"x,1\n' * 100_000)
    assert len(rows) == 100_000
    assert all(row.faults for row in rows)


def test_headers_are_made_unique_and_it_is_said() -> None:
    layout, _ = read(b"Name,name,,Name\nA,B,C,D\n")
    assert layout.columns == ("Name", "name (2)", "Column 3", "Name (3)")
    assert len([notice for notice in layout.notices if "is called" in notice]) == 3


def test_a_file_without_a_header() -> None:
    layout, rows = read(b"ada@example.com,12\nbo@example.com,13\n")
    assert layout.columns == ("Column 1", "Column 2")
    assert len(rows) == 2
    layout, rows = read(b"ada@example.com,12\nbo@example.com,13\n", header=True)
    assert layout.columns == ("ada@example.com", "12")
    assert len(rows) == 1


def test_excels_own_first_line() -> None:
    layout, rows = read("sep=;\r\na;b\r\n1;2\r\n".encode("utf-16"))
    assert (layout.columns, rows[0].cells, rows[0].number) == (("a", "b"), ["1", "2"], 3)


def test_lines_of_an_old_mac() -> None:
    _, rows = read(b"a,b\r1,2\r3,4\r")
    assert [row.cells for row in rows] == [["1", "2"], ["3", "4"]]


@pytest.mark.parametrize("content", [b"", b"\n\n  \n", b"\xef\xbb\xbf"])
def test_empty_files(content: bytes) -> None:
    with pytest.raises(UnreadableFile) as refusal:
        read(content)
    assert refusal.value.data["reason"] == "empty"


def test_a_header_alone() -> None:
    layout, rows = read(b"name,town\n")
    assert (layout.columns, rows) == (("name", "town"), [])


@pytest.mark.parametrize(
    "options",
    [{"encoding": "klingon"}, {"encoding": "zlib"}, {"separator": "ab"}, {"quote": "x"}, {"skip_rows": -1}],
)
def test_options_that_cannot_be(options: dict[str, Any]) -> None:
    with pytest.raises(UnreadableFile):
        read(b"a,b\n1,2\n", **options)


def test_a_workbook() -> None:
    content = workbook(
        [["Name", "When", "Paid", "Ok"], ["Zoë", datetime(2010, 12, 1, 8, 26), 2.55, True], ["Bo", None, 3, None]]
    )
    layout, rows = read(content)
    assert layout.columns == ("Name", "When", "Paid", "Ok")
    assert rows[0].cells == ["Zoë", datetime(2010, 12, 1, 8, 26), 2.55, True]
    assert rows[1].cells == ["Bo", None, 3, None]
    assert [row.number for row in rows] == [2, 3]


def test_another_sheet_of_a_workbook() -> None:
    content = workbook([["a"], ["b"]], sheets=("One", "Two"))
    layout, rows = read(content, sheet="Two", header=True)
    assert (layout.columns, rows[0].cells) == (("other",), ["Two"])
    with pytest.raises(UnreadableFile):
        read(content, sheet="Three")


def test_a_workbook_that_defines_entities_is_refused() -> None:
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><sst><si><t>&a;</t></si></sst>'
    with pytest.raises(UnreadableFile):
        read(repacked(workbook([["a"], ["b"]]), {"xl/sharedStrings.xml": bomb}))


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    bomb = repacked(workbook([["a"], ["b"]]), {"xl/worksheets/sheet1.xml": b"<" + b" " * (64 << 20)})
    assert len(bomb) < 200_000
    with pytest.raises(FileTooComplex):
        read(bomb)


def test_a_workbook_that_unpacks_to_too_much(settings: Any) -> None:
    settings.BIFOCAL_IMPORT_UNPACKED_LIMIT = 1000
    with pytest.raises(FileTooComplex):
        read(workbook([["a"], ["b"]]))


def test_gzip_is_bounded_too(settings: Any) -> None:
    packed = gzip.compress(b"x" * 100_000)
    assert b"".join(archive.unpacked(iter([packed[:10], packed[10:]]))) == b"x" * 100_000
    settings.BIFOCAL_IMPORT_UNPACKED_LIMIT = 99_999
    with pytest.raises(FileTooComplex):
        list(archive.unpacked(iter([packed])))


def test_parts_that_lie_about_their_size() -> None:
    content = bytearray(workbook([["a"], ["b"]]))
    # The directory says less than there is: what is read ends there, and is no whole XML any more.
    place = content.rindex(b"xl/worksheets/sheet1.xml") - 46
    content[place + 24 : place + 28] = (10).to_bytes(4, "little")
    with pytest.raises(DomainError):
        read(bytes(content))


LETTERS = st.characters(exclude_categories=("Cs",), exclude_characters="\x00")
ROWS = st.lists(
    st.lists(
        st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00"), max_size=8),
        min_size=3,
        max_size=3,
    ),
    min_size=1,
    max_size=12,
)


@given(ROWS, st.sampled_from([",", ";", "\t", "|"]), st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]))
def test_what_was_written_well_comes_back_whole(rows: list[list[str]], separator: str, encoding: str) -> None:
    rows = [row for row in rows if any(cell.strip() for cell in row)]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL).writerows([["one", "two", "three"], *rows])
    options = {"encoding": encoding, "separator": separator, "header": True, "quote": '"'}
    _, found = read(text.getvalue().encode(encoding, "surrogatepass"), **options)
    expected = [[cell or None for cell in row] for row in rows]
    assert [row.cells for row in found if "\ufffd" not in str(row.cells)] == [
        row for row in expected if "\ufffd" not in str(row)
    ]


@given(st.binary(max_size=400))
@example(b'"')
@example(b"\xff\xfe\x00")
@example(b"a,b\n\x00\x00\x00")
def test_no_file_does_more_than_be_refused(content: bytes) -> None:
    with contextlib.suppress(DomainError):
        read(content)


@given(st.binary(min_size=0, max_size=60), st.integers(0, 5000))
def test_no_damage_to_a_workbook_does_more_than_be_refused(damage: bytes, place: int) -> None:
    content = bytearray(BOOK)
    place = place % len(content)
    content[place : place + len(damage)] = damage
    with contextlib.suppress(DomainError):
        read(bytes(content), "a.xlsx")


BOOK = workbook([["Name", "Paid"], ["Zoë", 2.5], ["Bo", 3]])


LINES = [b"a,b,c", b'"x,1,2', b"1,2", b'"q\nr",2,3', b'p"q,1,2', b'"a"b,1,2', b"\xff,1,2", b"4,5,6,7"]


@given(st.lists(st.sampled_from(LINES), min_size=1, max_size=40))
def test_every_line_is_in_just_one_row(lines: list[bytes]) -> None:
    content = b"one,two,three\n" + b"\n".join(lines) + b"\n"
    _, rows = read(content, header=True, separator=",", encoding="utf-8")
    spans = []
    for row in rows:
        over = 0 if set(codes(row)) & TORN else sum(str(cell).count("\n") for cell in row.cells)
        spans += range(row.number, row.number + over + 1)
    assert spans == list(range(2, content.count(b"\n") + 1))


PARTS = [
    b"a,b,c\n",
    b'"x\ny",1,2\r\n',
    b"1,2\r",
    b"\n",
    b" ,,\n",
    b'"open,1,2\n',
    b"\xff,1,2\n",
    b"\x00,1,2\n",
    "é,1,2\n".encode(),
]


@given(st.lists(st.sampled_from(PARTS), max_size=30), st.integers(0, 3))
def test_many_lines_at_once_are_read_as_one_by_one(parts: list[bytes], skip: int) -> None:
    content = b"one,two,three\n" + b"".join(parts)
    options = {"header": True, "separator": ",", "encoding": "utf-8", "quote": '"', "skip_rows": skip}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "BLOCK", 40)
        fast = outcome(content, options)
        patch.setattr("core.imports.readers.delimited.plain_rows", lambda *_: None)
        assert fast == outcome(content, options)


def outcome(content: bytes, options: dict[str, Any]) -> Any:
    try:
        return read(content, **options)
    except UnreadableFile as refusal:
        return refusal.detail


def test_a_row_that_goes_on_for_ever_does_not_fill_the_memory() -> None:
    cell = b'"' + b"x" * 100_000 + b"\n" + b'"'
    content = b"a,b\n1,2\n" + b",".join([cell] * 300) + b"\n3,4\n"
    _, rows = read(content, header=True, separator=",", encoding="utf-8")
    assert (rows[0].cells, rows[-1].cells) == (["1", "2"], ["3", "4"])
    assert rows[1].faults
    assert sum(len(str(cell)) for row in rows for cell in row.cells) < 20_000_000


TORN = {"open_quote", "bad_quoting", "cell_too_long", "line_too_long"}
