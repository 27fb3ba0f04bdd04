"""Writes of companies."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from core.writes.base import Write
from crm.errors import HierarchyCycle
from crm.models import Company
from crm.services import locks
from crm.services.described import DescribedWrites

_ABOVE = """
    WITH RECURSIVE above AS (
        SELECT id, parent_id FROM crm_company WHERE id = %s
        UNION
        SELECT c.id, c.parent_id FROM crm_company c JOIN above ON c.id = above.parent_id
    )
    SELECT EXISTS (SELECT FROM above WHERE id = %s)
"""


class Companies(DescribedWrites[Company]):
    """Keeps groups of companies free of cycles."""

    together = True

    def prepare(self, change: Write[Company]) -> None:
        super().prepare(change)
        company = change.record
        if "parent_id" in change.before and company.parent_id is not None:
            _refuse_cycle(company.pk, company.parent_id)

    def prepare_many(self, changes: Sequence[Write[Company]]) -> None:
        super().prepare_many(changes)
        for change in changes:
            if "parent_id" in change.before and change.record.parent_id is not None:
                _refuse_cycle(change.record.pk, change.record.parent_id)


def _refuse_cycle(company_id: UUID, parent_id: UUID) -> None:
    # Two moves at once could each be harmless and together make a cycle: one after the other.
    locks.exclusively(locks.Subject.COMPANY_HIERARCHY)
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, [parent_id, company_id])
        if cursor.fetchone()[0]:
            raise HierarchyCycle(company_id=str(company_id), parent_id=str(parent_id))


companies = Companies("company")
