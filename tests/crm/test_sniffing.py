from __future__ import annotations

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crm.sniffing import MAX_NAME, clean_name, media_type_of

OFFICE = "application/vnd.openxmlformats-officedocument"

OPEN = "application/vnd.oasis.opendocument"


def archive(*names: str, mimetype: str = "") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        if mimetype:
            target.writestr("mimetype", mimetype)
        for name in names:
            target.writestr(name, "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "name", "expected"),
    [
        (b"%PDF-1.7\n...", "evil.exe", "application/pdf"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "a.html", "image/png"),
        (b"\xff\xd8\xff\xe0rest", "a", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "a", "image/webp"),
        (b"MZ\x90\x00", "invoice.pdf", "application/x-executable"),
        (b"\x7fELF\x02\x01", "picture.png", "application/x-executable"),
        (b"\xca\xfe\xba\xbe\x00\x00", "a.txt", "application/x-executable"),
        (b"#!/bin/sh\nrm -rf /", "notes.txt", "text/x-shellscript"),
        (b"<!DOCTYPE html><p>", "picture.png", "text/html"),
        (b"  \n<HTML>", "a.txt", "text/html"),
        (b"\xef\xbb\xbf<html >", "a.txt", "text/html"),
        ("\ufeff<script>".encode("utf-16-le"), "a.csv", "text/html"),
        (b"GIF89a<script>alert(1)</script>", "a.gif", "image/gif"),
        (b'<?xml version="1.0"?><svg xmlns="x">', "a.xml", "image/svg+xml"),
        (b"name,age\nAda,36\n", "people.csv", "text/csv"),
        (b"plain", "a.pdf", "text/plain"),
        ("é à".encode("latin-1"), "a.txt", "text/plain"),
        (b'{"a": 1}', "a.json", "application/json"),
        (b"# Title <b>", "a.md", "text/markdown"),
        (b"BEGIN:VCALENDAR", "a.ics", "text/calendar"),
        (archive("a.txt"), "a.docx", "application/zip"),
        (archive("[Content_Types].xml", "word/document.xml"), "a.zip", f"{OFFICE}.wordprocessingml.document"),
        (archive("[Content_Types].xml", "xl/workbook.xml"), "a", f"{OFFICE}.spreadsheetml.sheet"),
        (archive("META-INF/MANIFEST.MF"), "a.zip", "application/java-archive"),
        (archive("content.xml", mimetype=f"{OPEN}.text"), "a", f"{OPEN}.text"),
        (b"PK\x03\x04broken", "a.xlsx", "application/zip"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....", "a.doc", "application/msword"),
        (b"\x00\x01\x02\x03\x04", "a.txt", "application/octet-stream"),
    ],
)  # fmt: skip
def test_a_file_is_what_its_content_is(content: bytes, name: str, expected: str) -> None:
    opened = io.BytesIO(content)
    assert media_type_of(opened, name) == expected
    assert opened.tell() == 0


@settings(max_examples=300, deadline=None)
@given(st.binary(min_size=1, max_size=300), st.text(max_size=20))
def test_whatever_comes_has_a_type(content: bytes, name: str) -> None:
    assert 3 <= len(media_type_of(io.BytesIO(content), clean_name(name))) <= 100


@pytest.mark.parametrize(
    ("said", "cleaned"),
    [
        ("report.pdf", "report.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ada\\report.pdf", "report.pdf"),
        ("..", "file"),
        ("", "file"),
        (" .hidden ", "hidden"),
        ("a\x00b\r\nc.txt", "ab c.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("NUL.txt", "_NUL.txt"),
        ('a<b>:"c|?*.txt', "a_b___c___.txt"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("\u65e5\u672c\u8a9e.pdf", "\u65e5\u672c\u8a9e.pdf"),
        ("a" * 300 + ".pdf", "a" * 251 + ".pdf"),
    ],
)
def test_names_are_cleaned(said: str, cleaned: str) -> None:
    assert clean_name(said) == cleaned


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=400))
def test_cleaning_once_is_enough(said: str) -> None:
    cleaned = clean_name(said)
    assert 0 < len(cleaned) <= MAX_NAME
    assert clean_name(cleaned) == cleaned
    assert not set(cleaned) & set('/\\<>:"|?*\x00\r\n')
