"""In which encoding a text is written, found out from all of it: one stray byte in a million tells."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any

from charset_normalizer import from_bytes

from core.imports.errors import UnreadableFile

BLOCK = 1 << 20
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_SUSPECTS = 1 << 16
# Encodings of one byte a letter in which texts come; others must be named.
_SINGLE = ("cp1252", "latin-1", "iso8859-15", "cp1250", "cp1251", "cp1253", "cp1254", "mac_roman", "cp437", "cp850")
# Other alphabets, of which no letter is a Western one.
_ALPHABETS = frozenset({"cp1251", "cp1253"})
# The Polish and Slovak letters at the places of these signs stand between others.
_WITHIN = re.compile(r"[^\W\d_][¹³¿¼¾£¥][^\W\d_]")
# Read as Western letters: Czech, Croatian and Slovene, Hungarian, Romanian. No Western language has both.
_TOGETHER = tuple(
    (frozenset(one), frozenset(other)) for one, other in (("ì", "ø"), ("šž", "èæøì"), ("õ", "û"), ("þ", "ã"))
)


@dataclass(frozen=True)
class Encoding:
    """The codec's name, and what to tell of how it was found."""

    name: str
    notice: str


def detect(file: IO[bytes]) -> Encoding:
    """The encoding of a text. Raises UnreadableFile for what is no text at all."""
    file.seek(0)
    head = file.read(4096)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return Encoding(name, f"The encoding is {name.removesuffix('-sig').upper()}, said by its byte order mark.")
    wide = _wide_without_mark(head)
    if wide:
        return Encoding(wide, f"The encoding looks like {wide.upper()} without a byte order mark.")
    broken, whole, suspects = _weigh(file)
    if not broken:
        return Encoding("utf-8", "The encoding is UTF-8.")
    if whole > broken:
        text = f"The encoding is UTF-8, but {broken} lines hold other bytes: they are reported row by row."
        return Encoding("utf-8", text)
    name = _single(suspects)
    return Encoding(name, f"The encoding is not UTF-8; it is taken for {name}.")


def known(name: Any) -> str:
    """The codec of this name, for texts. Raises UnreadableFile where there is none."""
    try:
        found = codecs.lookup(str(name))
    except LookupError:
        raise UnreadableFile(f"There is no encoding {str(name)[:50]!r}.", reason="unknown_encoding") from None
    if not getattr(found, "_is_text_encoding", True) or found.name in {"idna", "punycode", "unicode_escape"}:
        raise UnreadableFile(f"There is no encoding {str(name)[:50]!r}.", reason="unknown_encoding")
    return "utf-8-sig" if found.name == "utf-8" else found.name


def _wide_without_mark(head: bytes) -> str | None:
    """UTF-16 of mostly Western text has a zero in every second byte."""
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.6 and even < 0.1:
        return "utf-16-le"
    return "utf-16-be" if even > 0.6 and odd < 0.1 else None


def _weigh(file: IO[bytes]) -> tuple[int, int, bytes]:
    """How many lines beyond ASCII are not UTF-8, how many are, and some of the former."""
    broken = whole = 0
    suspects = bytearray()
    for block in _blocks_of_lines(file):
        if block.isascii():
            continue
        try:
            block.decode("utf-8")
            whole += sum(1 for line in block.split(b"\n") if not line.isascii())
            continue
        except UnicodeDecodeError:
            pass
        for line in block.split(b"\n"):
            if line.isascii():
                continue
            try:
                line.decode("utf-8")
                whole += 1
            except UnicodeDecodeError:
                broken += 1
                if len(suspects) < _SUSPECTS:
                    suspects += line[:2000] + b"\n"
    return broken, whole, bytes(suspects)


def _blocks_of_lines(file: IO[bytes]) -> Iterator[bytes]:
    """The file in pieces that end with a line, unless a line is longer than any should be."""
    file.seek(0)
    rest = b""
    while block := file.read(BLOCK):
        whole, mark, tail = (rest + block).rpartition(b"\n")
        if not mark and len(tail) < 4 * BLOCK:
            rest = tail
            continue
        yield whole if mark else tail
        rest = tail if mark else b""
    if rest:
        yield rest


def _single(suspects: bytes) -> str:
    """Which encoding of one byte a letter fits best."""
    western = suspects.decode("cp1252", "replace")
    if _is_central(western):
        return "cp1250"
    # Without these codes the two are one.
    plain = "cp1252" if any(0x80 <= byte <= 0x9F for byte in suspects) else "latin-1"
    best = from_bytes(suspects, cp_isolation=[*_SINGLE]).best() if len(suspects) > 200 else None
    name = best.encoding if best is not None else ""
    if plain == "latin-1":
        return name if name in _ALPHABETS else plain
    return name if name in _SINGLE and name not in ("latin_1", "cp1250") else plain


def _is_central(western: str) -> bool:
    """Whether what Western letters and signs stand here make sense only as those of Central Europe.

    Statistics take Spanish names for Polish ones: what no Western language writes is the surer sign.
    """
    found = set(western.casefold())
    return bool(_WITHIN.search(western)) or any(one & found and other & found for one, other in _TOGETHER)
