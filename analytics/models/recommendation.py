"""What to offer a contact next."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models

from analytics.models.computed import Computed, stored_triggers
from core.actors import Actor
from core.models.record import Personal, Record, RecordQuerySet
from core.models.scope import Scope


class RecommendationKind(models.TextChoices):
    """What kind of offer: what was bought before, what was not, or anything at all."""

    REPURCHASE = "repurchase"
    NEW = "new"
    ANYTHING = "anything"


class RecommendationQuerySet(RecordQuerySet):
    """Recommendations are seen by whoever sees the contact."""

    def visible_to(self, actor: Actor, action: str = "view") -> Self:
        """Those for contacts whom the actor sees."""
        return super().visible_to(actor, action).filter(contact__deleted_at__isnull=True)


class Recommendation(Computed, Record):
    """One of up to ten offers to a contact, from best to worst; written by the recomputation only."""

    contact = models.ForeignKey("crm.Contact", models.CASCADE, related_name="+", db_index=False, help_text="To whom.")
    rank = models.IntegerField(help_text="1 is the best.")
    kind = models.CharField(max_length=10, choices=RecommendationKind)
    product = models.ForeignKey(
        "crm.Product", models.CASCADE, null=True, related_name="+", help_text="What; none where anything is offered."
    )
    related_product = models.ForeignKey(
        "crm.Product", models.CASCADE, null=True, related_name="+", help_text="What of the contact's it goes with."
    )
    score = models.FloatField(null=True, help_text="Comparable among those of one kind only; more is better.")
    reason = models.CharField(max_length=300, help_text="Why, in words.")

    objects = RecommendationQuerySet.as_manager()  # type: ignore[misc]
    scope: ClassVar[Scope] = Scope(
        owner=("contact__owner_id",), team=("contact__team_id",), partner=("contact__partner_id",)
    )
    derived: ClassVar[models.Q | None] = models.Q()
    personal: ClassVar[Personal] = Personal(people=("contact_id",), remove=True)

    class Meta:
        db_table = "analytics_recommendation"
        triggers = stored_triggers("analytics_recommendation")
        constraints = [models.UniqueConstraint(fields=["contact", "rank"], name="analytics_recommendation_rank_uniq")]

    def __str__(self) -> str:
        return self.reason
