"""Writes of teams."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from accounts.errors import InUse, TeamCycle
from accounts.models import Team
from core.writes.base import Write, Writes

_LOCK = 7_412_101
_ABOVE = """
    WITH RECURSIVE above AS (
        SELECT id, parent_id FROM accounts_team WHERE id = %s
        UNION
        SELECT t.id, t.parent_id FROM accounts_team t JOIN above ON t.id = above.parent_id
    )
    SELECT EXISTS (SELECT FROM above WHERE id = %s)
"""


class Teams(Writes[Team]):
    """Keeps the tree a tree."""

    def prepare(self, change: Write[Team]) -> None:
        """No team above itself."""
        team = change.record
        if "parent_id" in change.before and team.parent_id is not None:
            _refuse_cycle(team.pk, team.parent_id)

    def deleting(self, change: Write[Team]) -> None:
        """A team with people or teams in it stays."""
        team = change.record
        if team.children.filter(deleted_at=None).exists() or team.members.filter(deleted_at=None).exists():
            raise InUse("The team still has members or teams below it.")


def _refuse_cycle(team_id: UUID, parent_id: UUID) -> None:
    with connection.cursor() as cursor:
        # Two moves at once could each be harmless and together make a cycle: one after the other.
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        cursor.execute(_ABOVE, [parent_id, team_id])
        row = cursor.fetchone()
    if row and row[0]:
        raise TeamCycle(team_id=str(team_id), parent_id=str(parent_id))


teams = Teams("team")
