"""The contents of files in Django's storage: on a disk, or with any service that speaks S3."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import structlog
from django.core.files.base import File
from django.core.files.storage import storages

from core.errors import Unavailable

logger = structlog.get_logger(__name__)

FOLDER = "files"


def save(key: str, content: File[Any]) -> str:
    """Store a content; returns the key under which it lies. Raises Unavailable."""
    with _reached():
        return storages["default"].save(key, content)


def delete(key: str) -> None:
    """Remove a content, if it is there. Raises Unavailable."""
    with _reached():
        storages["default"].delete(key)


def exists(key: str) -> bool:
    """Whether the content is there. Raises Unavailable."""
    with _reached():
        return storages["default"].exists(key)


def chunks(key: str) -> Iterator[bytes]:
    """The content, piece by piece."""
    with storages["default"].open(key) as stored:
        yield from stored.chunks()


def names(folder: str) -> list[str]:
    """The names of what lies in a folder. Raises Unavailable."""
    with _reached():
        try:
            return storages["default"].listdir(folder)[1]
        except FileNotFoundError:
            return []


@contextmanager
def _reached() -> Iterator[None]:
    """Each storage fails in a way of its own: a full disk, a bucket that is gone, a network that is down."""
    try:
        yield
    except Exception as error:
        logger.exception("file_storage_failed")
        raise Unavailable("The storage of files cannot be reached right now.") from error
