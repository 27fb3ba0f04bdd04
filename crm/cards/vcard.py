"""vCard: contacts read from versions 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350), and written as 4.0 or 3.0."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from core.exports.columns import Column
from core.imports.readers import Cell, Fault, Layout, Row
from crm.cards import lines
from crm.cards.lines import Line

# What contacts are exported from.
FIELDS = (
    "id", "external_id", "first_name", "last_name", "name", "email", "phone", "job_title", "company.name", "city",
    "region", "country", "birth_date", "tags", "updated_at",
)  # fmt: skip
# What is read of a card. The further addresses and the birthday without a year are there for custom fields.
COLUMNS = (
    "external_id", "first_name", "last_name", "email", "phone", "job_title", "company.name", "city", "region",
    "country", "birth_date", "tags", "email 2", "email 3", "phone 2", "phone 3", "birthday", "country name", "note",
)  # fmt: skip
_BINARY = frozenset({"PHOTO", "LOGO", "SOUND", "KEY"})
_SAMPLE = 200
_LIST = re.compile(r"[;,|\n]")


class CardReader:
    """Many cards in one file, one after the other: a row each."""

    format = "vcard"
    entity: str | None = "contact"
    settings: frozenset[str] = frozenset()

    def recognises(self, head: bytes, name: str) -> bool:
        return head.lstrip(b"\xef\xbb\xbf\r\n \t")[:11].upper() == b"BEGIN:VCARD"

    def inspect(self, file: IO[bytes], options: Mapping[str, Any]) -> Layout:
        notices = ("Pictures, sounds and keys in cards are left out.",)
        return Layout(self.format, COLUMNS, 1, {}, notices)

    def rows(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        file.seek(0)
        for number, card, closed in _cards(file):
            cells = dict.fromkeys(COLUMNS) | _contact(card)
            faults = [] if closed else [Fault("incomplete", "The card does not end: END:VCARD is missing.")]
            faults += [
                Fault("too_long", f"{item.name} is longer than {lines.LONGEST} bytes.")
                for item in card
                if item.cut and item.name not in _BINARY
            ]
            yield Row(number, [lines.cell(cells[name]) for name in COLUMNS], tuple(faults))

    def sample(self, file: IO[bytes], layout: Layout) -> Iterator[Row]:
        for index, row in enumerate(self.rows(file, layout)):
            if index == _SAMPLE:
                return
            yield row


def _cards(file: IO[bytes]) -> Iterator[tuple[int, list[Line], bool]]:
    card: list[Line] | None = None
    number = 0
    for line in lines.read(file):
        marks = line.name in ("BEGIN", "END") and line.value.strip().upper() == "VCARD"
        if marks and card is not None:
            yield number, card, line.name == "END"
            card = None
        if marks and line.name == "BEGIN":
            card, number = [], line.number
        elif card is not None and line.name not in _BINARY and len(card) < _SAMPLE:
            card.append(line)
    if card is not None:
        yield number, card, False


def _contact(card: Sequence[Line]) -> dict[str, Cell]:
    by_name: dict[str, list[Line]] = {}
    for line in card:
        by_name.setdefault(line.name, []).append(line)
    first = {name: found[0] for name, found in by_name.items()}
    cells: dict[str, Cell] = dict(_name(first))
    for kind, name in (("EMAIL", "email"), ("TEL", "phone")):
        found = [_address(line) for line in sorted(by_name.get(kind, ()), key=_preference)]
        cells |= dict(zip((name, f"{name} 2", f"{name} 3"), filter(None, dict.fromkeys(found)), strict=False))
    for kind, name in (("TITLE", "job_title"), ("UID", "external_id"), ("NOTE", "note")):
        if kind in first:
            cells[name] = lines.plain(first[kind].value) or None
    if "ORG" in first:
        cells["company.name"] = lines.split(first["ORG"].value, ";")[0] or None
    if "ADR" in by_name:
        cells |= _place(min(by_name["ADR"], key=_preference))
    if "BDAY" in first:
        cells |= _birthday(first["BDAY"].value.strip())
    words = [word for line in by_name.get("CATEGORIES", ()) for word in lines.split(line.value, ",") if word]
    cells["tags"] = "; ".join(_LIST.sub(" ", word) for word in words) or None
    return cells


def _name(first: Mapping[str, Line]) -> Mapping[str, Cell]:
    parts = lines.split(first["N"].value, ";") if "N" in first else []
    family, given = (*parts, "", "")[:2]
    if not (family or given) and "FN" in first:
        # Whoever has but one name has it as the last one.
        given, _, family = lines.plain(first["FN"].value).rpartition(" ")
    return {"first_name": given or None, "last_name": family or None}


def _preference(line: Line) -> int:
    """1 is the most preferred (RFC 6350, 5.3); TYPE=PREF is how version 3.0 says it."""
    if line.has("TYPE", "PREF"):
        return 1
    given = next(iter(line.parameters.get("PREF", ())), "")
    return int(given) if given.isdecimal() and len(given) < 4 else 101


def _address(line: Line) -> str:
    value = lines.plain(line.value)
    scheme, colon, rest = value.partition(":")
    return rest.partition(";")[0] if colon and scheme.lower() in ("tel", "mailto") else value


def _place(line: Line) -> dict[str, Cell]:
    parts = [*lines.split(line.value, ";"), *[""] * 7]
    city, region, country = parts[3], parts[4], parts[6]
    is_code = len(country) == 2 and country.isascii() and country.isalpha()
    found: dict[str, Cell] = {"city": city or None, "region": region or None}
    return found | {"country" if is_code else "country name": country or None}


def _birthday(value: str) -> dict[str, Cell]:
    """A whole date, or the part of one as it stands there: --0203, 1985-04."""
    day = re.match(r"(\d{4})-?(\d\d)-?(\d\d)(?:$|T)", value)
    return {"birth_date": "-".join(day.groups())} if day else {"birthday": value or None}


class CardWriter:
    """A card per contact."""

    def __init__(self, path: Path, columns: Sequence[Column], options: Mapping[str, Any]) -> None:
        self._file = path.open("wb")
        self._names = [column.name for column in columns]
        self._version = options["version"]

    def write(self, rows: Sequence[Sequence[Any]]) -> None:
        for row in rows:
            self._file.write(card(dict(zip(self._names, row, strict=True)), version=self._version))

    def close(self) -> None:
        self._file.close()


def card(contact: Mapping[str, Any], *, version: str = "4.0") -> bytes:
    """The card of a contact, from FIELDS in wire form; what the reader may not see is not there."""
    text = {name: lines.escaped(value) for name, value in contact.items() if isinstance(value, str)}
    newer = version == "4.0"
    found = ["BEGIN:VCARD", f"VERSION:{version}"]
    shown = text.get("name") or text.get("email") or text.get("phone") or text.get("external_id") or contact.get("id")
    found += [f"N:{text.get('last_name', '')};{text.get('first_name', '')};;;", f"FN:{shown}"]
    preferred = "PREF=1" if newer else "TYPE=PREF"
    for name, form in (
        ("external_id", "UID:{}"),
        ("email", f"EMAIL;{preferred}:{{}}"),
        ("phone", f"TEL;VALUE=uri;{preferred}:tel:{{}}" if newer else f"TEL;{preferred}:{{}}"),
        ("job_title", "TITLE:{}"),
        ("company.name", "ORG:{}"),
    ):
        if text.get(name):
            found.append(form.format(text[name]))
    if contact.get("birth_date"):
        found.append("BDAY:" + (contact["birth_date"].replace("-", "") if newer else contact["birth_date"]))
    place = [text.get(name, "") for name in ("city", "region", "country")]
    if any(place):
        found.append(f"ADR:;;;{place[0]};{place[1]};;{place[2]}")
    if contact.get("tags"):
        found.append("CATEGORIES:" + ",".join(map(lines.escaped, contact["tags"])))
    if contact.get("updated_at"):
        found.append("REV:" + re.sub(r"[-:]|\.\d+|\+00:00", "", contact["updated_at"]) + "Z")
    found.append("END:VCARD")
    return b"".join(map(lines.folded, found))
