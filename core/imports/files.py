"""The files themselves: taken in, kept in the storage, opened for reading, thrown away."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any
from uuid import UUID

from django.core.files.base import File
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile

from core.imports.readers import archive

FOLDER = "imports"
BLOCK = 1 << 20


@dataclass(frozen=True)
class Taken:
    """A file as it came: size and digest of what was sent, and its content (unpacked) in a temporary file."""

    content: IO[bytes]
    name: str
    size: int
    sha256: str


@contextmanager
def taken(upload: UploadedFile[Any]) -> Iterator[Taken]:
    """The uploaded file; one packed by gzip is unpacked. Raises UnreadableFile, FileTooComplex."""
    digest, size = hashlib.sha256(), 0
    name = " ".join(str(upload.name or "file").replace("\x00", "").split())[:255] or "file"
    with tempfile.TemporaryFile() as content:
        upload.seek(0)
        packed = upload.read(2) == archive.GZIP
        upload.seek(0)

        def chunks() -> Iterator[bytes]:
            nonlocal size
            for chunk in upload.chunks(BLOCK):
                digest.update(chunk)
                size += len(chunk)
                yield chunk

        for block in archive.unpacked(chunks()) if packed else chunks():
            content.write(block)
        content.seek(0)
        yield Taken(content, name, size, digest.hexdigest())


def store(import_id: UUID, content: IO[bytes]) -> str:
    """Keep the content; returns where."""
    content.seek(0)
    return default_storage.save(f"{FOLDER}/{import_id}", File(content))


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """A kept file, to be read from any place, wherever the storage is. Raises FileNotFoundError."""
    with default_storage.open(path, "rb") as stored, tempfile.TemporaryFile() as local:
        while block := stored.read(BLOCK):
            local.write(block)
        local.seek(0)
        yield local


def remove(path: str | None) -> None:
    """Throw a kept file away; no harm where it is gone already."""
    if path:
        default_storage.delete(path)
