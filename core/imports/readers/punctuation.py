"""How the cells of a text are told apart: separator and quote, said by the user, by the file, or guessed."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import IO, Any

from core.imports.errors import UnreadableFile

SEPARATORS = (",", ";", "\t", "|")
QUOTES = ('"', "'", "")
_NAMES = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "pipe": "|", "\\t": "\t"}


def head_of(file: IO[bytes], encoding: str) -> str:
    """The beginning of the text, whole lines where there are any."""
    file.seek(0)
    raw = file.read(1 << 17)
    text = raw.decode(encoding, "replace")
    whole, mark, _ = text.rpartition("\n")
    return whole if mark and len(raw) == 1 << 17 else text


def told(head: str) -> str | None:
    """Excel's own first line: sep=;"""
    first = head.lstrip("\ufeff").split("\n", 1)[0].strip('\r\n "')
    if len(first) == 5 and first.lower().startswith("sep="):
        return first[4] if first[4] in SEPARATORS else None
    return "\t" if first.lower() == "sep=" else None


def named(given: Any) -> str | None:
    if given is None or given == "":
        return None
    found = _NAMES.get(str(given), str(given))
    if len(found) != 1 or found in "\r\n\"'" or found.isalnum():
        raise UnreadableFile("The separator must be one character: , ; | or tab.", reason="bad_option")
    return found


def guess(head: str) -> str:
    """The one that cuts most rows into the same number of cells, and into more than one."""
    best, score = ",", 0.0
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in parsed(head, separator, '"', 200) if row)
        if not widths:
            continue
        width, rows = max(widths.items(), key=lambda item: (item[1], item[0]))
        if width > 1:
            found = rows / sum(widths.values()) + min(width, 100) / 1000
            if found > score:
                best, score = separator, found
    return best


def guess_quote(head: str, separator: str) -> str:
    """Double, unless single ones stand around cells and double ones do not."""
    double = head.count(f'{separator}"') + head.count('\n"') + head.startswith('"')
    single = sum(
        1
        for line in head.split("\n")[:500]
        for cell in line.rstrip("\r").split(separator)
        if len(cell) > 1 and cell[0] == cell[-1] == "'"
    )
    return "'" if not double and single >= 3 else '"'


def parsed(text: str, separator: str, quote: str, most: int) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), **(dialect(separator, quote) | {"strict": False}))
    found: list[list[str]] = []
    try:
        for row in reader:
            found.append(row)
            if len(found) >= most:
                break
    except csv.Error:
        pass
    return found


def dialect(separator: str, quote: str) -> dict[str, Any]:
    plain: dict[str, Any] = {"delimiter": separator, "strict": True}
    return plain | ({"quotechar": quote, "doublequote": True} if quote else {"quoting": csv.QUOTE_NONE})


def spoken(separator: str) -> str:
    return {",": "a comma", ";": "a semicolon", "\t": "a tab", "|": "a bar"}.get(separator, repr(separator))
