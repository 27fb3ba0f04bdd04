"""Forms that write through an entity's services, and show its refusals where they belong."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import models

from core import registry
from core.actors import Actor
from core.admin import custom
from core.errors import DomainError
from core.registry.custom import Definitions
from core.registry.entities import Entity


def entity_of(model: type[models.Model]) -> Entity:
    """The declaration of a model's records."""
    return next(item for item in registry.entities() if item.model is model)


class RecordForm(forms.ModelForm):  # type: ignore[type-arg]
    """`entity`, `actor` and `at` are set on a subclass made for each request (see `RecordAdmin.get_form`).

    The service is called while validating, so that what it refuses is shown on the form like any other error.
    """

    entity: ClassVar[Entity]
    actor: ClassVar[Actor]
    at: ClassVar[datetime]
    definitions: ClassVar[Definitions] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.definitions:
            held = {} if self.is_new else getattr(self.instance, str(self.entity.custom_column)) or {}
            known = self.definitions if self.is_new else _without_defaults(self.definitions)
            self.initial = {**custom.initial_of(known, held), **self.initial}

    def _post_clean(self) -> None:
        """Instead of Django's own checks of the model: the service makes them, for every door alike."""
        if self.errors or not self.has_changed():
            return
        try:
            self.instance = self.write(self._values())
        except DomainError as refusal:
            self._show(refusal)

    @property
    def is_new(self) -> bool:
        """Whether the record is being made."""
        return bool(self.instance._state.adding)

    def write(self, values: dict[str, Any]) -> Any:
        """Call the service; returns the record. For a subclass that calls another verb."""
        writes = self.entity.writes
        if writes is None:
            raise TypeError(f"{self.entity.name} has no writes")
        if self.is_new:
            return writes.create(actor=self.actor, values=values, at=self.at)
        return writes.update(actor=self.actor, record_id=self.instance.pk, values=values, at=self.at)

    def _values(self) -> dict[str, Any]:
        """What was changed, by field name, as an API would get it."""
        values: dict[str, Any] = {}
        columns = {column.name: column for column in self._meta.model._meta.concrete_fields}
        for name in self.changed_data:
            key = custom.key_of(name)
            if key is not None:
                values.setdefault(str(self.entity.custom_column), {})[key] = custom.wire(self.cleaned_data[name])
                continue
            column = columns.get(name)
            key = column.attname if isinstance(column, models.ForeignKey) else name
            value = _wire(self.cleaned_data[name])
            if key == self.entity.custom_column:
                # What was taken out of the JSON is taken out of the record.
                gone = set(getattr(self.instance, name) or ()) - set(value or ())
                value = (value or {}) | dict.fromkeys(gone)
            values[key] = value
        return values

    def _show(self, refusal: DomainError) -> None:
        if not refusal.errors:
            self.add_error(None, refusal.detail)
        for fault in refusal.errors:
            _, name, within, *_ = (*fault.pointer.split("/"), "", "")
            names = (name, name.removesuffix("_id"), f"{custom.PREFIX}{within}")
            place = next((one for one in names if one in self.fields), None)
            label = "" if place else f"{fault.pointer.strip('/')}: " if name else ""
            self.add_error(place or NON_FIELD_ERRORS, f"{label}{fault.message}")

    def save(self, commit: bool = True) -> Any:
        """It is saved already; admin only asks for the record."""
        self.save_m2m = lambda: None  # type: ignore[method-assign]
        return self.instance


def _without_defaults(definitions: Definitions) -> Definitions:
    return {key: replace(item, default=None) for key, item in definitions.items()}


def _wire(value: Any) -> Any:
    match value:
        case models.Model():
            return str(value.pk)
        case models.QuerySet():
            return [str(one.pk) for one in value]
        case datetime() | date():
            return value.isoformat()
        case Decimal() | UUID():
            return str(value)
        case "":
            return None
        case _:
            return value
