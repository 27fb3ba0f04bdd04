"""Interactions: everything that passed between us and a customer, through every channel."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import CUSTOMER_SCOPE, Customised


class Channel(models.TextChoices):
    EMAIL = "email"
    CALL = "call"
    CHAT = "chat"
    MESSAGE = "message"
    SERVICE_DESK = "service_desk"
    VISIT = "visit"
    MEETING = "meeting"
    WEB = "web"
    EVENT = "event"
    STORE = "store"
    POST = "post"
    OTHER = "other"


class Direction(models.TextChoices):
    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Interaction(Customised, Record):
    """One contact between us and a customer: through which channel, which way, how long, and what came of it."""

    channel = models.CharField(max_length=12, choices=Channel)
    kind = models.CharField(
        max_length=64, null=True, blank=True, help_text="A finer word: demo, complaint, coupon_redemption."
    )
    direction = models.CharField(max_length=8, choices=Direction, null=True, blank=True)
    occurred_at = models.DateTimeField(help_text="When it happened.")
    minutes = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True, help_text="Our time spent.")
    outcome = models.CharField(max_length=100, null=True, blank=True)
    subject = models.CharField(max_length=250, null=True, blank=True)
    body = models.TextField(null=True, blank=True)
    data = models.JSONField(default=dict, blank=True, help_text="Further facts, as the channel gave them.")
    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, null=True, blank=True, related_name="interactions", db_index=False
    )
    company = models.ForeignKey(
        "crm.Company", models.CASCADE, null=True, blank=True, related_name="interactions", db_index=False
    )
    deal = models.ForeignKey(
        "crm.Deal", models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    case = models.ForeignKey(
        "crm.Case", models.SET_NULL, null=True, blank=True, related_name="interactions", db_index=False
    )
    agent = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="The user on our side.",
    )

    scope: ClassVar[Scope] = CUSTOMER_SCOPE
    personal: ClassVar[Personal] = Personal(
        people=("contact_id",), columns=("subject", "body", "data", "custom", "external_id")
    )

    class Meta:
        db_table = "crm_interaction"
        triggers = [*history_triggers("interaction"), *fact_triggers("interactions", month_column="occurred_at")]
        constraints = [
            live_unique("crm", "interaction", "external_id"),
            rules.contact_or_company("interaction"),
            rules.at_least("interaction", "minutes"),
        ]
        indexes = [
            rules.deleted("interaction"),
            rules.by("interaction", "contact"),
            rules.by("interaction", "company"),
            rules.by("interaction", "deal"),
            rules.by("interaction", "case"),
            rules.by("interaction", "agent"),
            rules.by("interaction", "channel"),
            rules.by("interaction", "kind"),
            rules.by("interaction", "occurred_at"),
            rules.by("interaction", "created_at"),
            rules.by("interaction", "updated_at"),
            rules.contains("interaction", "subject"),
            rules.values("interaction", "custom"),
            models.Index(fields=["contact", "occurred_at", "id"], name="crm_interaction_contact_at_idx"),
            models.Index(fields=["company", "occurred_at", "id"], name="crm_interaction_company_at_idx"),
        ]

    def __str__(self) -> str:
        return self.subject or f"{self.channel} {self.occurred_at:%Y-%m-%d}"
