"""Referrals: who brought whom."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import MONEY, through
from crm.models.contact import Contact
from crm.models.firsts import counts_first_referrer


class ReferralStatus(models.TextChoices):
    """How far the referred person came."""

    INVITED = "invited"
    JOINED = "joined"
    CONVERTED = "converted"


class Referral(Record):
    """One person recommended us to another. Of all who recommended us to a person, the first one counts."""

    referrer = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="referrals", db_index=False, help_text="Who recommended us."
    )
    referred = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="referred_by", db_index=False, help_text="To whom."
    )
    occurred_at = models.DateTimeField(help_text="When it happened.")
    code = models.CharField(max_length=64, null=True, blank=True, help_text="The code or link that was passed on.")
    status = models.CharField(max_length=9, choices=ReferralStatus, default=ReferralStatus.INVITED)
    channel = models.CharField(max_length=64, null=True, blank=True, help_text="How: link, card, word of mouth.")
    reward = models.DecimalField(**MONEY, null=True, blank=True, help_text="What the referrer got for it.")
    currency = models.CharField(max_length=3, null=True, blank=True, help_text="ISO 4217 code of the reward.")
    is_counted = models.BooleanField(
        default=False, editable=False, help_text="Whether it is the first for the referred person: the one that counts."
    )

    # The referrer's: who may see the referred person only does not learn by whom they came.
    scope: ClassVar[Scope] = through("referrer", Contact.scope)
    personal: ClassVar[Personal | None] = Personal(
        people=("referrer_id", "referred_id"), columns=("code", "external_id")
    )

    class Meta:
        db_table = "crm_referral"
        triggers = [
            *history_triggers("referral"),
            *fact_triggers("referrals", month_column="occurred_at"),
            *counts_first_referrer(),
        ]
        constraints = [
            live_unique("crm", "referral", "external_id"),
            live_unique("crm", "referral", "referrer", "referred"),
            rules.currency_code("referral"),
            rules.at_least("referral", "reward"),
            rules.check(
                "referral",
                "reward_in_currency",
                Q(reward__isnull=True) | Q(currency__isnull=False),
                "A reward needs its currency.",
            ),
            rules.check("referral", "of_another", ~Q(referrer=F("referred")), "Nobody recommends us to themselves."),
        ]
        indexes = [
            rules.deleted("referral"),
            models.Index(fields=["referrer", "occurred_at", "id"], name="crm_referral_referrer_at_idx"),
            models.Index(fields=["referred", "occurred_at", "id"], name="crm_referral_referred_at_idx"),
            rules.by("referral", "occurred_at"),
            rules.by("referral", "status"),
            rules.by("referral", "code"),
            rules.by("referral", "created_at"),
            rules.by("referral", "updated_at"),
        ]

    def __str__(self) -> str:
        return f"{self.status} {self.occurred_at:%Y-%m-%d}"
