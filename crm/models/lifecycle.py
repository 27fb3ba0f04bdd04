"""What happens in people's lives, and the rules by which events move them through the lifecycle."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import through
from crm.models.contact import Contact, LifecycleStage


class LifeEventKind(Record):
    """A kind of event in somebody's life. An organisation edits the list as it likes."""

    key = models.CharField(max_length=63, help_text="By which life events name it.")
    name = models.CharField(max_length=100, help_text="What people call it.")
    description = models.CharField(max_length=500, null=True, blank=True)

    class Meta:
        db_table = "crm_life_event_kind"
        triggers = history_triggers("life_event_kind")
        constraints = [
            live_unique("crm", "life_event_kind", "external_id"),
            live_unique("crm", "life_event_kind", "key"),
        ]
        indexes = [rules.by("life_event_kind", "key"), rules.by("life_event_kind", "name")]

    def __str__(self) -> str:
        return self.name


class LifeEvent(Record):
    """Something in a person's life that changes what they need: a move, a birth, a new job."""

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="life_events", db_index=False)
    kind = models.CharField(max_length=63, help_text="The key of a kind of life event: move, birth, new_job.")
    occurred_on = models.DateField(help_text="The day on which it happened, or will.")
    # What the timeline is ordered by.
    occurred_at = models.GeneratedField(
        expression=Func(
            F("occurred_on"),
            template="(%(expressions)s::timestamp AT TIME ZONE 'UTC')",
            output_field=models.DateTimeField(),
        ),
        output_field=models.DateTimeField(),
        db_persist=True,
    )
    source = models.CharField(max_length=64, null=True, blank=True, help_text="How we know: told, survey, inferred.")
    confidence = models.DecimalField(
        max_digits=3, decimal_places=2, default=Decimal(1), help_text="How sure that is, from 0 to 1."
    )
    note = models.CharField(max_length=1000, null=True, blank=True)

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal | None] = Personal(people=("contact_id",), remove=True)

    class Meta:
        db_table = "crm_life_event"
        triggers = [*history_triggers("life_event"), *fact_triggers("life_events", month_column="occurred_on")]
        constraints = [
            live_unique("crm", "life_event", "external_id"),
            rules.check(
                "life_event",
                "confidence_share",
                models.Q(confidence__gte=0, confidence__lte=1),
                "The confidence must be from 0 to 1.",
            ),
        ]
        indexes = [
            rules.deleted("life_event"),
            models.Index(fields=["contact", "occurred_at", "id"], name="crm_life_event_contact_at_idx"),
            rules.by("life_event", "kind"),
            rules.by("life_event", "occurred_on"),
            rules.by("life_event", "created_at"),
            rules.by("life_event", "updated_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_on:%Y-%m-%d}"


class LifecycleTrigger(models.TextChoices):
    """What sets a lifecycle rule off."""

    EVENT = "event"
    LIFE_EVENT = "life_event"
    ORDER = "order"
    REFERRAL = "referral"
    TOUCH = "touch"


class LifecycleRule(Record):
    """When something of this kind happens to a contact who fits, the contact comes to a stage of the lifecycle."""

    name = models.CharField(max_length=100)
    trigger = models.CharField(
        max_length=10,
        choices=LifecycleTrigger,
        help_text="What happens: an event, a life event, an order, a touch, or a referral of theirs that converted.",
    )
    match = models.CharField(
        max_length=100,
        null=True,
        blank=True,
        help_text="The event's name, the life event's kind, the touch's source; any if not given.",
    )
    order_count = models.PositiveIntegerField(
        null=True, blank=True, help_text="Of orders: which one of the contact's it is, counted from 1."
    )
    criteria = models.JSONField(null=True, blank=True, help_text="Which contacts, in the language of criteria.")
    from_stages = ArrayField(
        models.CharField(max_length=20, choices=LifecycleStage),
        default=list,
        blank=True,
        help_text="The stages in which it applies; all if not given.",
    )
    to_stage = models.CharField(max_length=20, choices=LifecycleStage, help_text="The stage that the contact comes to.")
    forward_only = models.BooleanField(
        default=True, help_text="Whether it leaves those alone who are as far already, or stand outside of the order."
    )
    rank = models.PositiveIntegerField(default=100, help_text="Of several that apply, the one of the lowest rank does.")
    is_active = models.BooleanField(default=True)
    author = models.ForeignKey(
        "accounts.User",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="Who wrote it last: its criteria see what they may see.",
    )
    by_system = models.BooleanField(
        default=False, editable=False, help_text="Whether its criteria are the system's own, which sees everything."
    )

    may_name: ClassVar[tuple[str, ...]] = ("name", "match", "criteria")

    class Meta:
        db_table = "crm_lifecycle_rule"
        triggers = history_triggers("lifecycle_rule")
        constraints = [
            live_unique("crm", "lifecycle_rule", "external_id"),
            live_unique("crm", "lifecycle_rule", "name"),
            rules.at_least("lifecycle_rule", "order_count", 1),
        ]
        indexes = [rules.by("lifecycle_rule", "rank"), rules.by("lifecycle_rule", "name")]

    def __str__(self) -> str:
        return self.name
