"""Writes of custom field definitions."""

from __future__ import annotations

from core.errors import Invalid
from core.writes.base import Write, Writes
from crm.models import CustomField, CustomFieldType


class CustomFields(Writes[CustomField]):
    """A choice has options, nothing else has."""

    def prepare(self, change: Write[CustomField]) -> None:
        definition = change.record
        if definition.type == CustomFieldType.CHOICE and not definition.choices:
            raise Invalid.one("/choices", "required", "A choice needs its options.")
        if definition.type != CustomFieldType.CHOICE and definition.choices:
            raise Invalid.one("/choices", "not_allowed", "Only a choice has options.")


custom_fields = CustomFields("custom_field")
