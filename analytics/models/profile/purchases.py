"""When, how often and for how much a contact buys, and where that puts them among all customers."""

from __future__ import annotations

from django.db import models

from analytics.models.profile.amounts import MONEY


class FirstOrderBand(models.TextChoices):
    UNDER = "under"
    OVER = "over"


class Purchases(models.Model):
    """Recency, frequency, monetary value, and the first order."""

    recency_days = models.IntegerField(null=True, help_text="Days since the last order.")
    frequency = models.IntegerField(help_text="Orders that were not cancelled.")
    monetary = models.DecimalField(
        **MONEY, null=True, help_text="Their worth in the base currency, less what was returned; never mixed."
    )
    other_currency_orders = models.IntegerField(help_text="Orders in other currencies, which `monetary` leaves out.")
    tenure_days = models.IntegerField(null=True, help_text="Days since the first order.")
    first_order_at = models.DateTimeField(null=True, help_text="The first order.")
    last_order_at = models.DateTimeField(null=True, help_text="The last order.")
    average_order_value = models.DecimalField(
        **MONEY, null=True, help_text="`monetary` per order in the base currency."
    )
    first_order_value = models.DecimalField(**MONEY, null=True, help_text="Worth of the first order, less returns.")
    first_order_band = models.CharField(
        max_length=5, choices=FirstOrderBand, null=True, help_text="First order under the threshold, or at it and over."
    )
    recency_quintile = models.IntegerField(null=True, help_text="1 to 5; 5 is the fifth that bought last.")
    frequency_quintile = models.IntegerField(null=True, help_text="1 to 5; 5 is the fifth with most orders.")
    monetary_quintile = models.IntegerField(null=True, help_text="1 to 5; 5 is the fifth that brought most.")
    rfm_segment = models.CharField(max_length=64, null=True, help_text="Segment by recency and frequency.")
    is_top20 = models.BooleanField(null=True, help_text="Among the 20% of customers who brought most.")

    class Meta:
        abstract = True
