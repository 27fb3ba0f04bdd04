"""Ties: what nobody's, or another's, was found to be a contact's, by which evidence, and how to undo that exactly."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.history.triggers import history_triggers
from core.models.record import Personal, Record
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import through
from crm.models.contact import Contact


class TieKind(models.TextChoices):
    """One record, or everything that a visitor did before it was known who they are."""

    EVENT = "event"
    INTERACTION = "interaction"
    ORDER = "order"
    TOUCH = "touch"
    VISITOR = "visitor"


class TieEvidence(models.TextChoices):
    """What tells whose a record is. An e-mail address is `receipt_email` away from screens, `email` elsewhere."""

    LOYALTY_CARD = "loyalty_card"
    COUPON = "coupon"
    EMAIL = "email"
    RECEIPT_EMAIL = "receipt_email"
    PHONE = "phone"
    EXTERNAL_ID = "external_id"
    ORDER_NUMBER = "order_number"
    SAME_DEVICE = "same_device"
    ANONYMOUS_ID = "anonymous_id"
    NAME = "name"
    PLACE = "place"
    COMPANY = "company"
    MANUAL = "manual"


class TieMethod(models.TextChoices):
    AUTOMATIC = "automatic"
    MANUAL = "manual"


def _record(name: str, *, constraint: bool = True, text: str) -> Any:
    return models.ForeignKey(
        f"crm.{name.capitalize()}",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        db_constraint=constraint,
        help_text=text,
    )


def _is_of(kind: str) -> Q:
    """It names the record of its kind, and no other."""
    names = ("event", "interaction", "order", "touch")
    return Q(kind=kind, **{f"{name}__isnull": name != kind for name in names})


def _of(field: str) -> models.Index:
    condition = Q(**{f"{field}__isnull": False})
    return models.Index(fields=[field, "id"], condition=condition, name=f"crm_tie_by_{field}")


class Tie(Record):
    """A record of which `contact` became the contact by evidence, where before it was `previous_contact` or nobody.

    One of kind `visitor` is of many records at once; which they were is kept beside it (`TieRows`).
    """

    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="ties", db_index=False, help_text="To whom it was tied."
    )
    previous_contact = models.ForeignKey(
        "crm.Contact",
        models.CASCADE,
        null=True,
        blank=True,
        related_name="+",
        db_index=False,
        help_text="Whose it was before; null for nobody's.",
    )
    kind = models.CharField(max_length=11, choices=TieKind, help_text="What was tied.")
    # Events lie in partitions, which nothing refers to in the database.
    event = _record("event", constraint=False, text="The event that was tied.")
    interaction = _record("interaction", text="The interaction that was tied.")
    order = _record("order", text="The order that was tied.")
    touch = _record("touch", text="The touch that was tied.")
    counts = models.JSONField(default=dict, blank=True, help_text="Of a visitor: how many records, by kind of record.")
    # What a first touch among it filled in of the contact, by column; emptied again with the untying.
    filled = models.JSONField(default=dict, blank=True, editable=False)
    evidence = models.CharField(max_length=13, choices=TieEvidence, help_text="What told that it is theirs.")
    details = models.JSONField(default=dict, blank=True, help_text="More of the evidence, such as a receipt's number.")
    confidence = models.DecimalField(
        max_digits=4, decimal_places=3, default=Decimal(1), help_text="How sure it is theirs, from 0 to 1."
    )
    method = models.CharField(max_length=9, choices=TieMethod, help_text="Whether somebody said so, or we found out.")
    matched_event = _record("event", constraint=False, text="The online event that it was matched with.")
    matched_order = _record("order", text="The order that it was matched with.")
    at = models.DateTimeField(help_text="When it was tied.")
    by = models.CharField(max_length=254, help_text="Who or what tied it.")
    untied_at = models.DateTimeField(null=True, blank=True, help_text="When it was untied.")
    untied_by = models.CharField(max_length=254, null=True, blank=True, help_text="Who or what untied it.")

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal | None] = Personal(people=("contact_id", "previous_contact_id"), columns=("details",))

    class Meta:
        db_table = "crm_tie"
        # As many may come as events: a tie is its own record of having come.
        triggers = history_triggers("tie")[1:]
        constraints = [
            rules.check(
                "tie",
                "one_record",
                _is_of("event") | _is_of("interaction") | _is_of("order") | _is_of("touch") | _is_of("visitor"),
                "A tie is of one record, or of what a visitor did.",
            ),
            rules.check("tie", "confidence_share", Q(confidence__range=(0, 1)), "Confidence must be from 0 to 1."),
            rules.check(
                "tie",
                "untied_by_somebody",
                Q(untied_at__isnull=True, untied_by__isnull=True) | Q(untied_at__isnull=False, untied_by__isnull=False),
                "What was untied was untied by somebody, at a moment.",
            ),
        ]
        indexes = [
            rules.by("tie", "contact"),
            rules.by("tie", "at"),
            rules.by("tie", "evidence"),
            _of("event"),
            _of("interaction"),
            _of("order"),
            _of("touch"),
            _of("matched_event"),
            _of("matched_order"),
            _of("previous_contact"),
            _of("untied_at"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.contact_id} by {self.evidence}"


class TieRows(models.Model):
    """Rows of one table that a tie of a visitor gave to its contact."""

    id = models.BigAutoField(primary_key=True)
    tie = models.ForeignKey("crm.Tie", models.CASCADE, related_name="rows", db_index=False)
    model = models.CharField(max_length=100)
    ids = ArrayField(models.UUIDField())

    class Meta:
        db_table = "crm_tie_rows"
        indexes = [models.Index(fields=["tie", "model"], name="crm_tie_rows_tie_idx")]
