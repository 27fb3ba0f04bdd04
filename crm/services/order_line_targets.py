"""What a column of a file of order lines can become, and the values of an order by its rows."""

from __future__ import annotations

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
}
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
    return values


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
