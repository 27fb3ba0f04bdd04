"""What a column of a file of order lines can become, and the values of an order by its rows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from core.imports.mapping.targets import Target
from core.imports.plan import Parsed
from core.registry.fields import Field
from core.registry.types import Code, DateTime, DecimalNumber, Email, FieldType, Id, Text

_MONEY, _PRICE = DecimalNumber(16, 2), DecimalNumber(16, 4)
# Columns of discounts: their kind, and whether somebody else pays them back.
DISCOUNTS = {
    "retail_discount": ("retail", False),
    "coupon_discount": ("coupon", True),
    "coupon_match_discount": ("coupon_match", False),
    "discount": ("other", False),
}
_PLAIN: dict[str, FieldType] = {
    "order_number": Text(max_length=64),
    "placed_at": DateTime(),
    "description": Text(max_length=200),
    "quantity": DecimalNumber(14, 3),
    "unit_price": _PRICE,
    "line_total": _MONEY,
    "currency": Code(max_length=3),
    "location": Text(max_length=64),
    "country": Text(max_length=100),
    **dict.fromkeys(DISCOUNTS, _MONEY),
    "order_discount": _MONEY,
}
# What is said of the order as a whole: many programs say it on the order's first row only, others on each.
OF_THE_ORDER = ("placed_at", "currency", "location", "country", "order_discount")
REQUIRED = ("order_number", "placed_at", "quantity")
RELATED = {
    "contact": ("contact_id", {"external_id": Text(max_length=200), "email": Email()}),
    "company": ("company_id", {"external_id": Text(max_length=200), "name": Text(max_length=200)}),
    "product": (
        "product_id",
        {"external_id": Text(max_length=200), "sku": Text(max_length=100), "name": Text(max_length=200)},
    ),
}


def _targets() -> dict[str, Target]:
    found = {}
    for name, kind in _PLAIN.items():
        field = Field(name, kind, currency="currency" if kind in (_PRICE, _MONEY) else None)
        found[name] = Target(name, name.replace("_", " "), kind, field=field, required=name in REQUIRED)
    for relation, (column, keys) in RELATED.items():
        field = Field(column, Id(), reference=relation)
        for key, kind in keys.items():
            name = f"{relation}.{key}"
            found[name] = Target(
                name, name.replace(".", " ").replace("_", " "), kind, field, None, relation, relation, key
            )
    return found


TARGETS = _targets()
PRICE = Decimal("0.0001")


def order_values(group: list[Parsed]) -> dict[str, Any]:
    """The order's values, as validated input."""
    first = group[0].values
    values: dict[str, Any] = {
        "number": first["order_number"],
        "placed_at": min(parsed.values["placed_at"] for parsed in group),
        "lines": [line_values(parsed) for parsed in group],
    }
    for name in ("contact_id", "company_id", "currency", "location"):
        if first.get(name) is not None:
            values[name] = first[name]
    if first.get("order_discount"):
        values["discounts"] = [{"kind": "other", "amount": abs(first["order_discount"]), "is_reimbursed": False}]
    return values


def complete(group: Sequence[Parsed]) -> None:
    """What only some rows of an order say of it as a whole counts for all of its rows."""
    said: dict[str, Any] = {}
    customer: dict[str, Any] = {}
    for parsed in group:
        for name in OF_THE_ORDER:
            if parsed.values.get(name) is not None:
                said.setdefault(name, parsed.values[name])
        for name, key in parsed.related.items():
            if key is not None and not name.startswith("product."):
                customer.setdefault(name, key)
    for parsed in group:
        for name, value in said.items():
            if parsed.values.get(name) is None:
                parsed.values[name] = value
        if not any(parsed.related.get(name) for name in customer):
            parsed.related = {**parsed.related, **customer}


def line_values(parsed: Parsed) -> dict[str, Any]:
    values = parsed.values
    quantity: Decimal = values["quantity"]
    discounts = [
        {"kind": kind, "amount": abs(values[name]), "is_reimbursed": reimbursed}
        for name, (kind, reimbursed) in DISCOUNTS.items()
        if values.get(name)
    ]
    price = values.get("unit_price")
    if price is None:
        borne = sum((one["amount"] for one in discounts if not one["is_reimbursed"]), Decimal(0))
        price = ((values["line_total"] + borne) / quantity).quantize(PRICE, ROUND_HALF_UP) if quantity else Decimal(0)
    line = {"quantity": quantity, "unit_price": price, "discounts": discounts}
    for name in ("product_id", "description"):
        if values.get(name) is not None:
            line[name] = values[name]
    return line
