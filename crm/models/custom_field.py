"""Custom fields: what an organisation adds to a kind of record."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from crm.models import rules


class CustomFieldType(models.TextChoices):
    TEXT = "text"
    NUMBER = "number"
    MONEY = "money"
    DATE = "date"
    CHOICE = "choice"
    MULTI_CHOICE = "multi_choice"
    BOOLEAN = "boolean"
    REFERENCE = "reference"
    URL = "url"


WITH_CHOICES = (CustomFieldType.CHOICE, CustomFieldType.MULTI_CHOICE)
WITH_BOUNDS = (CustomFieldType.NUMBER, CustomFieldType.MONEY)
# Whose values fill an entry of an index: one entry holds 2,704 bytes, and a character has up to four.
WITH_LENGTH = (CustomFieldType.TEXT, CustomFieldType.URL)
LONGEST, LONGEST_INDEXED = 2000, 500


class CustomField(Record):
    """A field that an organisation adds to a kind of record; values live in the records' `custom`, by `key`."""

    entity = models.CharField(max_length=63, help_text="The kind of record.")
    key = models.CharField(max_length=63, help_text="Name in `custom` and in criteria: lower-case letters, digits, _.")
    label = models.CharField(max_length=100, help_text="Name shown to people.")
    description = models.CharField(max_length=500, null=True, blank=True, help_text="What it means, for people.")
    type = models.CharField(max_length=12, choices=CustomFieldType)
    choices = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text="For choices: the options, in their order."
    )
    target = models.CharField(
        max_length=63, null=True, blank=True, help_text="For references: the kind of record pointed at."
    )
    currency = models.CharField(
        max_length=3, null=True, blank=True, help_text="For money: the one currency that is allowed; any if empty."
    )
    minimum = models.DecimalField(
        max_digits=30, decimal_places=15, null=True, blank=True, help_text="For numbers and money: the least value."
    )
    maximum = models.DecimalField(
        max_digits=30, decimal_places=15, null=True, blank=True, help_text="For numbers and money: the largest value."
    )
    max_length = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="For text and addresses: the most characters; 2000 if empty, 500 where indexed.",
    )
    required = models.BooleanField(default=False, help_text="Whether new records must have a value.")
    default = models.JSONField(null=True, blank=True, help_text="The value of new records that are given none.")
    position = models.PositiveSmallIntegerField(default=0, help_text="Order on forms; ties by key.")
    indexed = models.BooleanField(
        default=False, help_text="Whether lists of millions are filtered and sorted by it: an index is kept for it."
    )
    indexed_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text="Since when its index is in use; null while there is none."
    )

    class Meta:
        db_table = "crm_custom_field"
        triggers = history_triggers("custom_field")
        constraints = [
            live_unique("crm", "custom_field", "external_id"),
            live_unique("crm", "custom_field", "entity", "key"),
            models.CheckConstraint(
                condition=Q(key__regex=r"^[a-z][a-z0-9_]{0,62}$"),
                name="crm_custom_field_key_shape",
                violation_error_message="The key must consist of lower-case letters, digits and _.",
            ),
            models.CheckConstraint(
                condition=(Q(type__in=WITH_CHOICES) & ~Q(choices=[])) | (~Q(type__in=WITH_CHOICES) & Q(choices=[])),
                name="crm_custom_field_choices_of_choice",
                violation_error_message="A choice needs its options, and no other type has any.",
            ),
            rules.check(
                "custom_field",
                "target_of_reference",
                Q(type="reference", target__isnull=False) | (~Q(type="reference") & Q(target__isnull=True)),
                "A reference needs its target, and no other type has one.",
            ),
            rules.check(
                "custom_field",
                "bounds_in_order",
                Q(minimum__isnull=True) | Q(maximum__isnull=True) | Q(minimum__lte=F("maximum")),
                "The least value must not be above the largest.",
            ),
        ]
        indexes = [rules.deleted("custom_field")]

    def __str__(self) -> str:
        return self.label
