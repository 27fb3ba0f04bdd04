"""Pairs of contacts that look like one person, and decisions about them."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q

from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import of_all, through
from crm.models.candidate_triggers import decision_triggers
from crm.models.contact import Contact


class DuplicateVerdict(models.TextChoices):
    NOT_DUPLICATE = "not_duplicate"
    LATER = "later"


class DuplicateDecision(Record):
    """Somebody looked at a pair: two people, or to be looked at later. The pair is not proposed again.

    It stays with the two as they were when it was made: for a contact into which one of them was merged it counts too.
    """

    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="+", db_index=False, help_text="The one with the lesser id."
    )
    other = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="+", db_index=False, help_text="The one with the greater id."
    )
    verdict = models.CharField(max_length=13, choices=DuplicateVerdict, default=DuplicateVerdict.NOT_DUPLICATE)
    until = models.DateTimeField(
        null=True, blank=True, help_text="For `later`: when it is proposed again; null is never."
    )
    by = models.CharField(max_length=254, editable=False, help_text="Who decided.")

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal | None] = Personal(people=("contact_id", "other_id"), remove=True)
    derived: ClassVar[Q | None] = Q()

    class Meta:
        db_table = "crm_duplicate_decision"
        triggers = [*history_triggers("duplicate_decision"), *decision_triggers()]
        constraints = [
            live_unique("crm", "duplicate_decision", "contact", "other"),
            rules.check(
                "duplicate_decision", "in_order", Q(contact__lt=F("other")), "A decision is about two contacts."
            ),
            rules.check(
                "duplicate_decision",
                "until_later",
                Q(until__isnull=True) | Q(verdict="later"),
                "Only what is looked at later has a moment for it.",
            ),
        ]
        indexes = [rules.by("duplicate_decision", "contact"), rules.by("duplicate_decision", "other")]

    def __str__(self) -> str:
        return f"{self.contact_id} and {self.other_id}: {self.verdict}"


class DuplicateCandidate(Record):
    """A pair that the last scan took for one person. Triggers remove it once it is decided, merged or deleted."""

    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="+", db_index=False, help_text="The one with the lesser id."
    )
    other = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="+", db_index=False, help_text="The one with the greater id."
    )
    score = models.DecimalField(
        max_digits=4, decimal_places=3, help_text="How sure it is that they are one person, from 0 to 1."
    )
    reasons = models.JSONField(default=list, help_text="What speaks for it and against it, the most telling first.")
    found_at = models.DateTimeField(help_text="When a scan found it first.")
    scan = models.UUIDField(help_text="The job that found it last.")

    scope: ClassVar[Scope] = of_all(through("contact", Contact.scope), through("other", Contact.scope))
    personal: ClassVar[Personal | None] = Personal(people=("contact_id", "other_id"), remove=True)
    derived: ClassVar[Q | None] = Q()

    class Meta:
        db_table = "crm_duplicate_candidate"
        constraints = [
            models.UniqueConstraint(fields=["contact", "other"], name="crm_duplicate_candidate_uniq"),
            rules.check(
                "duplicate_candidate", "in_order", Q(contact__lt=F("other")), "A candidate is a pair of two contacts."
            ),
        ]
        indexes = [
            rules.by("duplicate_candidate", "other"),
            rules.by("duplicate_candidate", "score"),
            rules.by("duplicate_candidate", "found_at"),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} and {self.other_id}: {self.score}"
