"""Identifiers of records: UUID version 7 (RFC 9562), so that the primary key is also the order of creation."""

from __future__ import annotations

from uuid import UUID

import uuid6


def new_id() -> UUID:
    """A new UUIDv7; ids made later in one process compare greater."""
    return UUID(int=uuid6.uuid7().int)
