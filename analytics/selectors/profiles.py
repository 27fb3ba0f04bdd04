"""The computed profile of one contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from analytics.errors import NotComputedYet
from core import registry
from core.actors import Actor
from core.errors import NotFound
from core.reads import reader
from core.reads.selection import Selection

# Of the entity's fields those that say something about the contact, not about the row.
_ABOUT_THE_ROW = frozenset({"id", "contact_id", "version", "updated_at"})


def metrics(*, actor: Actor, record_id: UUID, at: datetime) -> dict[str, Any]:
    """The metrics of a contact. Raises NotFound, Forbidden, or NotComputedYet where it is newer than the last run."""
    require_visible(actor, record_id)
    actor.require("contact_metrics", "view")
    entity = registry.entity("contact_metrics")
    names = tuple(item.name for item in entity.readable_fields() if item.name not in _ABOUT_THE_ROW)
    try:
        return reader.one(entity, record_id, actor=actor, at=at, selection=Selection(names))
    except NotFound:
        raise NotComputedYet(definition="customer_metrics") from None


def require_visible(actor: Actor, contact_id: UUID) -> None:
    """Raises NotFound where the actor does not see the contact."""
    contact = registry.entity("contact")
    if not contact.model.objects.filter(pk=contact_id).visible_to(actor).alive().exists():
        raise NotFound(entity="contact", id=str(contact_id))
