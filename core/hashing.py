"""Keyed hashes of addresses: they can be compared, and not be guessed back without the key."""

from __future__ import annotations

import hashlib
import hmac

from django.conf import settings


def keyed_hash(purpose: str, text: str) -> str:
    """HMAC-SHA256 of the text under PRIVACY_HASH_KEY, in hexadecimal digits; another purpose gives another hash.

    The key is not SECRET_KEY: what was hashed must be found again after that one is rotated.
    """
    return hmac.new(settings.PRIVACY_HASH_KEY.encode(), f"{purpose}\n{text}".encode(), hashlib.sha256).hexdigest()
