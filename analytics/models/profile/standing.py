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

    class Meta:
        abstract = True
