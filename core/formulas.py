"""Text that a spreadsheet would take for a formula, made harmless on the way out and as it was on the way back.

A text that begins like a formula gets an apostrophe in front, and so does one whose apostrophes in front lead up to
such a beginning: taking one away gives back exactly what was written, whatever it was. Numbers and dates are no text.
What counts as a beginning: OWASP, "CSV Injection".
"""

from __future__ import annotations

import re

_STARTS = re.compile(r"'*[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_MARKED = re.compile(r"'+[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")


def neutralised(text: str) -> str:
    """The text as it stands in a cell."""
    return f"'{text}" if _STARTS.match(text) else text


def restored(text: str) -> str:
    """The text that `neutralised` was given."""
    return text[1:] if _MARKED.match(text) else text
