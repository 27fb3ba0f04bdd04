"""Content lines, of which vCard (RFC 6350) and iCalendar (RFC 5545) consist: unfolded, taken apart, and made.

Reading is a stream and bounded, whatever the file: what is longer than a text may be is cut off and said.
"""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, Any

from core.formulas import neutralised

LONGEST = 64 * 1024
_READ = 16 * 1024
# Octets on a line before it is folded, the line's end not counted.
_FOLD = 75
_NAME = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)")
_PARAMETER = re.compile(r';([A-Za-z0-9-]+)(?:=((?:"[^"]*"|[^";:,]*)(?:,(?:"[^"]*"|[^";:,]*))*))?')
_NUMBER = re.compile(r"\+[\d ()./-]+")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True)
class Line:
    """One property: NAME;PARAMETER=VALUE:value. `number` is where it begins; `cut` whether it was too long."""

    number: int
    name: str
    value: str
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cut: bool = False

    def has(self, parameter: str, value: str) -> bool:
        return value in (item.upper() for item in self.parameters.get(parameter, ()))


def read(file: IO[bytes]) -> Iterator[Line]:
    """The lines of a file. What is no property at all is left out."""
    for number, raw, cut in _unfolded(file):
        line = _parsed(number, raw, cut)
        if line is not None:
            yield line


def _unfolded(file: IO[bytes]) -> Iterator[tuple[int, bytes, bool]]:
    """Logical lines: a line that begins with white space goes on with the one before, and so does a soft break."""
    held, start, number, cut = b"", 0, 0, False
    for part, begins in _physical(file):
        number += begins
        soft = held.endswith(b"=") and b"QUOTED-PRINTABLE" in held[:200].upper()
        follows = held and (not begins or soft or part[:1] in (b" ", b"\t"))
        if not follows:
            if held:
                yield start, held, cut
            held, start, cut = part.lstrip(b"\xef\xbb\xbf") if number == 1 else part, number, False
        elif len(held) + len(part) > LONGEST:
            cut = True
        else:
            held = held[:-1] + part if soft and begins else held + (part[1:] if begins else part)
    if held:
        yield start, held, cut


def _physical(file: IO[bytes]) -> Iterator[tuple[bytes, int]]:
    """Lines, or parts of very long ones; with 1 where one begins."""
    begins = 1
    while part := file.readline(_READ):
        yield part.rstrip(b"\r\n"), begins
        begins = int(part.endswith(b"\n"))


def _parsed(number: int, raw: bytes, cut: bool) -> Line | None:
    text = raw.decode("utf-8", errors="surrogateescape")
    named = _NAME.match(text)
    if named is None:
        return None
    parameters: dict[str, tuple[str, ...]] = {}
    end = named.end()
    while found := _PARAMETER.match(text, end):
        # In version 2.1 the name of a type stands alone.
        name, values = (found[1].upper(), found[2]) if found[2] is not None else ("TYPE", found[1])
        name = "ENCODING" if values.upper() in ("QUOTED-PRINTABLE", "BASE64") else name
        given = tuple(value.strip('"') for value in values.split(","))
        parameters[name] = (*parameters.get(name, ()), *given)
        end = found.end()
    if text[end : end + 1] != ":":
        return None
    value = _decoded(text[end + 1 :], parameters)
    return Line(number, named[1].upper(), value, parameters, cut)


def _decoded(value: str, parameters: Mapping[str, tuple[str, ...]]) -> str:
    data = value.encode("utf-8", errors="surrogateescape")
    if any(item.upper() == "QUOTED-PRINTABLE" for item in parameters.get("ENCODING", ())):
        data = quopri.decodestring(data)
    for charset in (*parameters.get("CHARSET", ()), "utf-8", "cp1252"):
        try:
            return data.decode(charset).replace("\x00", "")
        except (UnicodeDecodeError, LookupError):
            continue
    return data.decode("latin-1").replace("\x00", "")


def split(value: str, mark: str) -> list[str]:
    """The parts between unescaped marks, without their escapes."""
    parts, begin, at = [], 0, 0
    while at < len(value):
        if value[at] == "\\":
            at += 1
        elif value[at] == mark:
            parts.append(plain(value[begin:at]))
            begin = at + 1
        at += 1
    return [*parts, plain(value[begin:])]


def plain(value: str) -> str:
    """The text that an escaped one stands for."""
    return _ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value).strip()


def escaped(value: str) -> str:
    """A text as it stands in a value."""
    value = value.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")
    return value.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\\n")


def cell(value: Any) -> Any:
    """A value as it would stand in a table, where the importer takes the mark of a formula off again."""
    is_text = isinstance(value, str) and not _NUMBER.fullmatch(value)
    return neutralised(value) if is_text else value


def folded(line: str) -> bytes:
    """The line in UTF-8, folded between characters."""
    data = line.encode()
    parts = []
    most = _FOLD
    while len(data) > most:
        end = most
        while data[end] & 0xC0 == 0x80:
            end -= 1
        parts.append(data[:end])
        data = data[end:]
        most = _FOLD - 1
    return b"\r\n ".join([*parts, data]) + b"\r\n"
