"""What a file is, by its content and not by what its sender says, and which name it may bear. Pure functions."""

from __future__ import annotations

import re
import unicodedata
import zipfile
from pathlib import PurePath
from typing import IO

import puremagic

HEAD = 8192
UNKNOWN = "application/octet-stream"
HTML, SVG, SCRIPT = "text/html", "image/svg+xml", "text/x-shellscript"
EXECUTABLE = "application/x-executable"
JAVA = "application/java-archive"
MAX_NAME = 255

# Longer signatures before what they begin with. RFCs and format specifications; a few bytes at a fixed place each.
_SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"%PDF-", "application/pdf"),
    (0, b"\x89PNG\r\n\x1a\n", "image/png"),
    (0, b"\xff\xd8\xff", "image/jpeg"),
    (0, b"GIF87a", "image/gif"),
    (0, b"GIF89a", "image/gif"),
    (8, b"WEBP", "image/webp"),
    (8, b"WAVE", "audio/wav"),
    (0, b"II*\x00", "image/tiff"),
    (0, b"MM\x00*", "image/tiff"),
    (4, b"ftyp", "video/mp4"),
    (0, b"ID3", "audio/mpeg"),
    (0, b"OggS", "audio/ogg"),
    (0, b"\x1f\x8b", "application/gzip"),
    (0, b"7z\xbc\xaf\x27\x1c", "application/x-7z-compressed"),
    (0, b"Rar!\x1a\x07", "application/vnd.rar"),
    (0, b"PAR1", "application/vnd.apache.parquet"),
    (0, b"{\\rtf", "application/rtf"),
    (0, b"MZ", EXECUTABLE),
    (0, b"\x7fELF", EXECUTABLE),
    (0, b"\xfe\xed\xfa\xce", EXECUTABLE),
    (0, b"\xfe\xed\xfa\xcf", EXECUTABLE),
    (0, b"\xce\xfa\xed\xfe", EXECUTABLE),
    (0, b"\xcf\xfa\xed\xfe", EXECUTABLE),
    (0, b"\xca\xfe\xba\xbe", EXECUTABLE),
    (0, b"L\x00\x00\x00\x01\x14\x02\x00", EXECUTABLE),  # a shortcut of Windows
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_OLE_TYPES = {
    ".doc": "application/msword",
    ".xls": "application/vnd.ms-excel",
    ".ppt": "application/vnd.ms-powerpoint",
    ".msg": "application/vnd.ms-outlook",
    ".msi": EXECUTABLE,
}
_OFFICE = "application/vnd.openxmlformats-officedocument"
_PARTS = {
    "word/": f"{_OFFICE}.wordprocessingml.document",
    "xl/": f"{_OFFICE}.spreadsheetml.sheet",
    "ppt/": f"{_OFFICE}.presentationml.presentation",
}
# Text is what it is called, as long as it is text.
_TEXTS = {
    ".csv": "text/csv",
    ".md": "text/markdown",
    ".json": "application/json",
    ".xml": "application/xml",
    ".ics": "text/calendar",
    ".vcf": "text/vcard",
    ".eml": "message/rfc822",
}
_MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|script|iframe|object|embed|img|form|meta|link|base)[\s>/]", re.IGNORECASE
)
_SVG = re.compile(rb"<(?:\w+:)?svg[\s>/]", re.IGNORECASE)
_RESERVED = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)(\.|$)", re.IGNORECASE)
# Beyond this many bytes a signature is no accident.
_SURE = 4
_MOST_PARTS = 5000


def media_type_of(content: IO[bytes], name: str) -> str:
    """The media type of an open file; its position is at the beginning afterwards."""
    content.seek(0)
    head = content.read(HEAD)
    try:
        return _by_signature(head, content, _suffix(name)) or _by_text(head, _suffix(name)) or _by_library(head)
    finally:
        content.seek(0)


def _by_signature(head: bytes, content: IO[bytes], suffix: str) -> str | None:
    if head.startswith(b"#!"):
        return SCRIPT
    if head.startswith(b"PK\x03\x04"):
        return _archive(content)
    if head.startswith(_OLE):
        return _OLE_TYPES.get(suffix, "application/x-ole-storage")
    return next((kind for at, mark, kind in _SIGNATURES if head[at : at + len(mark)] == mark), None)


def _archive(content: IO[bytes]) -> str:
    """What a ZIP holds; only its list of contents is read."""
    try:
        with zipfile.ZipFile(content) as archive:
            names = archive.namelist()[:_MOST_PARTS]
            if names and names[0] == "mimetype" and archive.getinfo("mimetype").file_size < 200:
                said = archive.read("mimetype").decode("ascii", "replace").strip()
                if said.startswith("application/vnd.oasis.opendocument.") and len(said) <= 80:
                    return said
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError):
        return "application/zip"
    if "META-INF/MANIFEST.MF" in names or "AndroidManifest.xml" in names:
        return JAVA
    if "[Content_Types].xml" in names:
        return next(
            (kind for part, kind in _PARTS.items() if any(n.startswith(part) for n in names)), "application/zip"
        )
    return "application/zip"


def _by_text(head: bytes, suffix: str) -> str | None:
    text = _decoded(head)
    if text is None:
        return None
    seen = text.encode()
    if _SVG.search(seen) and not _MARKUP.search(seen[: _SVG.search(seen).start()]):  # type: ignore[union-attr]
        return SVG
    if _MARKUP.search(seen):
        return "text/markdown" if suffix == ".md" and not seen.lstrip().startswith(b"<") else HTML
    return _TEXTS.get(suffix, "text/plain")


def _decoded(head: bytes) -> str | None:
    """The beginning as text; None where it is not."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if head.startswith(mark):
            return head.decode(encoding, "replace")
    if any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head) or not head:
        return None
    # Cut within a character, or in an encoding of one byte each.
    return head.decode("utf-8", "replace")


def _by_library(head: bytes) -> str:
    try:
        found = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return UNKNOWN
    sure = (item.mime_type for item in found if item.mime_type and len(item.byte_match or b"") >= _SURE)
    return next((kind for kind in sure if len(kind) <= 100), UNKNOWN)


def clean_name(name: str) -> str:
    """A file name without folders, control and direction marks, reserved names; never empty, of at most 255 letters."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    # Invisible marks could make `exe.pdf` of `fdp.exe`.
    shown = "".join(
        " " if char.isspace() else char for char in base if unicodedata.category(char)[0] != "C" or char.isspace()
    )
    shown = re.sub(r"[<>:\"|?*]", "_", " ".join(shown.split())).strip(". ")
    if not shown:
        return "file"
    if _RESERVED.match(shown):
        shown = f"_{shown}"
    stem, suffix = PurePath(shown).stem, PurePath(shown).suffix
    return shown if len(shown) <= MAX_NAME else stem[: MAX_NAME - len(suffix[:20])] + suffix[:20]


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()


def suffix_of(name: str) -> str:
    """The ending of a name, in lower case, with its dot."""
    return _suffix(name)
