"""Merges: two contacts were found to be one person. Kept with what is needed to undo them exactly."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core.history.triggers import history_triggers
from core.models.record import Personal, Record
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import through
from crm.models.contact import Contact


class Merge(Record):
    """A contact, the loser, was merged into another, the winner. `position` counts the winner's merges from 1."""

    winner = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="+", db_index=False, help_text="The contact that stayed."
    )
    loser = models.ForeignKey(
        "crm.Contact",
        models.CASCADE,
        related_name="+",
        db_index=False,
        help_text="The contact that was merged into it.",
    )
    position = models.PositiveIntegerField(help_text="Which of the winner's merges it is.")
    at = models.DateTimeField(help_text="When it was done.")
    by = models.CharField(max_length=254, help_text="Who or what did it.")
    chosen = models.JSONField(
        default=dict,
        blank=True,
        help_text="The side (winner, loser) whose value counts, for the fields that were said.",
    )
    counts = models.JSONField(default=dict, blank=True, help_text="How many rows moved, by kind of record.")
    undone_at = models.DateTimeField(null=True, blank=True, help_text="When it was undone.")
    undone_by = models.CharField(max_length=254, null=True, blank=True, help_text="Who or what undid it.")
    state = models.JSONField(default=dict, help_text="Both contacts as they were, and the winner as it was then.")

    scope: ClassVar[Scope] = through("winner", Contact.scope)
    personal: ClassVar[Personal | None] = Personal(people=("winner_id", "loser_id"), columns=("state",))
    derived: ClassVar[Q | None] = Q()

    class Meta:
        db_table = "crm_merge"
        triggers = history_triggers("merge", hide=("state",))
        constraints = [
            models.UniqueConstraint(
                fields=["loser"], condition=Q(undone_at__isnull=True), name="crm_merge_loser_open_uniq"
            ),
            rules.check("merge", "of_two", ~Q(winner=F("loser")), "A contact is not merged into itself."),
        ]
        indexes = [
            rules.by("merge", "winner"),
            rules.by("merge", "loser"),
            rules.by("merge", "at"),
        ]

    def __str__(self) -> str:
        return f"{self.loser_id} into {self.winner_id}"


class MergeMove(models.Model):
    """Rows of one table that a merge moved from the loser to the winner by one column, made, or had to leave."""

    class Kind(models.TextChoices):
        """`moved` to the winner; `made` for it; `kept` by the loser, since the winner has the like."""

        MOVED = "moved"
        MADE = "made"
        KEPT = "kept"

    id = models.BigAutoField(primary_key=True)
    merge = models.ForeignKey("crm.Merge", models.CASCADE, related_name="moves", db_index=False)
    kind = models.CharField(max_length=5, choices=Kind, default=Kind.MOVED)
    model = models.CharField(max_length=100)
    column = models.CharField(max_length=63)
    ids = ArrayField(models.TextField())

    class Meta:
        db_table = "crm_merge_move"
        indexes = [models.Index(fields=["merge", "model", "column"], name="crm_merge_move_merge_idx")]
