"""Orders: what was bought, at which price, with which discounts, and what came back."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Round

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Personal, Record, live_unique
from core.models.scope import Scope
from crm.models import rules
from crm.models.base import CUSTOMER_SCOPE, MONEY, PRICE, QUANTITY, Customised, through

ZERO = Decimal(0)


class OrderStatus(models.TextChoices):
    PENDING = "pending"
    CONFIRMED = "confirmed"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class OrderChannel(models.TextChoices):
    STORE = "store"
    WEB = "web"
    PHONE = "phone"
    FIELD = "field"
    PARTNER = "partner"
    OTHER = "other"


class DiscountKind(models.TextChoices):
    RETAIL = "retail"
    COUPON = "coupon"
    COUPON_MATCH = "coupon_match"
    LOYALTY = "loyalty"
    VOLUME = "volume"
    PROMOTION = "promotion"
    OTHER = "other"


class Order(Customised, Record):
    """A purchase. `subtotal` is at list price, `discount_total` what we gave away, `total` what we receive.

    `reimbursed_total` is the part of `total` that somebody else pays (a manufacturer's coupon), so the customer
    paid `total - reimbursed_total`. `returned_total` is what was given back since.
    """

    number = models.CharField(max_length=64, help_text="Order number; made where none is given.")
    contact = models.ForeignKey(
        "crm.Contact", models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    company = models.ForeignKey(
        "crm.Company", models.PROTECT, null=True, blank=True, related_name="orders", db_index=False
    )
    placed_at = models.DateTimeField(help_text="When it was ordered.")
    status = models.CharField(max_length=10, choices=OrderStatus, default=OrderStatus.COMPLETED)
    channel = models.CharField(max_length=10, choices=OrderChannel, default=OrderChannel.OTHER)
    location = models.CharField(max_length=64, null=True, blank=True, help_text="The store or site.")
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217 code of its amounts.")
    is_gift = models.BooleanField(default=False, help_text="Bought for somebody else.")
    gift_recipient = models.ForeignKey(
        "crm.Contact",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="gifts",
        db_index=False,
        help_text="For whom, where known.",
    )
    coupon_code = models.CharField(max_length=64, null=True, blank=True)
    subtotal = models.DecimalField(**MONEY, default=ZERO, help_text="Lines at list price.")
    discount_total = models.DecimalField(**MONEY, default=ZERO, help_text="Discounts that we bear.")
    reimbursed_total = models.DecimalField(**MONEY, default=ZERO, help_text="Discounts that somebody else pays us.")
    total = models.DecimalField(**MONEY, default=ZERO, help_text="What we receive: subtotal - discount_total.")
    returned_total = models.DecimalField(**MONEY, default=ZERO, help_text="Given back for returns.")

    scope: ClassVar[Scope] = CUSTOMER_SCOPE
    personal: ClassVar[Personal] = Personal(people=("contact_id", "gift_recipient_id"), columns=("custom",))

    class Meta:
        db_table = "crm_order"
        triggers = [
            *history_triggers("order"),
            *fact_triggers("orders", month_column="placed_at", followed=True),
        ]
        constraints = [
            live_unique("crm", "order", "external_id"),
            live_unique("crm", "order", "number"),
            rules.contact_or_company("order"),
            rules.currency_code("order"),
            rules.at_least("order", "total"),
            rules.at_least("order", "discount_total"),
            rules.at_least("order", "reimbursed_total"),
            models.CheckConstraint(
                condition=Q(total=F("subtotal") - F("discount_total")),
                name="crm_order_total_adds_up",
                violation_error_message="The total must be the subtotal less the discounts.",
            ),
            models.CheckConstraint(
                condition=Q(returned_total__gte=0, returned_total__lte=F("total")),
                name="crm_order_returned_within_total",
                violation_error_message="No more can be given back than was received.",
            ),
            models.CheckConstraint(
                condition=Q(gift_recipient__isnull=True) | Q(is_gift=True),
                name="crm_order_recipient_of_gift",
                violation_error_message="Only a gift has a recipient.",
            ),
        ]
        indexes = [
            rules.deleted("order"),
            rules.by("order", "contact"),
            rules.by("order", "company"),
            rules.by("order", "placed_at"),
            models.Index(fields=["contact", "placed_at", "id"], name="crm_order_contact_placed_idx"),
            models.Index(fields=["company", "placed_at", "id"], name="crm_order_company_placed_idx"),
            rules.by("order", "gift_recipient"),
            rules.by("order", "number"),
            rules.by("order", "total"),
            rules.by("order", "status"),
            rules.by("order", "channel"),
            rules.by("order", "coupon_code"),
            rules.by("order", "created_at"),
            rules.by("order", "updated_at"),
            rules.contains("order", "number"),
            rules.values("order", "custom"),
        ]

    def __str__(self) -> str:
        return self.number


class OrderLine(Record):
    """One position of an order. `placed_at` is the order's; it puts the line into a month."""

    order = models.ForeignKey("crm.Order", models.CASCADE, related_name="lines", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="Order within the order, from 1.")
    product = models.ForeignKey(
        "crm.Product", models.PROTECT, null=True, blank=True, related_name="order_lines", db_index=False
    )
    description = models.CharField(
        max_length=200, null=True, blank=True, help_text="What it is, where no product is named."
    )
    quantity = models.DecimalField(
        **QUANTITY, default=Decimal(1), help_text="How many; 0 for a correction or a coupon scanned by itself."
    )
    unit_price = models.DecimalField(**PRICE, help_text="List price of one, before discounts.")
    unit_cost = models.DecimalField(**PRICE, null=True, blank=True, help_text="What one cost us at the time.")
    is_gift = models.BooleanField(default=False, help_text="Bought for somebody else.")
    subtotal = models.GeneratedField(
        expression=Round(F("quantity") * F("unit_price"), 2),
        output_field=models.DecimalField(max_digits=16, decimal_places=2),
        db_persist=True,
        help_text="quantity x unit_price, rounded.",
    )
    discount_total = models.DecimalField(**MONEY, default=ZERO, help_text="Discounts that we bear.")
    reimbursed_total = models.DecimalField(**MONEY, default=ZERO, help_text="Discounts that somebody else pays us.")
    total = models.DecimalField(**MONEY, default=ZERO, help_text="What we receive for it.")
    returned_quantity = models.DecimalField(**QUANTITY, default=ZERO, help_text="How many came back.")
    placed_at = models.DateTimeField(help_text="When the order was placed.")

    scope: ClassVar[Scope] = through("order", CUSTOMER_SCOPE)
    personal: ClassVar[Personal] = Personal(people=("order__contact_id",))

    class Meta:
        db_table = "crm_order_line"
        triggers = [*history_triggers("order_line"), *fact_triggers("order_lines", month_column="placed_at")]
        constraints = [
            live_unique("crm", "order_line", "external_id"),
            rules.at_least("order_line", "quantity"),
            rules.at_least("order_line", "unit_price"),
            rules.at_least("order_line", "unit_cost"),
            rules.at_least("order_line", "total"),
            rules.at_least("order_line", "discount_total"),
            rules.at_least("order_line", "reimbursed_total"),
            models.CheckConstraint(
                condition=Q(total=Round(F("quantity") * F("unit_price"), 2) - F("discount_total")),
                name="crm_order_line_total_adds_up",
                violation_error_message="The total must be quantity x unit price less the discounts.",
            ),
            models.CheckConstraint(
                condition=Q(returned_quantity__gte=0, returned_quantity__lte=F("quantity")),
                name="crm_order_line_returned_within_quantity",
                violation_error_message="No more can come back than was bought.",
            ),
        ]
        indexes = [
            models.Index(fields=["order", "position", "id"], name="crm_order_line_order_idx"),
            rules.by("order_line", "product"),
            rules.by("order_line", "placed_at"),
            rules.by("order_line", "total"),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.description or self.product_id}"


class OrderDiscount(Record):
    """A reduction of a line, or of the order as a whole where no line is named.

    `is_reimbursed` tells a reduction that somebody else pays back (a manufacturer's coupon) from one that we bear.
    """

    order = models.ForeignKey("crm.Order", models.CASCADE, related_name="discounts", db_index=False)
    line = models.ForeignKey(
        "crm.OrderLine", models.CASCADE, null=True, blank=True, related_name="discounts", db_index=False
    )
    kind = models.CharField(max_length=12, choices=DiscountKind)
    amount = models.DecimalField(**MONEY)
    is_reimbursed = models.BooleanField(default=False, help_text="Whether somebody else pays it back to us.")
    code = models.CharField(max_length=64, null=True, blank=True, help_text="Coupon or promotion code.")

    scope: ClassVar[Scope] = through("order", CUSTOMER_SCOPE)
    personal: ClassVar[Personal] = Personal(people=("order__contact_id",))

    class Meta:
        db_table = "crm_order_discount"
        triggers = [
            *history_triggers("order_discount"),
            *fact_triggers("order_discounts"),
        ]
        constraints = [rules.more_than_zero("order_discount", "amount")]
        indexes = [
            rules.by("order_discount", "order"),
            rules.by("order_discount", "line"),
            rules.by("order_discount", "kind"),
            rules.by("order_discount", "code"),
        ]


class OrderReturn(Record):
    """Goods that came back from a line, and what was given back for them."""

    order = models.ForeignKey("crm.Order", models.CASCADE, related_name="returns", db_index=False)
    line = models.ForeignKey("crm.OrderLine", models.CASCADE, related_name="returns", db_index=False)
    quantity = models.DecimalField(**QUANTITY)
    amount = models.DecimalField(**MONEY, help_text="What was given back.")
    reason = models.CharField(max_length=200, null=True, blank=True)
    at = models.DateTimeField(help_text="When it came back.")

    scope: ClassVar[Scope] = through("order", CUSTOMER_SCOPE)
    personal: ClassVar[Personal] = Personal(people=("order__contact_id",), columns=("reason",))

    class Meta:
        db_table = "crm_order_return"
        triggers = [*history_triggers("order_return"), *fact_triggers("order_returns", month_column="at")]
        constraints = [
            live_unique("crm", "order_return", "external_id"),
            rules.more_than_zero("order_return", "quantity"),
            rules.at_least("order_return", "amount"),
        ]
        indexes = [rules.by("order_return", "order"), rules.by("order_return", "line"), rules.by("order_return", "at")]
