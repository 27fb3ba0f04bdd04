"""Writes of orders: with their lines and discounts at once, and returns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Sum

from core import events
from core.actors import Actor
from core.database.copying import copy_records
from core.errors import Conflict, Invalid, NotFound
from core.history.context import acting
from core.personal import erased
from core.writes.base import Write
from crm.errors import LineReturned, ReturnExceedsPurchase
from crm.events import ORDER_CANCELLED, ORDER_PLACED, ORDER_RETURNED
from crm.models import Order, OrderDiscount, OrderLine, OrderReturn, OrderStatus, Product
from crm.services.customers import default_companies, require_customer
from crm.services.described import CustomisedWrites
from crm.services.order_lines import CENT, ZERO, Basket, basket, products_for
from crm.services.order_numbers import next_numbers

# From so many new lines on, COPY is the faster way.
MANY = 100
_TOTALS = ("subtotal", "discount_total", "reimbursed_total", "total")
_LINE_COLUMNS = (
    "external_id", "position", "product_id", "description", "quantity", "unit_price", "unit_cost", "is_gift",
    "discount_total", "reimbursed_total", "total", "version", "updated_at",
)  # fmt: skip


class Orders(CustomisedWrites[Order]):
    """Totals are computed, never taken from the caller; lines are deleted and restored with their order."""

    together = True

    def prepare(self, change: Write[Order]) -> None:
        self.prepare_many([change])

    def prepare_many(self, changes: Sequence[Write[Order]]) -> None:
        super().prepare_many(changes)
        default_companies(changes)
        for change in changes:
            require_customer(change.record)
        nameless = [change.record for change in changes if change.created and not change.record.number]
        for order, number in zip(nameless, next_numbers(len(nameless)), strict=True):
            order.number = number
        products = products_for(changes)
        for change in changes:
            self._prepare(change, products)

    def _prepare(self, change: Write[Order], products: Mapping[UUID, Product]) -> None:
        order, values = change.record, change.values
        if order.gift_recipient_id is not None and not order.is_gift:
            raise Invalid.one("/gift_recipient_id", "not_allowed", "Only a gift has a recipient.")
        if change.created or "lines" in values or "discounts" in values:
            found = basket(order, values, products, actor=change.actor, created=change.created)
            self._take_totals(change, found)
            values["basket"] = found
        expected = values.get("expected_total")
        if expected is not None and expected != order.total:
            message = f"The order comes to {order.total}, not {expected}."
            raise Invalid.one("/expected_total", "total_mismatch", message)

    def saved(self, change: Write[Order]) -> None:
        order = change.record
        if "basket" in change.values:
            _save_baskets([change])
        if "placed_at" in change.before:
            _parts(OrderLine, order, None).update(placed_at=order.placed_at, **_touched(change.at))
        if "deleted_at" in change.before:
            _follow([change])
        if event := _told(change):
            events.publish(event, actor=change.actor, at=change.at)

    def saved_many(self, changes: Sequence[Write[Order]]) -> None:
        new = [change for change in changes if change.created]
        if new:
            _save_baskets(new)
            events.publish(*filter(None, map(_told, new)), actor=new[0].actor, at=new[0].at)
        # Of changes, only deletion and restoration come to the same for many, and bring about nothing else.
        moved = [change for change in changes if set(change.before) == {"deleted_at"} and not change.values]
        alike: dict[tuple[datetime | None, datetime | None], list[Write[Order]]] = {}
        for change in moved:
            alike.setdefault((change.before["deleted_at"], change.record.deleted_at), []).append(change)
        for group in alike.values():
            _follow(group)
        done = {id(change) for change in (*new, *moved)}
        for change in changes:
            if id(change) not in done:
                self.saved(change)

    def return_line(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        line_id: UUID,
        quantity: Decimal,
        amount: Decimal | None = None,
        reason: str | None = None,
        returned_at: datetime | None = None,
        external_id: str | None = None,
    ) -> UUID:
        """Record that goods of a line came back. Raises NotFound (no such line), ReturnExceedsPurchase.

        The reason is words about the person: for one who was erased it is refused (PersonErased).
        """
        actor.require("order", "return")
        if quantity <= 0:
            raise Invalid.one("/quantity", "out_of_range", "Must be more than 0.")
        with transaction.atomic():
            acting(actor, at)
            order = self.lock(actor=actor, record_id=record_id, action="return")
            # The lock on the order keeps its lines too: whoever writes them holds it.
            line = OrderLine.objects.alive().filter(order=order, pk=line_id).first()
            if line is None:
                raise NotFound("The order has no such line.", entity="order_line", id=str(line_id))
            if order.status == OrderStatus.CANCELLED:
                raise Conflict("The order was cancelled.")
            if reason is not None:
                erased.refuse_new(OrderReturn, {"order_id": order.pk})
            moment = _return_moment(order, returned_at, at)
            amount = _refund(order, line, quantity, amount)
            OrderReturn.objects.create(
                order=order,
                line=line,
                quantity=quantity,
                amount=amount,
                reason=reason,
                external_id=external_id,
                at=moment,
                created_at=at,
                updated_at=at,
            )
            line.returned_quantity += quantity
            line.version += 1
            line.updated_at = at
            line.save(update_fields=["returned_quantity", "version", "updated_at"])
            change = Write(actor=actor, at=at, record=order, values={}, created=False)
            change.before["returned_total"] = order.returned_total
            order.returned_total += amount
            self.apply(change, action="return")
            payload = {"id": str(order.pk), "line_id": str(line_id), "quantity": str(quantity), "amount": str(amount)}
            events.publish(events.Event(ORDER_RETURNED, payload), actor=actor, at=at)
        return order.pk

    def _take_totals(self, change: Write[Order], found: Basket) -> None:
        order = change.record
        if found.total < order.returned_total:
            raise LineReturned("More was given back for returns than the order would come to.")
        for name in _TOTALS:
            old, new = getattr(order, name), getattr(found, name)
            if old != new:
                change.before.setdefault(name, old)
                setattr(order, name, new)


def _told(change: Write[Order]) -> events.Event | None:
    """The event beside that of every write."""
    order = change.record
    payload = {"id": str(order.pk), "total": str(order.total), "currency": order.currency}
    if change.created and order.status != OrderStatus.CANCELLED:
        return events.Event(ORDER_PLACED, payload)
    if change.changed("status") and order.status == OrderStatus.CANCELLED:
        return events.Event(ORDER_CANCELLED, payload)
    return None


def _save_baskets(changes: Sequence[Write[Order]]) -> None:
    """Write the lines and discounts of orders, all new ones in one statement each."""
    lines: list[OrderLine] = []
    discounts: list[OrderDiscount] = []
    for change in changes:
        new = _save_basket(change, change.values["basket"], lines)
        discounts += new
    if len(lines) < MANY:
        OrderLine.objects.bulk_create(lines)
        OrderDiscount.objects.bulk_create(discounts)
    else:
        copy_records(OrderLine, lines)
        copy_records(OrderDiscount, discounts)


def _save_basket(change: Write[Order], found: Basket, lines: list[OrderLine]) -> list[OrderDiscount]:
    """Write what changed of old lines; new ones are added to `lines`, and new discounts returned."""
    order, at = change.record, change.at
    kept = []
    for draft in found.drafts:
        draft.line.placed_at, draft.line.updated_at = order.placed_at, at
        if draft.is_new:
            draft.line.created_at = at
            lines.append(draft.line)
        else:
            draft.line.version += 1
            kept.append(draft.line)
    if kept and "lines" in change.values:
        OrderLine.objects.bulk_update(kept, _LINE_COLUMNS)
    removed = [line.pk for line in found.removed]
    replaced = [draft.line.pk for draft in found.drafts if not draft.is_new and draft.discounts is not None] + removed
    if removed:
        OrderLine.objects.filter(pk__in=removed).update(deleted_at=at, **_touched(at))
    if replaced:
        OrderDiscount.objects.alive().filter(line__in=replaced).update(deleted_at=at, **_touched(at))
    if found.discounts is not None and not change.created:
        OrderDiscount.objects.alive().filter(order=order, line=None).update(deleted_at=at, **_touched(at))
    rows = [_discount(order, None, given, at) for given in found.discounts or ()]
    for draft in found.drafts:
        rows += [_discount(order, draft.line, given, at) for given in draft.discounts or ()]
    return rows


def _discount(order: Order, line: OrderLine | None, given: Mapping[str, Any], at: datetime) -> OrderDiscount:
    return OrderDiscount(
        order=order,
        line=line,
        kind=given["kind"],
        amount=given["amount"],
        is_reimbursed=bool(given.get("is_reimbursed")),
        code=given.get("code"),
        created_at=at,
        updated_at=at,
    )


def _follow(changes: Sequence[Write[Order]]) -> None:
    """Delete or restore the parts of orders that all were, and all are, deleted at the same moment."""
    first = changes[0]
    orders = [change.record.pk for change in changes]
    for model in (OrderLine, OrderDiscount, OrderReturn):
        rows = model.objects.filter(order__in=orders, deleted_at=first.before["deleted_at"])
        rows.update(deleted_at=first.record.deleted_at, **_touched(first.at))


def _parts(model: type[OrderLine | OrderDiscount | OrderReturn], order: Order, deleted_at: datetime | None) -> Any:
    """The rows of an order that were deleted at that moment; None for the live ones."""
    return model.objects.filter(order=order, deleted_at=deleted_at)


def _touched(at: datetime) -> dict[str, Any]:
    return {"version": F("version") + 1, "updated_at": at}


def _return_moment(order: Order, returned_at: datetime | None, at: datetime) -> datetime:
    moment = returned_at or at
    if not order.placed_at <= moment <= max(at, order.placed_at):
        raise Invalid.one("/returned_at", "out_of_range", "Must be after the order and not in the future.")
    return moment


def _refund(order: Order, line: OrderLine, quantity: Decimal, amount: Decimal | None) -> Decimal:
    """What is given back: as asked, or the line's share; never more than what was received for the line is left."""
    left = line.quantity - line.returned_quantity
    if quantity > left:
        raise ReturnExceedsPurchase(line_id=str(line.pk), left_quantity=str(left))
    given = OrderReturn.objects.alive().filter(line=line).aggregate(sum=Sum("amount"))["sum"] or ZERO
    most = min(line.total - given, order.total - order.returned_total)
    if amount is None:
        # The last part takes what rounding left over.
        share = line.total - given if quantity == left else line.total * quantity / line.quantity
        return max(min(share.quantize(CENT, ROUND_HALF_UP), most), ZERO)
    if amount > most:
        raise ReturnExceedsPurchase(line_id=str(line.pk), left_amount=str(most))
    return amount


orders = Orders("order")
