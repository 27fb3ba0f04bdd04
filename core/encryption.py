"""Secrets that must be read again are encrypted at rest, under keys derived from SECRET_KEY, one for each purpose."""

from __future__ import annotations

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.utils.encoding import force_bytes


def encrypt(purpose: str, content: bytes) -> bytes:
    """The content as the database keeps it."""
    return _cipher(purpose, *_secrets()).encrypt(content)


def decrypt(purpose: str, encrypted: bytes) -> bytes:
    """The content again, also where the secret key has been rotated. Raises cryptography.fernet.InvalidToken."""
    return _cipher(purpose, *_secrets()).decrypt(encrypted)


def _secrets() -> tuple[bytes, ...]:
    return tuple(force_bytes(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=32)
def _cipher(purpose: str, *secrets: bytes) -> MultiFernet:
    derived = (hashlib.sha256(f"bifocal.{purpose}:".encode() + secret).digest() for secret in secrets)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
