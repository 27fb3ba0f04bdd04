"""What an organisation defines for itself: tags and custom fields."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from core.history.triggers import history_triggers
from core.models.record import Record, live_unique


class Tag(Record):
    """A word that records are marked with. Records hold its name; renaming the tag renames it there too."""

    name = models.CharField(max_length=64)
    colour = models.CharField(max_length=7, null=True, blank=True, help_text="As #rrggbb.")

    class Meta:
        db_table = "crm_tag"
        triggers = history_triggers("tag")
        constraints = [
            live_unique("crm", "tag", "external_id"),
            live_unique("crm", "tag", "name"),
            models.CheckConstraint(
                condition=Q(colour__regex=r"^#[0-9a-f]{6}$"),
                name="crm_tag_colour_code",
                violation_error_message="The colour must be written #rrggbb.",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CustomFieldType(models.TextChoices):
    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    BOOLEAN = "boolean"
    CHOICE = "choice"


class CustomFieldEntity(models.TextChoices):
    """The kinds of record that can have custom fields."""

    COMPANY = "company"
    CONTACT = "contact"
    DEAL = "deal"
    CASE = "case"


class CustomField(Record):
    """A field that an organisation adds to a kind of record; values live in the records' `custom`, by `key`."""

    entity = models.CharField(max_length=20, choices=CustomFieldEntity, help_text="The kind of record.")
    key = models.CharField(max_length=63, help_text="Name in `custom` and in criteria: lower-case letters, digits, _.")
    label = models.CharField(max_length=100, help_text="Name shown to people.")
    type = models.CharField(max_length=7, choices=CustomFieldType)
    choices = ArrayField(
        models.CharField(max_length=64), default=list, blank=True, help_text="For choices: the options."
    )
    required = models.BooleanField(default=False, help_text="Whether new records must have a value.")

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
                condition=(Q(type="choice") & ~Q(choices=[])) | (~Q(type="choice") & Q(choices=[])),
                name="crm_custom_field_choices_of_choice",
                violation_error_message="A choice needs its options, and no other type has any.",
            ),
        ]

    def __str__(self) -> str:
        return self.label
