"""Orders with their parts. Lines are written over the APIs, where totals are checked."""

from __future__ import annotations

from django.contrib import admin

from core.actors import Actor
from core.admin import PartsInline, RecordAdmin
from core.admin.filters import RelatedFilter
from core.admin.inputs import Choices
from core.registry.operations import Operation
from crm.models import Order, OrderDiscount, OrderLine, OrderReturn


class OrderLineInline(PartsInline):
    """What was bought."""

    model = OrderLine
    columns = (
        "position", "product", "description", "quantity", "unit_price", "unit_cost", "discount_total", "total",
        "returned_quantity", "is_gift",
    )  # fmt: skip
    related = ("product",)


class OrderDiscountInline(PartsInline):
    """What was taken off."""

    model = OrderDiscount
    columns = ("kind", "amount", "is_reimbursed", "code", "line")
    related = ("line",)


class OrderReturnInline(PartsInline):
    """What came back."""

    model = OrderReturn
    columns = ("at", "line", "quantity", "amount", "reason")
    related = ("line",)


@admin.register(Order)
class OrderAdmin(RecordAdmin):
    """By customer, status and channel."""

    list_display = ("number", "placed_at", "contact", "company", "status", "channel", "total", "currency")
    list_select_related = ("contact", "company")
    filters = ("status", "channel", ("contact", RelatedFilter), ("company", RelatedFilter))
    inlines = (OrderLineInline, OrderDiscountInline, OrderReturnInline)
    badges = ("status", "is_gift")
    headline = ("total", "returned_total", "placed_at", "contact", "company", "channel", "gift_recipient")
    without_panels = frozenset({"lines", "discounts", "returns"})

    def choices_for(self, operation: Operation, name: str, record: Order, actor: Actor) -> Choices | None:
        """The lines of this order."""
        if name != "line_id":
            return None
        lines = OrderLine.objects.visible_to(actor).alive().filter(order=record).select_related("product")
        return [
            (str(line.pk), f"{line.position}. {line.description or line.product} x {line.quantity.normalize():f}")
            for line in lines.order_by("position", "pk")
        ]
