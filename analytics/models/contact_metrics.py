"""The computed profile of a contact."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from analytics.models.computed import Computed, stored_triggers
from analytics.models.profile import Behaviour, Investment, Lifetime, Profitability, Purchases, Standing
from core.actors import Actor
from core.models.record import Personal, Record, RecordQuerySet
from core.models.scope import Scope


class ContactMetricsQuerySet(RecordQuerySet):
    """Metrics are seen by whoever sees the contact."""

    def visible_to(self, actor: Actor, action: str = "view") -> Self:
        # A contact that was deleted after the last computation still has its row.
        return super().visible_to(actor, action).filter(contact__deleted_at__isnull=True)


class ContactMetrics(Purchases, Behaviour, Standing, Lifetime, Profitability, Investment, Computed, Record):
    """One row per contact, written by the recomputation only; its id is the contact's.

    What is computed are the fields of the themes in `analytics.models.profile`; each is a column of the step
    `customer_profiles`.
    """

    contact = models.OneToOneField(
        "crm.Contact", models.CASCADE, related_name="+", help_text="The contact that these are the metrics of."
    )

    objects = ContactMetricsQuerySet.as_manager()  # type: ignore[misc]
    scope: ClassVar[Scope] = Scope(
        owner=("contact__owner_id",), team=("contact__team_id",), partner=("contact__partner_id",)
    )
    derived: ClassVar[models.Q | None] = models.Q()
    personal: ClassVar[Personal] = Personal(people=("contact_id",))

    class Meta:
        db_table = "analytics_contact_metrics"
        verbose_name_plural = "contact metrics"
        triggers = stored_triggers("analytics_contact_metrics")
        indexes = [
            models.Index(fields=["recency_days", "id"], name="analytics_cm_recency_idx"),
            models.Index(fields=["frequency", "id"], name="analytics_cm_frequency_idx"),
            models.Index(fields=["monetary", "id"], name="analytics_cm_monetary_idx"),
            models.Index(fields=["profit", "id"], name="analytics_cm_profit_idx"),
            models.Index(
                fields=["profit_finding", "id"],
                condition=models.Q(profit_finding__isnull=False),
                name="analytics_cm_finding_idx",
            ),
            models.Index(fields=["rfm_segment", "id"], name="analytics_cm_segment_idx"),
            models.Index(fields=["rhythm_state", "id"], name="analytics_cm_rhythm_idx"),
            models.Index(fields=["lifetime_value", "id"], name="analytics_cm_value_idx"),
        ]

    def __str__(self) -> str:
        return f"Metrics of {self.contact_id}"
