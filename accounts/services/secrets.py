"""The keys themselves: how they are made, recognised and kept."""

from __future__ import annotations

import hashlib
import re
import secrets
import string
from dataclasses import dataclass

MARK = "bfk_"
_ALPHABET = string.ascii_lowercase + string.digits
_FORMAT = re.compile(r"bfk_[a-z0-9]{8}_[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class NewSecret:
    """A key that was just made. `text` is shown once and never kept."""

    text: str
    prefix: str
    digest: str


def new() -> NewSecret:
    """A key with 256 random bits: too many to guess, so a plain hash keeps them well."""
    prefix = "".join(secrets.choice(_ALPHABET) for _ in range(8))
    text = f"{MARK}{prefix}_{secrets.token_hex(32)}"
    return NewSecret(text=text, prefix=f"{MARK}{prefix}", digest=digest(text))


def digest(text: str) -> str:
    """SHA-256 of the whole key, by which it is found."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def is_well_formed(text: str) -> bool:
    return _FORMAT.fullmatch(text) is not None
