"""Consents: what a person agreed to, refused or took back, per channel and purpose; facts that are only added to."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import through
from crm.models.consent_triggers import append_only, keeps_states
from crm.models.contact import Contact


class ConsentChannel(models.TextChoices):
    """By which way a person is addressed; `any` stands for all of them."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    POST = "post"
    PUSH = "push"
    WEB = "web"
    ANY = "any"


class LegalBasis(models.TextChoices):
    """Article 6(1) of the General Data Protection Regulation, (a) to (f)."""

    CONSENT = "consent"
    CONTRACT = "contract"
    LEGAL_OBLIGATION = "legal_obligation"
    VITAL_INTERESTS = "vital_interests"
    PUBLIC_INTEREST = "public_interest"
    LEGITIMATE_INTEREST = "legitimate_interest"


class ConsentStatus(models.TextChoices):
    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    DENIED = "denied"


class ConsentStanding(models.TextChoices):
    """The status of a present state: a grant can have run out too."""

    GRANTED = "granted"
    WITHDRAWN = "withdrawn"
    DENIED = "denied"
    EXPIRED = "expired"


class ConsentPurpose(Record):
    """What people are addressed for. `legal_basis` holds where nothing is recorded of a person: `consent` means no."""

    key = models.CharField(max_length=63, help_text="Name in consents and criteria: lower-case letters, digits, _.")
    name = models.CharField(max_length=100, help_text="Name shown to people.")
    description = models.CharField(max_length=500, null=True, blank=True)
    legal_basis = models.CharField(
        max_length=20,
        choices=LegalBasis,
        default=LegalBasis.CONSENT,
        help_text="Why people may be addressed where nothing is recorded; with `consent` they may not.",
    )

    class Meta:
        db_table = "crm_consent_purpose"
        triggers = history_triggers("consent_purpose")
        constraints = [
            live_unique("crm", "consent_purpose", "external_id"),
            live_unique("crm", "consent_purpose", "key"),
            rules.check(
                "consent_purpose",
                "key_shape",
                Q(key__regex=r"^[a-z][a-z0-9_]{0,62}$"),
                "The key must consist of lower-case letters, digits and _.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Consent(Record):
    """One statement of a person, or a legal basis noted for them. Never changed: a new one is added."""

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="consents", db_index=False)
    channel = models.CharField(max_length=8, choices=ConsentChannel)
    purpose = models.CharField(max_length=63, help_text="Key of a consent purpose.")
    status = models.CharField(max_length=9, choices=ConsentStatus)
    legal_basis = models.CharField(max_length=20, choices=LegalBasis, default=LegalBasis.CONSENT)
    source = models.CharField(max_length=64, null=True, blank=True, help_text="How it came: form, import, call.")
    proof = models.JSONField(
        default=dict,
        blank=True,
        help_text="What shows it: wording and its version, IP address, user agent, file, double opt-in.",
    )
    occurred_at = models.DateTimeField(default=timezone.now, help_text="When the person said so.")
    recorded_at = models.DateTimeField(default=timezone.now, editable=False, help_text="When it was entered.")
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Until when a grant holds; null is no end.")

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal] = Personal(people=("contact_id",), columns=("proof", "external_id"))

    class Meta:
        db_table = "crm_consent"
        triggers = [
            *history_triggers("consent"),
            *fact_triggers("consents", month_column="occurred_at"),
            *keeps_states(),
            append_only(),
        ]
        constraints = [
            live_unique("crm", "consent", "external_id"),
            rules.check(
                "consent",
                "expiry_of_grant",
                Q(expires_at__isnull=True) | Q(status="granted", expires_at__gt=F("occurred_at")),
                "Only a grant runs out, and after it was given.",
            ),
        ]
        indexes = [
            models.Index(
                fields=["contact", "channel", "purpose", "-occurred_at", "-id"], name="crm_consent_contact_idx"
            ),
            rules.by("consent", "occurred_at"),
            rules.by("consent", "purpose"),
            rules.by("consent", "created_at"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}: {self.status}"


class ConsentState(Record):
    """What holds now for a contact, a channel and a purpose: the latest consent. Kept by triggers of the consents."""

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="consent_states", db_index=False)
    channel = models.CharField(max_length=8, choices=ConsentChannel)
    purpose = models.CharField(max_length=63, help_text="Key of a consent purpose.")
    status = models.CharField(max_length=9, choices=ConsentStanding)
    legal_basis = models.CharField(max_length=20, choices=LegalBasis)
    since = models.DateTimeField(help_text="When the person said so.")
    expires_at = models.DateTimeField(null=True, help_text="Until when a grant holds; null is no end.")
    consent = models.ForeignKey("crm.Consent", models.CASCADE, related_name="+", db_index=False)

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal] = Personal(people=("contact_id",))
    derived: ClassVar[Q | None] = Q()

    class Meta:
        db_table = "crm_consent_state"
        constraints = [
            models.UniqueConstraint(fields=["contact", "channel", "purpose"], name="crm_consent_state_uniq"),
        ]
        indexes = [
            rules.by("consent_state", "consent"),
            models.Index(fields=["purpose", "channel", "status", "contact"], name="crm_consent_state_purpose_idx"),
            models.Index(
                fields=["expires_at"],
                condition=Q(status="granted", expires_at__isnull=False),
                name="crm_consent_state_expiry_idx",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} by {self.channel}: {self.status}"
