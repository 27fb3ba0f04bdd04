"""Deals: pipelines, their stages, the deals that move through them, and every move."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import MONEY, Described, Owned, through


class StageKind(models.TextChoices):
    """What being in a stage means; a deal's status is the kind of its stage."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"


class Pipeline(Record):
    """A way of selling: a sequence of stages."""

    name = models.CharField(max_length=100)
    is_default = models.BooleanField(default=False, help_text="Whether new deals go here when no pipeline is named.")

    class Meta:
        db_table = "crm_pipeline"
        triggers = [*history_triggers("pipeline"), *fact_triggers("pipelines")]
        constraints = [
            live_unique("crm", "pipeline", "external_id"),
            live_unique("crm", "pipeline", "name"),
            models.UniqueConstraint(
                fields=["is_default"],
                condition=Q(is_default=True, deleted_at__isnull=True),
                name="crm_pipeline_one_default",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Stage(Record):
    """A step of a pipeline; `rank` orders them."""

    pipeline = models.ForeignKey("crm.Pipeline", models.CASCADE, related_name="stages", db_index=False)
    name = models.CharField(max_length=100)
    rank = models.PositiveSmallIntegerField(help_text="Order within the pipeline, from 1.")
    probability = models.PositiveSmallIntegerField(
        default=0, help_text="How likely a deal here is to be won, in percent."
    )
    kind = models.CharField(max_length=4, choices=StageKind, default=StageKind.OPEN)

    class Meta:
        db_table = "crm_stage"
        triggers = [*history_triggers("stage"), *fact_triggers("stages")]
        constraints = [
            live_unique("crm", "stage", "external_id"),
            live_unique("crm", "stage", "pipeline", "name"),
            live_unique("crm", "stage", "pipeline", "rank"),
            models.CheckConstraint(
                condition=Q(probability__lte=100),
                name="crm_stage_probability_percent",
                violation_error_message="Probability must be at most 100.",
            ),
        ]
        indexes = [rules.by("stage", "pipeline")]

    def __str__(self) -> str:
        return self.name


class Deal(Described, Owned):
    """A sale that is being worked on, was won or was lost."""

    name = models.CharField(max_length=200)
    company = models.ForeignKey(
        "crm.Company", models.SET_NULL, null=True, blank=True, related_name="deals", db_index=False
    )
    contact = models.ForeignKey(
        "crm.Contact", models.SET_NULL, null=True, blank=True, related_name="deals", db_index=False
    )
    product = models.ForeignKey(
        "crm.Product", models.SET_NULL, null=True, blank=True, related_name="deals", db_index=False
    )
    pipeline = models.ForeignKey("crm.Pipeline", models.PROTECT, related_name="deals", db_index=False)
    stage = models.ForeignKey("crm.Stage", models.PROTECT, related_name="deals", db_index=False)
    status = models.CharField(
        max_length=4, choices=StageKind, default=StageKind.OPEN, help_text="The kind of its stage."
    )
    amount = models.DecimalField(**MONEY, null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217 code.")
    source = models.CharField(max_length=64, null=True, blank=True, help_text="Where it came from.")
    opened_at = models.DateTimeField(null=True, blank=True, help_text="When work on it began.")
    expected_close_date = models.DateField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it was won or lost.")
    lost_reason = models.CharField(max_length=200, null=True, blank=True)

    personal: ClassVar[Personal] = Personal(
        people=("contact_id",), columns=("name", "lost_reason", "tags", "custom", "external_id")
    )

    class Meta:
        db_table = "crm_deal"
        triggers = [*history_triggers("deal"), *fact_triggers("deals")]
        constraints = [
            live_unique("crm", "deal", "external_id"),
            rules.currency_code("deal"),
            rules.at_least("deal", "amount"),
            models.CheckConstraint(
                condition=(Q(status="open") & Q(closed_at__isnull=True))
                | (~Q(status="open") & Q(closed_at__isnull=False)),
                name="crm_deal_closed_has_moment",
                violation_error_message="A deal has a closing moment when it is won or lost, and only then.",
            ),
            models.CheckConstraint(
                condition=Q(lost_reason__isnull=True) | Q(status="lost"),
                name="crm_deal_reason_of_lost",
                violation_error_message="Only a lost deal has a reason of loss.",
            ),
        ]
        indexes = [
            rules.deleted("deal"),
            rules.by("deal", "owner"),
            rules.by("deal", "team"),
            rules.by("deal", "partner"),
            rules.by("deal", "company"),
            rules.by("deal", "contact"),
            rules.by("deal", "product"),
            rules.by("deal", "pipeline"),
            rules.by("deal", "stage"),
            rules.by("deal", "status"),
            rules.by("deal", "name"),
            rules.by("deal", "amount"),
            rules.by("deal", "opened_at"),
            rules.by("deal", "expected_close_date"),
            rules.by("deal", "closed_at"),
            rules.by("deal", "created_at"),
            rules.by("deal", "updated_at"),
            rules.contains("deal", "name"),
            # What boards and the home page add up, without a look at the table.
            models.Index(
                fields=["stage", "currency"],
                include=["amount", "id", "owner", "team", "partner"],
                condition=Q(status="open", deleted_at__isnull=True),
                name="crm_deal_open_sums",
            ),
            rules.members("deal", "tags"),
            rules.values("deal", "custom"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_closed(self) -> bool:
        return self.status != StageKind.OPEN


class StageChange(Record):
    """A deal's move from one stage to another; the first has no `from_stage`."""

    deal = models.ForeignKey("crm.Deal", models.CASCADE, related_name="stage_changes", db_index=False)
    from_stage = models.ForeignKey("crm.Stage", models.PROTECT, null=True, related_name="+", db_index=False)
    to_stage = models.ForeignKey("crm.Stage", models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=4, choices=StageKind, help_text="What the new stage means.")
    at = models.DateTimeField(help_text="When it happened.")
    by = models.CharField(max_length=254, help_text="Who or what made the change.")

    scope: ClassVar[Scope] = through("deal", Deal.scope)
    personal: ClassVar[Personal] = Personal(people=("deal__contact_id",))

    class Meta:
        db_table = "crm_stage_change"
        triggers = [*history_triggers("stage_change"), *fact_triggers("stage_changes", month_column="at")]
        indexes = [
            rules.by("stage_change", "deal", "at"),
            rules.by("stage_change", "from_stage"),
            rules.by("stage_change", "to_stage"),
        ]
