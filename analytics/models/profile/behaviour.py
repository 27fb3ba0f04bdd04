"""How a contact buys: their own rhythm, discounts, returns, categories, and gifts."""

from __future__ import annotations

from django.db import models


class RhythmBasis(models.TextChoices):
    """What a contact's rhythm is known from."""

    OWN = "own"
    OTHERS = "others"
    TOO_FEW_GAPS = "too_few_gaps"
    NO_PURCHASE = "no_purchase"


class RhythmState(models.TextChoices):
    ON_TIME = "on_time"
    DUE = "due"
    OVERDUE = "overdue"
    LAPSED = "lapsed"


class DiscountClass(models.TextChoices):
    BIG_SPENDER = "big_spender"
    BARGAIN_HUNTER = "bargain_hunter"
    MIXED = "mixed"


class Behaviour(models.Model):
    """A purchase is a day with at least one order; shares are from 0 to 1."""

    purchase_days = models.IntegerField(null=True, help_text="Days with at least one order.")
    median_gap_days = models.IntegerField(null=True, help_text="Half of the own gaps between purchases are no longer.")
    rhythm_basis = models.CharField(
        max_length=12,
        choices=RhythmBasis,
        null=True,
        help_text="What the rhythm is known from: own gaps (five or more), or those of others after as many purchases.",
    )
    usual_gap_days = models.IntegerField(null=True, help_text="The median gap of the basis.")
    late_gap_days = models.IntegerField(null=True, help_text="The 90th percentile of the basis' gaps.")
    gap_percentile = models.FloatField(
        null=True, help_text="Share of the basis' gaps that are no longer than the days since the last purchase."
    )
    expected_next_order_on = models.DateField(null=True, help_text="The last purchase and the usual gap.")
    rhythm_state = models.CharField(
        max_length=7,
        choices=RhythmState,
        null=True,
        help_text="on_time up to the usual gap, due up to the late one, overdue beyond, lapsed beyond twice that.",
    )
    is_overdue = models.BooleanField(null=True, help_text="Whether the last purchase is longer ago than the late gap.")
    return_share = models.FloatField(null=True, help_text="Part of the money received that was given back.")
    discount_share = models.FloatField(null=True, help_text="Part of the list price that was not paid.")
    discount_class = models.CharField(
        max_length=14,
        choices=DiscountClass,
        null=True,
        help_text="bargain_hunter: 30% or more were discounts; big_spender: under 15%, in the two best money fifths.",
    )
    favourite_category = models.CharField(max_length=150, null=True, help_text="In most orders; gifts left out.")
    categories = models.IntegerField(null=True, help_text="Categories bought for oneself.")
    products_bought = models.IntegerField(null=True, help_text="Products bought for oneself.")
    gift_share = models.FloatField(null=True, help_text="Part of the order lines that were gifts.")

    class Meta:
        abstract = True
