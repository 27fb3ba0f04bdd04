"""Reads of merges: where a contact that is no more has gone."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from core.actors import Actor
from crm.models import Contact

# A winner may have been merged itself.
_CHAIN = """
    WITH RECURSIVE chain AS (
        SELECT id, merged_into_id, deleted_at FROM crm_contact WHERE id = %s AND merged_into_id IS NOT NULL
        UNION
        SELECT c.id, c.merged_into_id, c.deleted_at FROM crm_contact c JOIN chain ON c.id = chain.merged_into_id
    )
    SELECT id FROM chain WHERE merged_into_id IS NULL AND deleted_at IS NULL
"""


def successor(contact_id: UUID, actor: Actor) -> UUID | None:
    """The live contact into which a contact was merged, where the actor may see it."""
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, [contact_id])
        row = cursor.fetchone()
    if row is None or not Contact.objects.visible_to(actor).filter(pk=row[0]).exists():
        return None
    found: UUID = row[0]
    return found
