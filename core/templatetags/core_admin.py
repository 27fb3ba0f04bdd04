"""What the templates of the admin need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson
from django import template
from django.utils import timezone
from django.utils.dateparse import parse_datetime

register = template.Library()

NOTHING = "\N{EN DASH}"


@register.filter
def as_json(value: Any) -> str:
    """For a data attribute; the template escapes it."""
    return orjson.dumps(value, default=str).decode()


@register.filter
def as_rows(chart: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """A chart as the rows of a table."""
    for place, label in enumerate(chart["labels"]):
        yield {"label": label, "values": [amount(series["values"][place]) for series in chart["series"]]}


@register.filter
def amount(value: Any) -> str:
    """A number with its thousands set apart, and no more places than it has."""
    if value is None or value == "":
        return NOTHING
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return str(value)
    return f"{number:,f}" if number.is_finite() else str(value)


@register.filter
def moment(value: Any) -> str:
    """A moment in the present time zone, to the minute."""
    found = parse_datetime(value) if isinstance(value, str) else value
    if not isinstance(found, datetime):
        return str(value or "")
    return timezone.localtime(found).strftime("%Y-%m-%d %H:%M")


@register.filter
def words(value: Any) -> str:
    """A name of the schemas as people read it: `sales_qualified`, `company_id`."""
    text = str(value).removesuffix("_id").replace("_", " ").strip()
    return text[:1].upper() + text[1:]
