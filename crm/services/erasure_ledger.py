"""The ledger of erasures, kept outside of the database: one small file each, with ids and keyed hashes and no more.

Whoever restores an old backup brings erased people back; the ledger tells who is to be erased again.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import orjson
from django.core.files.base import ContentFile
from django.core.files.storage import storages

from crm.models import Erasure

FOLDER = "erasures"


@dataclass(frozen=True)
class Entry:
    """One erasure as the ledger knows it."""

    id: UUID
    contact_id: UUID
    people: tuple[UUID, ...]
    hashes: tuple[str, ...]
    is_suppressed: bool
    at: datetime


def note(erasure: Erasure) -> None:
    """Write the entry; one that is there already stays. Raises OSError, or what the storage raises."""
    storage = storages["ledger"]
    path = f"{FOLDER}/{erasure.pk}.json"
    if storage.exists(path):
        return
    content = {
        "id": str(erasure.pk),
        "contact_id": str(erasure.contact_id),
        "people": [str(key) for key in erasure.people],
        "hashes": erasure.hashes,
        "is_suppressed": erasure.is_suppressed,
        "at": erasure.at.isoformat(),
    }
    storage.save(path, ContentFile(orjson.dumps(content)))


def entries() -> Iterator[Entry]:
    """All entries, oldest first."""
    storage = storages["ledger"]
    try:
        _, names = storage.listdir(FOLDER)
    except FileNotFoundError:
        return
    for name in sorted(names):
        with storage.open(f"{FOLDER}/{name}") as file:
            told = orjson.loads(file.read())
        yield Entry(
            id=UUID(told["id"]),
            contact_id=UUID(told["contact_id"]),
            people=tuple(map(UUID, told["people"])),
            hashes=tuple(told["hashes"]),
            is_suppressed=told["is_suppressed"],
            at=datetime.fromisoformat(told["at"]),
        )
