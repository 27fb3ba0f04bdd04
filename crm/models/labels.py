"""Tags: words that an organisation marks records with."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique


class Tag(Record):
    """A word that records are marked with. Records hold its name; renaming the tag renames it there too."""

    name = models.CharField(max_length=64)
    colour = models.CharField(max_length=7, null=True, blank=True, help_text="As #rrggbb.")

    class Meta:
        db_table = "crm_tag"
        triggers = history_triggers("tag")
        constraints = [
            live_unique("crm", "tag", "external_id"),
            live_unique("crm", "tag", "name"),
            models.CheckConstraint(
                condition=Q(colour__regex=r"^#[0-9a-f]{6}$"),
                name="crm_tag_colour_code",
                violation_error_message="The colour must be written #rrggbb.",
            ),
        ]

    def __str__(self) -> str:
        return self.name
