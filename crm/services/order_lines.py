"""What the lines of an order come to: prices, discounts and totals, worked out before anything is saved."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from core.actors import Actor
from core.errors import FieldError, Forbidden, Invalid
from core.writes.base import Write
from core.writes.many import blanks
from crm.errors import LineReturned
from crm.models import Order, OrderDiscount, OrderLine, Product

CENT = Decimal("0.01")
ZERO = Decimal(0)
_COPIED = ("external_id", "product_id", "description", "quantity", "unit_price", "unit_cost", "is_gift")


@dataclass
class Draft:
    """A line as it will be. `discounts` is None where the present ones stay."""

    line: OrderLine
    is_new: bool
    discounts: list[dict[str, Any]] | None


@dataclass
class Basket:
    """All lines and order-wide discounts as they will be, and the lines that go."""

    drafts: list[Draft] = field(default_factory=list)
    discounts: list[dict[str, Any]] | None = None
    removed: list[OrderLine] = field(default_factory=list)
    subtotal: Decimal = ZERO
    discount_total: Decimal = ZERO
    reimbursed_total: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount_total


def amount_of(line: OrderLine) -> Decimal:
    """The line at list price; the database rounds the same way."""
    return (Decimal(line.quantity) * Decimal(line.unit_price)).quantize(CENT, ROUND_HALF_UP)


def products_for(changes: Sequence[Write[Order]]) -> dict[UUID, Product]:
    """The products that the lines of these orders may name, being live and visible to the writer."""
    wanted = {line["product_id"] for change in changes for line in _lines(change) if line.get("product_id")}
    if not wanted:
        return {}
    rows = Product.objects.visible_to(changes[0].actor).alive().filter(pk__in=wanted)
    return {row.pk: row for row in rows.only("currency", "unit_price", "unit_cost")}


def _lines(change: Write[Order]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] | None = change.values.get("lines")
    return found or []


def basket(
    order: Order, values: Mapping[str, Any], products: Mapping[UUID, Product], *, actor: Actor, created: bool
) -> Basket:
    """Work out the order from the inputs `lines` and `discounts` and from what is there already.

    Raises Invalid with pointers into the input, Forbidden, LineReturned.
    """
    present = {} if created else {line.pk: line for line in OrderLine.objects.alive().filter(order=order)}
    result = Basket(discounts=values.get("discounts"))
    if "lines" in values:
        _read_lines(result, order, values["lines"], present, products, actor)
    else:
        result.drafts = [Draft(line, is_new=False, discounts=None) for line in _by_position(present.values())]
    _add_up(result, order, created)
    return result


def _read_lines(
    result: Basket,
    order: Order,
    inputs: list[dict[str, Any]],
    present: dict[UUID, OrderLine],
    known: Mapping[UUID, Product],
    actor: Actor,
) -> None:
    products = _products(inputs, present, known)
    errors: list[FieldError] = []
    kept: set[UUID] = set()
    # The moment is that of the saving.
    blank = iter(blanks(OrderLine, order.updated_at, sum(not given.get("id") for given in inputs)))
    for index, given in enumerate(inputs):
        pointer = f"/lines/{index}"
        if "unit_cost" in given and not actor.may("order_line", "view_costs"):
            raise Forbidden("You may not write costs.", entity="order_line", action="view_costs")
        line_id = given.get("id")
        line = present.get(line_id) if line_id else next(blank)
        if line is None or line_id in kept:
            errors.append(FieldError(f"{pointer}/id", "not_found", "The order has no such line, or it is named twice."))
            continue
        if line_id:
            kept.add(line_id)
        else:
            line.order = order
        _fill(line, given, order, products, pointer, errors)
        line.position = index + 1
        result.drafts.append(Draft(line, is_new=line_id is None, discounts=_discounts(given, is_new=line_id is None)))
    if errors:
        raise Invalid(errors)
    result.removed = [line for key, line in present.items() if key not in kept]
    for line in result.removed:
        if line.returned_quantity:
            raise LineReturned(line_id=str(line.pk))


def _discounts(given: Mapping[str, Any], *, is_new: bool) -> list[dict[str, Any]] | None:
    found: list[dict[str, Any]] | None = given.get("discounts")
    return found if found is not None or not is_new else []


def _products(
    inputs: list[dict[str, Any]], present: Mapping[UUID, OrderLine], known: Mapping[UUID, Product]
) -> Mapping[UUID, Product]:
    """The products that are named and may be: those that are known, or that are on the order already."""
    wanted = {given["product_id"] for given in inputs if given.get("product_id")}
    there = {line.product_id for line in present.values() if line.product_id} & (wanted - set(known))
    return {**known, **{row.pk: row for row in Product.objects.filter(pk__in=there)}} if there else known


def _fill(
    line: OrderLine,
    given: Mapping[str, Any],
    order: Order,
    products: Mapping[UUID, Product],
    pointer: str,
    errors: list[FieldError],
) -> None:
    """Put the given values on the line, and the product's prices where none are given."""
    for name in _COPIED:
        if name in given and not (name == "unit_price" and given[name] is None):
            setattr(line, name, given[name])
    product = products.get(given["product_id"]) if given.get("product_id") else None
    if given.get("product_id") and product is None:
        errors.append(FieldError(f"{pointer}/product_id", "not_found", "There is no such record."))
        return
    if line.product_id is None and not line.description:
        errors.append(FieldError(f"{pointer}/product_id", "required", "Name a product or describe the line."))
    if product is not None and product.currency == order.currency:
        line.unit_price = _first(line.unit_price, product.unit_price)
        line.unit_cost = line.unit_cost if "unit_cost" in given else _first(line.unit_cost, product.unit_cost)
    if _first(line.unit_price) is None:
        errors.append(FieldError(f"{pointer}/unit_price", "required", "No product gives a price in this currency."))
    if line.quantity < line.returned_quantity:
        raise LineReturned(line_id=str(line.pk))


def _first(*amounts: Any) -> Any:
    return next((amount for amount in amounts if amount is not None), None)


def _add_up(result: Basket, order: Order, created: bool) -> None:
    """Fill in the totals of the lines and of the whole."""
    kept = [draft.line.pk for draft in result.drafts if draft.discounts is None]
    if result.discounts is None and created:
        result.discounts = []
    stored: dict[UUID | None, list[dict[str, Any]]] = {}
    if kept or result.discounts is None:
        rows = OrderDiscount.objects.alive().filter(order=order).values("line_id", "kind", "amount", "is_reimbursed")
        for row in rows:
            stored.setdefault(row["line_id"], []).append(row)
    for index, draft in enumerate(result.drafts):
        line = draft.line
        discounts = stored.get(line.pk, []) if draft.discounts is None else draft.discounts
        line.discount_total, line.reimbursed_total = _sums(discounts, f"/lines/{index}")
        line.total = amount_of(line) - line.discount_total
        if line.total < 0:
            raise Invalid.one(f"/lines/{index}/discounts", "out_of_range", "Discounts are more than the line comes to.")
    borne, reimbursed = _sums(stored.get(None, []) if result.discounts is None else result.discounts, "")
    lines = [draft.line for draft in result.drafts]
    result.subtotal = sum((amount_of(line) for line in lines), ZERO)
    result.discount_total = sum((line.discount_total for line in lines), borne)
    result.reimbursed_total = sum((line.reimbursed_total for line in lines), reimbursed)
    if result.total < 0:
        raise Invalid.one("/discounts", "out_of_range", "Discounts are more than the order comes to.")


def _sums(discounts: Iterable[Mapping[str, Any]], pointer: str) -> tuple[Decimal, Decimal]:
    """What we bear and what somebody else pays us."""
    borne = reimbursed = ZERO
    for index, discount in enumerate(discounts):
        if discount["amount"] <= 0:
            raise Invalid.one(f"{pointer}/discounts/{index}/amount", "out_of_range", "Must be more than 0.")
        if discount.get("is_reimbursed"):
            reimbursed += discount["amount"]
        else:
            borne += discount["amount"]
    return borne, reimbursed


def _by_position(lines: Iterable[OrderLine]) -> list[OrderLine]:
    return sorted(lines, key=lambda line: (line.position, line.pk))
