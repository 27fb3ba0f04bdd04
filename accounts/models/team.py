"""Teams, in a tree."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from core.models.scope import Scope


class Team(Record):
    """A group of people. Visibility `team` reaches the records of one's team and of all teams below it."""

    name = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        help_text="The team it is part of.",
    )

    scope: ClassVar[Scope] = Scope(team=("id",))

    class Meta:
        db_table = "accounts_team"
        constraints = [
            live_unique("accounts", "team", "name"),
            live_unique("accounts", "team", "external_id"),
            models.CheckConstraint(
                condition=models.Q(parent__isnull=True) | ~models.Q(parent=models.F("id")),
                name="accounts_team_not_own_parent",
            ),
        ]
        triggers = history_triggers("team")

    def __str__(self) -> str:
        return self.name
