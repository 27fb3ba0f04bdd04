"""Companies: customers, prospects and their groups."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import live_unique
from crm.models import rules
from crm.models.base import MONEY, Described, Owned


class Company(Described, Owned):
    """An organisation that buys, or might. `parent` makes groups; a group never contains itself."""

    name = models.CharField(max_length=200, help_text="The name it is known by.")
    domain = models.CharField(max_length=253, null=True, blank=True, help_text="Internet domain, in lower case.")
    parent = models.ForeignKey(
        "self",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        db_index=False,
        help_text="The company it belongs to.",
    )
    industry = models.CharField(max_length=100, null=True, blank=True)
    region = models.CharField(max_length=100, null=True, blank=True, help_text="Sales region.")
    country = models.CharField(max_length=2, null=True, blank=True, help_text="ISO 3166 code.")
    phone = models.CharField(max_length=32, null=True, blank=True)
    website = models.URLField(max_length=2000, null=True, blank=True)
    founded_year = models.PositiveSmallIntegerField(null=True, blank=True, help_text="Year it was founded.")
    employees = models.PositiveIntegerField(null=True, blank=True, help_text="Number of people employed.")
    annual_revenue = models.DecimalField(**MONEY, null=True, blank=True)
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217 code of its amounts.")

    class Meta:
        db_table = "crm_company"
        triggers = [*history_triggers("company"), *fact_triggers("companies")]
        verbose_name_plural = "companies"
        constraints = [
            live_unique("crm", "company", "external_id"),
            live_unique("crm", "company", "domain"),
            rules.lower_case("company", "domain"),
            rules.currency_code("company"),
            rules.at_least("company", "annual_revenue"),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="crm_company_not_own_parent",
                violation_error_message="A company cannot be its own parent.",
            ),
        ]
        indexes = [
            rules.deleted("company"),
            rules.by("company", "owner"),
            rules.by("company", "team"),
            rules.by("company", "partner"),
            rules.by("company", "parent"),
            rules.by("company", "industry"),
            rules.by("company", "region"),
            rules.by("company", "country"),
            rules.by("company", "name"),
            rules.by("company", "employees"),
            rules.by("company", "annual_revenue"),
            rules.by("company", "created_at"),
            rules.by("company", "updated_at"),
            rules.contains("company", "name"),
            rules.contains("company", "domain"),
            rules.members("company", "tags"),
            rules.values("company", "custom"),
        ]

    def __str__(self) -> str:
        return self.name
