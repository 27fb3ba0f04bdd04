"""Where a contact stands: the stage of the behavioural lifecycle."""

from __future__ import annotations

from django.db import models


class BehaviourStage(models.TextChoices):
    NEW = "new"
    ACTIVE = "active"
    LOYAL = "loyal"
    AT_RISK = "at_risk"
    LAPSED = "lapsed"
    REACTIVATED = "reactivated"


class Standing(models.Model):
    """What the contact's orders say of how close they are."""

    behaviour_stage = models.CharField(
        max_length=11, choices=BehaviourStage, null=True, help_text="How close they are, by their own rhythm of orders."
    )

    tier = models.CharField(max_length=64, null=True, help_text="The tier by the rules of tiers; null for none.")
    tier_since = models.DateTimeField(null=True, help_text="Since when, as recomputations found it.")

    class Meta:
        abstract = True
