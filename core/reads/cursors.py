"""Keyset cursors: opaque to clients, bound to the order of the list they came from."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

import orjson

from core.errors import InvalidCursor

MAX_LENGTH = 2000


def encode(signature: str, values: Sequence[Any]) -> str:
    """A cursor that stands after the row with these wire values of its sort keys."""
    return base64.urlsafe_b64encode(orjson.dumps([signature, *values])).rstrip(b"=").decode()


def decode(signature: str, cursor: str, length: int) -> list[Any]:
    """The wire values in a cursor. Raises InvalidCursor where it is broken or belongs to another order."""
    try:
        if len(cursor) > MAX_LENGTH:
            raise ValueError
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        parts = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (ValueError, binascii.Error):
        raise InvalidCursor() from None
    if not isinstance(parts, list) or len(parts) != length + 1 or parts[0] != signature:
        raise InvalidCursor("The cursor belongs to another list or order.")
    return parts[1:]
