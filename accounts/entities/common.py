"""What the entities of this app share."""

from __future__ import annotations

from typing import Any

from core.models.record import Record
from core.registry.derive import field
from core.registry.fields import Field

READ_ONLY: dict[str, Any] = {"writable": False, "required": False}


def record_fields(model: type[Record], *, external: bool = True) -> tuple[Field, ...]:
    """What every record has."""
    key = field(model, "id", nullable=False, sortable=True, doc="Assigned by the system.", **READ_ONLY)
    others = (
        field(model, "created_at", sortable=True, groupable=True, doc="When it was made.", **READ_ONLY),
        field(model, "updated_at", sortable=True, doc="When it last changed.", **READ_ONLY),
        field(model, "version", doc="Grows with every change; the record's ETag.", **READ_ONLY),
        field(model, "deleted_at", doc="When it was deleted; null where it was not.", **READ_ONLY),
    )
    return (key, field(model, "external_id"), *others) if external else (key, *others)
