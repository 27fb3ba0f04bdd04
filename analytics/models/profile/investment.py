"""What a contact is worth spending on."""

from __future__ import annotations

from django.db import models

from analytics.models.profile.amounts import MONEY


class Investment(models.Model):
    """How much keeping them may cost."""

    retention_worth = models.DecimalField(
        **MONEY, null=True, help_text="What may be spent at most on having them buy again within 90 days."
    )

    class Meta:
        abstract = True
