"""What a contact is expected to do and to bring yet."""

from __future__ import annotations

from django.db import models

from analytics.models.profile.amounts import MONEY


class Lifetime(models.Model):
    """Purchases and value to come, by the model that erred least on a holdout; null where there is not enough data."""

    expected_purchases = models.FloatField(null=True, help_text="Days with a purchase in the next expected_days (365).")
    active_probability = models.FloatField(null=True, help_text="Probability of being still active, 0 to 1.")
    lifetime_value = models.DecimalField(
        **MONEY, null=True, help_text="What is expected in the next lifetime_days (3 years), discounted to now."
    )
    lifetime_value_low = models.DecimalField(
        **MONEY, null=True, help_text="Lower end within which 90 of 100 such customers end."
    )
    lifetime_value_high = models.DecimalField(**MONEY, null=True, help_text="The upper end.")
    lifetime_value_method = models.CharField(
        max_length=20, null=True, help_text="pareto_nbd, bg_nbd, mbg_nbd, empirical, or group_average (no history yet)."
    )
    lifetime_value_basis = models.CharField(
        max_length=10, null=True, help_text="margin; or spend, where costs are not known."
    )
    predicted_next_order_at = models.DateTimeField(
        null=True, help_text="By when, if still active, it is as likely as not that they have bought again."
    )

    class Meta:
        abstract = True
