"""What the templates of the admin need."""

from __future__ import annotations

from collections.abc import Mapping
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
def as_table(chart: Mapping[str, Any]) -> dict[str, list[Any]]:
    """Whatever a chart shows as a table: its column titles, and rows of a title and values."""
    kind = chart["kind"]
    if kind == "heatmap":
        values = {(column, row): value for column, row, value in chart["cells"]}
        columns = range(len(chart["labels"]))
        rows = [
            (name, [amount(values.get((column, row))) for column in columns]) for row, name in enumerate(chart["rows"])
        ]
        return {"titles": chart["labels"], "rows": rows}
    if kind == "sankey":
        titles = {node["name"]: node.get("title") or node["name"] for node in chart["nodes"]}
        flows = [(titles[link["source"]], [titles[link["target"]], amount(link["value"])]) for link in chart["links"]]
        return {"titles": ["To", "Number"], "rows": flows}
    if kind == "curve":
        points = [(line["name"], [amount(x), amount(y)]) for line in chart["series"] for x, y in line["points"]]
        return {"titles": [chart["x"]["name"], chart["y"]["name"]], "rows": points}
    rows = [
        (label, [amount(series["values"][place]) for series in chart["series"]])
        for place, label in enumerate(chart["labels"])
    ]
    return {"titles": [series["name"] for series in chart["series"]], "rows": rows}


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
    return (timezone.localtime(found) if found.tzinfo else found).strftime("%Y-%m-%d %H:%M")


@register.filter
def plain(value: Any) -> str:
    """A value of an answer or of a change, as people read it."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, Mapping):
        return ", ".join(f"{words(name)}: {plain(item)}" for name, item in value.items()) or NOTHING
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value) or NOTHING
    if isinstance(value, str) and len(value) >= len("2026-01-01T00:00") and value[4:5] == "-" and value[10:11] in "T ":
        return moment(value) if parse_datetime(value) else value
    return str(value)


@register.filter
def value_of(values: Mapping[str, Any] | None, name: str) -> Any:
    """A value by its name, where there is one."""
    return (values or {}).get(name)


@register.filter
def words(value: Any) -> str:
    """A name of the schemas as people read it: `sales_qualified`, `company_id`."""
    text = str(value).removesuffix("_id").replace("_", " ").strip()
    return text[:1].upper() + text[1:]
