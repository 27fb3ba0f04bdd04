"""Addresses of channels: how each is written, under which hash it is known, and which a contact has."""

from __future__ import annotations

from core.hashing import keyed_hash
from core.registry import types
from core.registry.types import FieldType, TypeFault

_KINDS: dict[str, FieldType] = {"email": types.Email(), "sms": types.Phone(), "phone": types.Phone()}
_OTHER = types.Text(max_length=500)
# The contact's column with the address of a channel; of the others it knows none.
COLUMNS = {"email": "email", "sms": "phone", "phone": "phone"}


def normal(channel: str, address: str) -> str:
    """The one way to write it: e-mail in lower case, numbers as E.164, else without extra space and case.

    Raises TypeFault where it is no address of this channel.
    """
    kind = _KINDS.get(channel)
    written = (kind or _OTHER).parse(address)
    if not written:
        raise TypeFault("blank", "Must not be empty.")
    return str(written) if kind else " ".join(str(written).casefold().split())


def hashed(channel: str, address: str) -> str:
    """The hash under which a normal address is on the suppression list."""
    return keyed_hash(f"suppression:{channel}", address)
