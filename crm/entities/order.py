"""Orders with their lines, discounts and returns."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import ListOf, Shape, many, one
from core.registry.operations import Operation
from core.registry.types import DecimalNumber
from crm.entities import common
from crm.entities.tie import tie_operation, ties_of
from crm.models import Order, OrderDiscount, OrderLine, OrderReturn
from crm.selectors.tie_candidates import tie_candidates_feed
from crm.services.orders import orders

DISCOUNT_INPUT = Shape(
    title="OrderDiscountInput",
    fields=(
        field(OrderDiscount, "kind"),
        common.money(OrderDiscount, "amount", currency="order.currency"),
        field(OrderDiscount, "is_reimbursed"),
        field(OrderDiscount, "code"),
    ),
)

LINE_INPUT = Shape(
    title="OrderLineInput",
    fields=(
        common.parameter("id", common.IDENTIFIER, "The line to keep and adjust; none for a new one."),
        field(OrderLine, "external_id"),
        common.reference(OrderLine, "product_id", "product"),
        field(OrderLine, "description"),
        common.amount(OrderLine, "quantity"),
        common.money(
            OrderLine,
            "unit_price",
            currency="order.currency",
            required=False,
            nullable=True,
            doc="List price of one; the product's if not given.",
        ),
        common.money(
            OrderLine, "unit_cost", currency="order.currency", doc="What one cost us; the product's if not given."
        ),
        field(OrderLine, "is_gift"),
        common.parameter("discounts", ListOf(DISCOUNT_INPUT, max_items=20), "Discounts on this line."),
    ),
)

LINES = common.parameter(
    "lines",
    ListOf(LINE_INPUT, max_items=500),
    "All lines. On update, lines with an id are kept and adjusted, others are new, and missing ones are removed.",
    nullable=False,
)
DISCOUNTS = common.parameter(
    "discounts",
    ListOf(DISCOUNT_INPUT, max_items=50),
    "Discounts on the order as a whole; on update they replace the present ones.",
    nullable=False,
)
EXPECTED = common.parameter(
    "expected_total",
    DecimalNumber(max_digits=16, places=2),
    "If given, the order is refused unless its computed total is this.",
)

ORDER = Entity(
    name="order",
    plural="orders",
    model=Order,
    doc="A purchase.",
    fields=(
        *common.record_fields(Order),
        field(Order, "number", sortable=True, required=False),
        common.reference(Order, "contact_id", "contact"),
        common.reference(Order, "company_id", "company"),
        field(Order, "placed_at", sortable=True, groupable=True),
        field(Order, "status", groupable=True),
        field(Order, "channel", groupable=True),
        field(Order, "location", groupable=True),
        common.currency(Order, create_only=True),
        field(Order, "is_gift", groupable=True),
        common.reference(Order, "gift_recipient_id", "contact"),
        field(Order, "coupon_code", groupable=True),
        common.money(Order, "subtotal", **common.READ_ONLY),
        common.money(Order, "discount_total", **common.READ_ONLY),
        common.money(Order, "reimbursed_total", **common.READ_ONLY),
        common.money(Order, "total", sortable=True, **common.READ_ONLY),
        common.money(Order, "returned_total", **common.READ_ONLY),
        common.custom_field(Order),
        LINES,
        DISCOUNTS,
        EXPECTED,
    ),
    relations=(
        one("contact", "contact", doc="Who bought."),
        one("company", "company", doc="Which company bought."),
        one("gift_recipient", "contact", doc="For whom it was bought."),
        many("lines", "order_line", "order_id", "What was bought."),
        many("discounts", "order_discount", "order_id", "All discounts, of lines and of the whole."),
        many("returns", "order_return", "order_id", "What came back."),
        many("cases", "case", "order_id", "What help was asked for."),
        many("tasks", "task", "order_id", "What is to be done about it."),
        many("notes", "note", "order_id", "Our remarks on it."),
        many("files", "file", "order_id", "Files on it."),
        ties_of("order"),
    ),
    writes=orders,
    keys=("external_id", "number"),
    time_field="placed_at",
    search_fields=("number",),
    identity="number",
    **common.CUSTOM,
    feeds=[tie_candidates_feed("order")],
    operations=[
        Operation(
            name="return_order_line",
            path="return",
            run=orders.return_line,
            entity="order",
            action="return",
            on_record=True,
            input=(
                common.parameter("line_id", common.IDENTIFIER, "The line.", nullable=False, required=True),
                common.amount(OrderReturn, "quantity", doc="How many came back."),
                common.money(
                    OrderReturn,
                    "amount",
                    required=False,
                    nullable=True,
                    doc="What was given back; the line's total in proportion if not given.",
                ),
                field(OrderReturn, "reason"),
                common.parameter("returned_at", common.MOMENT, "When it came back; now if not given."),
            ),
            doc="Record that goods of one line came back.",
        ),
        tie_operation("order"),
    ],
)

ORDER_LINE = Entity(
    name="order_line",
    plural="order-lines",
    model=OrderLine,
    doc="One position of an order; written with its order.",
    default_sort=("id",),
    fields=(
        *common.record_fields(OrderLine),
        common.reference(OrderLine, "order_id", "order", **common.READ_ONLY),
        field(OrderLine, "position", **common.READ_ONLY),
        common.reference(OrderLine, "product_id", "product", **common.READ_ONLY),
        field(OrderLine, "description", **common.READ_ONLY),
        common.amount(OrderLine, "quantity", **common.READ_ONLY),
        common.money(OrderLine, "unit_price", currency="order.currency", **common.READ_ONLY),
        common.money(OrderLine, "unit_cost", currency="order.currency", needs="view_costs", **common.READ_ONLY),
        field(OrderLine, "is_gift", groupable=True, **common.READ_ONLY),
        common.money(OrderLine, "subtotal", currency="order.currency", nullable=False, **common.READ_ONLY),
        common.money(OrderLine, "discount_total", currency="order.currency", **common.READ_ONLY),
        common.money(OrderLine, "reimbursed_total", currency="order.currency", **common.READ_ONLY),
        common.money(OrderLine, "total", currency="order.currency", sortable=True, **common.READ_ONLY),
        common.amount(OrderLine, "returned_quantity", **common.READ_ONLY),
        field(OrderLine, "placed_at", sortable=True, groupable=True, **common.READ_ONLY),
    ),
    relations=(
        one("order", "order"),
        one("product", "product"),
        many("discounts", "order_discount", "line_id", "Its discounts."),
        many("returns", "order_return", "line_id", "What came back of it."),
    ),
    verbs=common.CLOSED,
    time_field="placed_at",
)

ORDER_DISCOUNT = Entity(
    name="order_discount",
    plural="order-discounts",
    model=OrderDiscount,
    doc="A reduction of an order or of one of its lines; written with its order.",
    fields=(
        *common.record_fields(OrderDiscount, external=False),
        common.reference(OrderDiscount, "order_id", "order", **common.READ_ONLY),
        common.reference(OrderDiscount, "line_id", "order_line", **common.READ_ONLY),
        field(OrderDiscount, "kind", groupable=True, **common.READ_ONLY),
        common.money(OrderDiscount, "amount", currency="order.currency", **common.READ_ONLY),
        field(OrderDiscount, "is_reimbursed", groupable=True, **common.READ_ONLY),
        field(OrderDiscount, "code", groupable=True, **common.READ_ONLY),
    ),
    relations=(one("order", "order"), one("line", "order_line")),
    verbs=common.CLOSED,
    keys=(),
)

ORDER_RETURN = Entity(
    name="order_return",
    plural="order-returns",
    model=OrderReturn,
    doc="Goods that came back from a line; recorded by returning them on the order.",
    fields=(
        *common.record_fields(OrderReturn),
        common.reference(OrderReturn, "order_id", "order", **common.READ_ONLY),
        common.reference(OrderReturn, "line_id", "order_line", **common.READ_ONLY),
        common.amount(OrderReturn, "quantity", **common.READ_ONLY),
        common.money(OrderReturn, "amount", currency="order.currency", **common.READ_ONLY),
        field(OrderReturn, "reason", groupable=True, **common.READ_ONLY),
        field(OrderReturn, "at", sortable=True, groupable=True, **common.READ_ONLY),
    ),
    relations=(one("order", "order"), one("line", "order_line")),
    verbs=common.CLOSED,
    time_field="at",
)
