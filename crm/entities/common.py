"""Fields and relations that many entities share, declared once."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models

from core.models.record import Record
from core.registry.derive import field
from core.registry.fields import Field, Relation, one
from core.registry.types import Boolean, Code, DateTime, DecimalNumber, Id, Integer, Phone, Text
from crm.selectors import custom_fields
from crm.selectors.custom_fields import DEFINITIONS

READ_ONLY: dict[str, Any] = {"writable": False, "required": False}
CLOSED: frozenset[str] = frozenset()


def record_fields(model: type[Record], *, external: bool = True) -> tuple[Field, ...]:
    """What every record has."""
    fields = (
        field(
            model,
            "id",
            nullable=False,
            sortable=True,
            doc="Assigned by the system; later ids are greater.",
            **READ_ONLY,
        ),
        field(model, "created_at", sortable=True, groupable=True, doc="When it was entered.", **READ_ONLY),
        field(model, "updated_at", sortable=True, groupable=True, doc="When it last changed.", **READ_ONLY),
        field(model, "version", doc="Grows with every change; the record's ETag.", **READ_ONLY),
        field(model, "deleted_at", doc="When it was deleted; null where it was not.", **READ_ONLY),
    )
    return (fields[0], field(model, "external_id"), *fields[1:]) if external else fields


def reference(model: type[Record], name: str, target: str, **options: Any) -> Field:
    """A foreign key, shown and written as the other's id."""
    return field(model, name, reference=target, groupable=True, **options)


def owned_fields(model: type[Record]) -> tuple[Field, ...]:
    return (
        reference(model, "owner_id", "user"),
        reference(model, "team_id", "team"),
        reference(model, "partner_id", "partner_organisation"),
    )


OWNED_RELATIONS: tuple[Relation, ...] = (
    one("owner", "user", doc="The user who looks after it."),
    one("team", "team", doc="The team that looks after it."),
    one("partner", "partner_organisation", doc="The partner organisation that brought or serves it."),
)


CUSTOM: dict[str, Any] = {"custom_column": "custom", "custom_fields": DEFINITIONS}


def custom_field(model: type[Record]) -> Field:
    """The values of custom fields; with `**CUSTOM` the entity has such fields."""
    shown_as = custom_fields.shown(model.entity_name())
    return field(
        model, "custom", filterable=False, sql=shown_as, doc="Values of custom fields, by key; null removes one."
    )


def described_fields(model: type[Record]) -> tuple[Field, ...]:
    return (field(model, "tags", groupable=False), custom_field(model))


def amount(model: type[models.Model], name: str, **options: Any) -> Field:
    """A decimal that is never negative: a quantity, minutes."""
    column = model._meta.get_field(name)
    digits, places = getattr(column, "max_digits", 16), getattr(column, "decimal_places", 2)
    kind = DecimalNumber(max_digits=digits, places=places, minimum=Decimal(0))
    return field(model, name, **({"type": kind} | options))


def money(model: type[models.Model], name: str, *, currency: str = "currency", **options: Any) -> Field:
    """An amount of money; `currency` leads to the field that says of which."""
    return amount(model, name, currency=currency, **options)


def currency(model: type[models.Model], **options: Any) -> Field:
    return field(model, "currency", type=Code(max_length=3), groupable=True, **options)


def country(model: type[models.Model]) -> Field:
    return field(model, "country", type=Code(max_length=2), groupable=True)


def phone(model: type[models.Model]) -> Field:
    return field(model, "phone", type=Phone())


def parameter(name: str, kind: Any, doc: str, **options: Any) -> Field:
    """An input that no column stores: a parameter of an operation, or a part that a service consumes."""
    shown = {"stored": False, "readable": False, "filterable": False}
    return Field(name=name, type=kind, doc=doc, **(shown | options))


MOMENT = DateTime()
FLAG = Boolean()
IDENTIFIER = Id()
WHOLE = Integer()


def text(length: int) -> Text:
    return Text(max_length=length)
