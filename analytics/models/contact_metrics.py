"""The computed profile of a contact."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models

from core.actors import Actor
from core.models.record import Personal, Record, RecordQuerySet
from core.models.scope import Scope

MONEY: dict[str, Any] = {"max_digits": 18, "decimal_places": 2}


class FirstOrderBand(models.TextChoices):
    UNDER = "under"
    OVER = "over"


class ContactMetricsQuerySet(RecordQuerySet):
    """Metrics are seen by whoever sees the contact."""

    def visible_to(self, actor: Actor, action: str = "view") -> Self:
        # A contact that was deleted after the last computation still has its row.
        return super().visible_to(actor, action).filter(contact__deleted_at__isnull=True)


class ContactMetrics(Record):
    """One row per contact, written by the recomputation only; its id is the contact's."""

    contact = models.OneToOneField(
        "crm.Contact", models.CASCADE, related_name="+", help_text="The contact that these are the metrics of."
    )
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
    as_of = models.DateTimeField(help_text="The moment these values look back from.")
    computed_at = models.DateTimeField(
        help_text="When these values were computed; a later computation that found the same left them."
    )
    definition_version = models.CharField(max_length=64, help_text="Digest of the definition that made them.")
    window = models.CharField(max_length=100, help_text="Which orders they look at.")

    objects = ContactMetricsQuerySet.as_manager()  # type: ignore[misc]
    scope: ClassVar[Scope] = Scope(
        owner=("contact__owner_id",), team=("contact__team_id",), partner=("contact__partner_id",)
    )
    derived: ClassVar[models.Q | None] = models.Q()
    personal: ClassVar[Personal] = Personal(people=("contact_id",))

    class Meta:
        db_table = "analytics_contact_metrics"
        verbose_name_plural = "contact metrics"
        indexes = [
            models.Index(fields=["recency_days", "id"], name="analytics_cm_recency_idx"),
            models.Index(fields=["frequency", "id"], name="analytics_cm_frequency_idx"),
            models.Index(fields=["monetary", "id"], name="analytics_cm_monetary_idx"),
            models.Index(fields=["rfm_segment", "id"], name="analytics_cm_segment_idx"),
        ]

    def __str__(self) -> str:
        return f"Metrics of {self.contact_id}"
