"""Definitions made by the service, as SYSTEM."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from core.actors import SYSTEM
from crm.models import CustomField
from crm.services.custom_fields import custom_fields

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def define(key: str, kind: str, *, entity: str = "contact", **values: Any) -> CustomField:
    """A field of contacts, or of another entity."""
    given = {"entity": entity, "key": key, "label": key.capitalize(), "type": kind, **values}
    return custom_fields.create(actor=SYSTEM, values=given, at=AT)


def every_type() -> None:
    """A field of each type, on contacts."""
    define("note", "text")
    define("score", "number")
    define("budget", "money")
    define("seen", "date")
    define("tier", "choice", choices=["bronze", "gold"])
    define("tags_of", "multi_choice", choices=["tea", "wine", "beer"])
    define("active", "boolean")
    define("employer", "reference", target="company")
    define("site", "url")
