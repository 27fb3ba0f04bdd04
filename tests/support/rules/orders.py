"""Rules of orders."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any
from uuid import UUID

from core.actors import SYSTEM
from core.models.record import Record
from crm.models import OrderDiscount, OrderLine, OrderReturn
from crm.services.orders import orders
from tests.support.rules.rule import Rule, Values, ref

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _order(samples: Samples) -> Values:
    line = {"product_id": ref(samples, "product"), "quantity": "2", "unit_price": "10.50"}
    # The numbers that the product makes are never the same twice.
    number = f"{samples.marker}N-{samples.next()}"
    return {"number": number, "contact_id": ref(samples, "contact"), "lines": [line]}


def _whole_order(samples: Samples) -> Values:
    number = samples.next()
    line = {
        "external_id": f"line {number}",
        "product_id": ref(samples, "product"),
        "description": f"{samples.marker}line {number}",
        "quantity": "3",
        "unit_price": "20.00",
        "unit_cost": "12.00",
        "is_gift": True,
        "discounts": [{"kind": "coupon", "amount": "1.25", "is_reimbursed": True, "code": f"C{number}"}],
    }
    free = {"description": f"{samples.marker}wrapping", "unit_price": "2.5"}
    discounts = [{"kind": "loyalty", "amount": "2.00", "is_reimbursed": False, "code": None}]
    return {"lines": [line, free], "discounts": discounts, "is_gift": True}


def _returned(samples: Samples) -> Record:
    line = OrderLine.objects.get(pk=_line(samples).pk)
    given = {"line_id": line.pk, "quantity": Decimal(1), "reason": f"{samples.marker}torn"}
    orders.return_line(actor=SYSTEM, record_id=line.order_id, at=samples.at, **given)
    made: Record = OrderReturn.objects.get(line=line)
    return made


def _line(samples: Samples) -> Record:
    made: Record = OrderLine.objects.filter(order=samples.make("order").pk).get()
    return made


def _discount(samples: Samples) -> Record:
    order = samples.make("order", discounts=[{"kind": "coupon", "amount": "1", "code": f"{samples.marker}code"}])
    made: Record = OrderDiscount.objects.get(order=order.pk)
    return made


def _some_line(samples: Samples, record: Any) -> Values:
    key: UUID | None = OrderLine.objects.alive().filter(order=record.pk).values_list("pk", flat=True).first()
    return {"line_id": str(key), "quantity": "1", "reason": "broken"}


RULES = {
    "order": Rule(
        why="it is of a contact or a company, its total follows from lines, only a gift has a recipient",
        needed=_order,
        complete=_whole_order,
        changed=lambda samples, record: {"is_gift": True, "status": "confirmed"},
        not_at_creation=frozenset({"expected_total"}),
        not_in_updates=frozenset({"lines", "discounts", "expected_total", "currency"}),
    ),
}
MAKERS = {"order_discount": _discount, "order_line": _line, "order_return": _returned}
OPERATIONS = {"return_order_line": _some_line}
RELATIVES = {("contact", "gifts"): lambda samples, record: {"is_gift": True}}
