"""Contacts: people, and how far each has come on the way from stranger to advocate."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Coalesce, Concat, NullIf, Trim

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import Described, Owned, through
from crm.models.candidate_triggers import contact_triggers
from crm.models.mirrors import mirror_triggers


class LifecycleStage(models.TextChoices):
    """The usual terms, in the usual order; `other` stands outside it."""

    SUBSCRIBER = "subscriber"
    LEAD = "lead"
    MARKETING_QUALIFIED = "marketing_qualified"
    SALES_QUALIFIED = "sales_qualified"
    OPPORTUNITY = "opportunity"
    CUSTOMER = "customer"
    EVANGELIST = "evangelist"
    OTHER = "other"


class Contact(Described, Owned):
    """A person. `name` is made by the database: first and last name, else the e-mail address."""

    first_name = models.CharField(max_length=100, null=True, blank=True)
    last_name = models.CharField(max_length=100, null=True, blank=True)
    email = models.EmailField(max_length=254, null=True, blank=True, help_text="In lower case; unique among contacts.")
    name = models.GeneratedField(
        expression=Coalesce(NullIf(Trim(Concat(F("first_name"), Value(" "), F("last_name"))), Value("")), F("email")),
        output_field=models.CharField(max_length=254, null=True),
        db_persist=True,
    )
    phone = models.CharField(max_length=32, null=True, blank=True)
    job_title = models.CharField(max_length=150, null=True, blank=True)
    company = models.ForeignKey(
        "crm.Company",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        db_index=False,
        help_text="Where they work.",
    )
    lifecycle_stage = models.CharField(max_length=20, choices=LifecycleStage, default=LifecycleStage.LEAD)
    source = models.CharField(
        max_length=64, null=True, blank=True, help_text="Where they came from: web, store, referral."
    )
    source_detail = models.CharField(max_length=200, null=True, blank=True, help_text="The campaign, page or person.")
    region = models.CharField(max_length=100, null=True, blank=True)
    country = models.CharField(max_length=2, null=True, blank=True, help_text="ISO 3166 code.")
    city = models.CharField(max_length=100, null=True, blank=True)
    birth_date = models.DateField(null=True, blank=True)
    merged_into = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        db_index=False,
        help_text="The contact that it was merged into; it counts as deleted then.",
    )

    # Kept by the triggers of touches.
    acquisition_touch_id = models.UUIDField(null=True, editable=False, help_text="The earliest touch.")
    acquisition_at = models.DateTimeField(null=True, editable=False, help_text="When that was.")
    acquisition_source = models.CharField(max_length=64, null=True, editable=False, help_text="Its source.")
    acquisition_medium = models.CharField(max_length=64, null=True, editable=False, help_text="Its medium.")
    acquisition_campaign = models.CharField(max_length=100, null=True, editable=False, help_text="Its campaign.")

    erased_at = models.DateTimeField(null=True, blank=True, editable=False, help_text="When the data was erased.")
    legal_hold = models.BooleanField(default=False, editable=False, help_text="Whether the data must be kept for now.")
    legal_hold_reason = models.CharField(max_length=500, null=True, blank=True, editable=False)

    personal: ClassVar[Personal] = Personal(
        people=("id",),
        columns=(
            "first_name", "last_name", "email", "phone", "job_title", "company_id", "source_detail", "city",
            "birth_date", "tags", "custom", "external_id", "legal_hold_reason",
        ),
        erased="erased_at",
    )  # fmt: skip

    class Meta:
        db_table = "crm_contact"
        triggers = [*history_triggers("contact"), *fact_triggers("contacts"), *mirror_triggers(), *contact_triggers()]
        constraints = [
            live_unique("crm", "contact", "external_id"),
            live_unique("crm", "contact", "email"),
            rules.lower_case("contact", "email"),
            rules.check(
                "contact",
                "merged_is_deleted",
                Q(merged_into__isnull=True) | (Q(deleted_at__isnull=False) & ~Q(merged_into=F("id"))),
                "A contact that was merged into another comes back by undoing the merge.",
            ),
            rules.check(
                "contact",
                "hold_has_reason",
                Q(legal_hold=False) | Q(legal_hold_reason__isnull=False, erased_at__isnull=True),
                "A legal hold has a reason, and holds what was not erased.",
            ),
        ]
        indexes = [
            rules.deleted("contact"),
            rules.by("contact", "owner"),
            rules.by("contact", "team"),
            rules.by("contact", "partner"),
            rules.by("contact", "company"),
            rules.by("contact", "lifecycle_stage"),
            rules.by("contact", "source"),
            rules.by("contact", "region"),
            rules.by("contact", "country"),
            rules.by("contact", "phone"),
            rules.by("contact", "name"),
            rules.by("contact", "email"),
            rules.by("contact", "birth_date"),
            models.Index(
                Func(F("email"), Value("@"), Value(1), function="split_part"),
                condition=Q(email__isnull=False),
                name="crm_contact_email_local",
            ),
            rules.by("contact", "created_at"),
            rules.by("contact", "updated_at"),
            rules.by("contact", "acquisition_source"),
            rules.by("contact", "acquisition_campaign"),
            rules.contains("contact", "name"),
            rules.contains("contact", "email"),
            models.Index(fields=["id"], condition=Q(erased_at__isnull=False), name="crm_contact_erased"),
            models.Index(fields=["id"], condition=Q(legal_hold=True), name="crm_contact_held"),
            models.Index(
                fields=["merged_into"], condition=Q(merged_into__isnull=False), name="crm_contact_merged_into"
            ),
            rules.members("contact", "tags"),
            rules.values("contact", "custom"),
        ]

    def __str__(self) -> str:
        return self.name or str(self.pk)


class LifecycleChange(Record):
    """A contact's step from one lifecycle stage to another; the first has no `from_stage`."""

    # Written with the contact's own row, whose lock is held: a check of each would cost an import a tenth of its time.
    contact = models.ForeignKey(
        "crm.Contact", models.CASCADE, related_name="lifecycle_changes", db_index=False, db_constraint=False
    )
    from_stage = models.CharField(max_length=20, choices=LifecycleStage, null=True)
    to_stage = models.CharField(max_length=20, choices=LifecycleStage)
    at = models.DateTimeField(help_text="When it happened.")
    by = models.CharField(max_length=254, help_text="Who or what made the change.")

    scope: ClassVar[Scope] = through("contact", Contact.scope)
    personal: ClassVar[Personal] = Personal(people=("contact_id",))

    class Meta:
        db_table = "crm_lifecycle_change"
        triggers = [*history_triggers("lifecycle_change"), *fact_triggers("lifecycle_changes", month_column="at")]
        indexes = [rules.by("lifecycle_change", "contact", "at")]
