"""Which earlier purchase goods came back from."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.imports.plan import Parsed
from crm.errors import ReturnExceedsPurchase
from crm.models import OrderLine, OrderStatus
from crm.services.orders import orders


@dataclass
class _Bought:
    """A line of which some are left to come back."""

    order_id: UUID
    line_id: UUID
    placed_at: datetime
    left: Decimal


class Purchases:
    """Finds the latest purchases of the same product by the same customer, and records returns of them.

    In a dry run nothing stays in the database, so what the file itself sells is counted here, by customer and product.
    """

    def __init__(self, actor: Actor, *, is_dry: bool) -> None:
        self._actor, self._is_dry = actor, is_dry
        self._sold: dict[int, Decimal] = {}
        self._bought: dict[Any, list[_Bought]] = {}

    def note(self, group: Sequence[Parsed]) -> None:
        """These rows are sales."""
        for parsed in group if self._is_dry else ():
            key = hash(_told(parsed))
            self._sold[key] = self._sold.get(key, Decimal(0)) + parsed.values["quantity"]

    def load(self, rows: Sequence[Parsed]) -> None:
        """Read what could have come back, for all of these rows at once."""
        self._bought = {}
        products = {parsed.values.get("product_id") for parsed in rows} - {None}
        lines = OrderLine.objects.alive().visible_to(self._actor).filter(product__in=products)
        lines = lines.filter(order__deleted_at=None).exclude(order__status=OrderStatus.CANCELLED)
        for column in ("contact_id", "company_id"):
            customers = {parsed.values.get(column) for parsed in rows if not _customer(parsed, column)} - {None}
            if not customers:
                continue
            found = lines.filter(**{f"order__{column}__in": customers}).order_by("-placed_at", "-pk")
            names = (f"order__{column}", "product_id", "order_id", "pk", "placed_at", "quantity", "returned_quantity")
            for customer, product, order, line, placed_at, quantity, returned in found.values_list(*names):
                if quantity > returned:
                    bought = _Bought(order, line, placed_at, quantity - returned)
                    self._bought.setdefault((customer, product), []).append(bought)

    def take_back(self, parsed: Parsed, key: str, at: datetime) -> bool:
        """Record the return, from several purchases where one is not enough. False where there are not enough."""
        values = parsed.values
        wanted = -values["quantity"]
        moment = values["placed_at"]
        customer = values.get("contact_id") or values.get("company_id")
        candidates = [
            one
            for one in self._bought.get((customer, values.get("product_id")), ())
            if one.placed_at <= moment and one.left
        ]
        if sum((one.left for one in candidates), Decimal(0)) < wanted:
            return self._is_dry and self._takes_back_dry(parsed, wanted)
        exact = [one for one in candidates if one.left >= wanted][:1] or candidates
        for number, bought in enumerate(exact):
            part = min(bought.left, wanted)
            self._return(bought, part, parsed, key if not number else f"{key}:{number}", at)
            wanted -= part
            if not wanted:
                break
        return True

    def _return(self, bought: _Bought, quantity: Decimal, parsed: Parsed, key: str, at: datetime) -> None:
        price = parsed.values.get("unit_price")
        amount = None if price is None else (quantity * price).quantize(Decimal("0.01"))
        given: dict[str, Any] = {
            "actor": self._actor, "record_id": bought.order_id, "line_id": bought.line_id, "quantity": quantity,
            "returned_at": parsed.values["placed_at"], "reason": parsed.values.get("description"), "at": at,
            "external_id": key,
        }  # fmt: skip
        try:
            orders.return_line(**given, amount=amount)
        except ReturnExceedsPurchase:
            # No more than was paid for it can be given back.
            orders.return_line(**given)
        bought.left -= quantity

    def _takes_back_dry(self, parsed: Parsed, wanted: Decimal) -> bool:
        key = hash(_told(parsed))
        left = self._sold.get(key, Decimal(0))
        if left < wanted:
            return False
        self._sold[key] = left - wanted
        return True


def _customer(parsed: Parsed, column: str) -> bool:
    """Whether the row's customer is another one than this column's: the contact counts before the company."""
    return column == "company_id" and parsed.values.get("contact_id") is not None


def _told(parsed: Parsed) -> tuple[Any, ...]:
    """Customer and product as the file names them: what is made in a dry run has another id each time."""
    related = parsed.related
    customer = [
        related.get(name) for name in ("contact.external_id", "contact.email", "company.external_id", "company.name")
    ]
    product = related.get("product.sku") or related.get("product.external_id") or related.get("product.name")
    return (*customer, product)


def return_keys(rows: Sequence[Parsed]) -> dict[int, str]:
    """Names each return by what its row says, wherever that stands: in the same file again, or in the file of errors.

    Equal rows of one order are counted; they come in one chunk, as all rows of an order do.
    """
    found: dict[int, str] = {}
    count: Counter[str] = Counter()
    for parsed in rows:
        values = parsed.values
        what = values.get("product_id") or values.get("description")
        said = (what, *(values.get(name) for name in ("quantity", "placed_at", "unit_price", "line_total")))
        digest = hashlib.blake2b("\n".join(map(_plain, said)).encode(), digest_size=12).hexdigest()
        name = f"{values['order_number']}:{digest}"
        count[name] += 1
        found[id(parsed)] = name if count[name] == 1 else f"{name}:{count[name]}"
    return found


def _plain(value: Any) -> str:
    """The same for 1 and 1.00."""
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)
