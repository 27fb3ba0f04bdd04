"""Identifiers: everything a person is known by, in any system, so that what happens anywhere leads to one contact."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import Case, F, Q, When
from django.db.models.functions import Lower

from core.history.triggers import history_triggers
from core.models.record import Personal, Record
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import through
from crm.models.contact import Contact

UNIQUE = "crm_identifier_value_live_uniq"


class IdentifierKind(models.TextChoices):
    """Each belongs to one person, but for phones, which households and switchboards share."""

    EMAIL = "email"
    PHONE = "phone"
    ANONYMOUS_ID = "anonymous_id"
    EXTERNAL_ID = "external_id"


class Identifier(Record):
    """One value that leads to a contact. Those with `is_primary` mirror the contact's own columns.

    An e-mail address is in lower case, a phone in E.164. `system` names whose external id it is; it is empty for the
    contact's own `external_id` and for every other kind.
    """

    # Triggers of the contact make and remove its identifiers; a check of each row would double what an import costs.
    contact = models.ForeignKey(
        "crm.Contact",
        models.CASCADE,
        related_name="identifiers",
        db_index=False,
        db_constraint=False,
        help_text="Whose it is.",
    )
    kind = models.CharField(max_length=12, choices=IdentifierKind)
    system = models.CharField(
        max_length=64, default="", blank=True, help_text="For external ids: whose, such as shopify or till."
    )
    value = models.CharField(max_length=254)
    confidence = models.DecimalField(
        max_digits=4, decimal_places=3, default=Decimal(1), help_text="How sure it is theirs, from 0 to 1."
    )
    evidence = models.JSONField(default=dict, blank=True, help_text="What tells that it is theirs.")
    first_seen_at = models.DateTimeField(help_text="When it was first seen with this contact.")
    last_seen_at = models.DateTimeField(help_text="When it was last seen with this contact.")
    is_primary = models.BooleanField(
        default=False, help_text="Whether it is the contact's own email, phone or external_id."
    )

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal | None] = Personal(people=("contact_id",), remove=True)
    derived: ClassVar[Q | None] = Q(is_primary=True)

    class Meta:
        db_table = "crm_identifier"
        # The contact's history tells of its own columns.
        triggers = history_triggers("identifier", only="NOT <row>.is_primary")
        constraints = [
            # One index for uniqueness and look-ups: a phone differs from all others by its id.
            models.UniqueConstraint(
                F("value"),
                F("kind"),
                F("system"),
                Case(When(kind=IdentifierKind.PHONE, then=F("id"))),
                condition=Q(deleted_at__isnull=True),
                nulls_distinct=False,
                name=UNIQUE,
            ),
            rules.check(
                "identifier",
                "system_of_external",
                Q(kind="external_id") | Q(system=""),
                "Only external ids have a system.",
            ),
            rules.check(
                "identifier",
                "email_lower",
                ~Q(kind="email") | Q(value=Lower("value")),
                "An e-mail address must be in lower case.",
            ),
            rules.check(
                "identifier", "confidence_share", Q(confidence__range=(0, 1)), "Confidence must be from 0 to 1."
            ),
        ]
        indexes = [
            rules.deleted("identifier"),
            rules.by("identifier", "contact"),
        ]

    def __str__(self) -> str:
        return f"{self.system or self.kind}: {self.value}"
