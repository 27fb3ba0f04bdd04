"""Touches: by which ways, at which cost, a person came to us. The earliest is the contact's acquisition."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import MONEY, through
from crm.models.contact import Contact
from crm.models.firsts import keeps_acquisition

# Nobody's touches by a link in which somebody's address may stand; an index finds them.
MAY_LEAD_TO = Q(contact__isnull=True) & (Q(url__regex="@|%40") | Q(referrer__regex="@|%40"))


class Touch(Record):
    """One occasion on which a campaign, a page or a person of ours reached somebody, known by name or not yet."""

    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, null=True, blank=True, related_name="touches", db_index=False
    )
    anonymous_id = models.CharField(
        max_length=128, null=True, blank=True, help_text="The visitor, as the sender calls who is not known yet."
    )
    occurred_at = models.DateTimeField(help_text="When it happened.")
    source = models.CharField(max_length=64, help_text="Where they came from: google, newsletter, store.")
    medium = models.CharField(max_length=64, null=True, blank=True, help_text="By which way: cpc, email, mail.")
    campaign_code = models.CharField(max_length=100, null=True, blank=True, help_text="The code of the campaign.")
    content = models.CharField(max_length=200, null=True, blank=True, help_text="Which advertisement or link.")
    term = models.CharField(max_length=200, null=True, blank=True, help_text="What was searched for.")
    channel = models.CharField(max_length=64, null=True, blank=True, help_text="The marketing channel: search, social.")
    cost = models.DecimalField(**MONEY, null=True, blank=True, help_text="What this one touch cost us.")
    currency = models.CharField(max_length=3, null=True, blank=True, help_text="ISO 4217 code of the cost.")
    url = models.URLField(max_length=2000, null=True, blank=True, help_text="The page that they came to.")
    referrer = models.URLField(max_length=2000, null=True, blank=True, help_text="The page that they came from.")

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal | None] = Personal(
        people=("contact_id",), columns=("anonymous_id", "url", "referrer", "external_id")
    )

    class Meta:
        verbose_name_plural = "touches"
        db_table = "crm_touch"
        triggers = [
            *history_triggers("touch"),
            *fact_triggers("touches", month_column="occurred_at"),
            *keeps_acquisition(),
        ]
        constraints = [
            live_unique("crm", "touch", "external_id"),
            rules.currency_code("touch"),
            rules.at_least("touch", "cost"),
            rules.check(
                "touch",
                "cost_in_currency",
                Q(cost__isnull=True) | Q(currency__isnull=False),
                "A cost needs its currency.",
            ),
            rules.check(
                "touch",
                "has_somebody",
                Q(contact__isnull=False) | Q(anonymous_id__isnull=False),
                "A contact or an anonymous id must be named.",
            ),
        ]
        indexes = [
            rules.deleted("touch"),
            models.Index(fields=["id"], condition=MAY_LEAD_TO, name="crm_touch_may_lead_to_idx"),
            models.Index(fields=["contact", "occurred_at", "id"], name="crm_touch_contact_at_idx"),
            rules.by("touch", "occurred_at"),
            rules.by("touch", "campaign_code"),
            rules.by("touch", "source"),
            rules.by("touch", "medium"),
            rules.by("touch", "anonymous_id"),
            rules.by("touch", "created_at"),
            rules.by("touch", "updated_at"),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.occurred_at:%Y-%m-%d}"
