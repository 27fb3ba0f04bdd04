from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from core import registry
from core.actors import SYSTEM
from core.errors import Conflict, Duplicate, Forbidden, Invalid, NotFound
from core.models import OutboxEvent
from core.reads import reader
from core.reads.selection import Nested, Selection
from crm.errors import LineReturned, ReturnExceedsPurchase
from crm.models import Contact, Order, OrderDiscount, OrderLine, OrderReturn, Product
from crm.services.orders import orders
from tests.crm import make
from tests.support.actors import clerk

pytestmark = pytest.mark.django_db


@pytest.fixture
def order(at: datetime, contact: Contact, product: Product) -> Order:
    """3 x 3.33 less 0.99, with a coupon of 1.00 that the manufacturer pays; 5.00; less 1.00 on the whole: 13.00."""
    tea = {
        "product_id": str(product.pk),
        "quantity": "3",
        "discounts": [
            {"kind": "retail", "amount": "0.99"},
            {"kind": "coupon", "amount": "1.00", "is_reimbursed": True, "code": "TEA1"},
        ],
    }
    wrapping = {"description": "Wrapping", "unit_price": "5", "is_gift": True}
    whole = [{"kind": "loyalty", "amount": "1"}]
    return make.order(at, contact_id=str(contact.pk), lines=[tea, wrapping], discounts=whole)


def lines_of(order: Order) -> list[OrderLine]:
    return list(OrderLine.objects.alive().filter(order=order).order_by("position"))


def update(order: Order, at: datetime, **values: Any) -> Order:
    orders.update(actor=SYSTEM, record_id=order.pk, values=values, at=at)
    order.refresh_from_db()
    return order


def test_lines_come_in_the_order_in_which_they_were_written(order: Order, at: datetime) -> None:
    selection = Selection(("number",), {"lines": Nested("lines", Selection(("position",)))})
    read = reader.one(registry.entity("order"), order.pk, actor=SYSTEM, at=at, selection=selection)
    assert [line["position"] for line in read["lines"]["rows"]] == [1, 2]


def test_totals_are_computed(order: Order) -> None:
    stored = Order.objects.get(pk=order.pk)
    assert (stored.subtotal, stored.discount_total, stored.total) == (Decimal("14.99"), Decimal("1.99"), Decimal(13))
    assert stored.reimbursed_total == Decimal(1)
    tea, wrapping = lines_of(order)
    assert (tea.subtotal, tea.total, tea.reimbursed_total) == (Decimal("9.99"), Decimal(9), Decimal(1))
    assert (tea.unit_price, tea.unit_cost) == (Decimal("3.33"), Decimal("1.20"))
    assert (wrapping.product, wrapping.is_gift, wrapping.placed_at) == (None, True, order.placed_at)
    assert OrderDiscount.objects.filter(order=order).count() == 3
    assert OutboxEvent.objects.filter(name="order.placed").count() == 1


@pytest.mark.parametrize("field", ["total", "subtotal", "discount_total", "returned_total"])
def test_totals_are_never_taken_from_the_caller(at: datetime, contact: Contact, field: str) -> None:
    with pytest.raises(Invalid) as refusal:
        make.order(at, contact_id=str(contact.pk), **{field: "1"})
    assert refusal.value.errors[0].code == "read_only"
    assert not Order.objects.exists()


def test_an_expected_total_is_checked(at: datetime, contact: Contact) -> None:
    line = {"description": "x", "unit_price": "0.335", "quantity": "3"}
    make.order(at, contact_id=str(contact.pk), lines=[line], expected_total="1.01")
    with pytest.raises(Invalid) as refusal:
        make.order(at, contact_id=str(contact.pk), lines=[line], expected_total="1.00")
    assert refusal.value.errors[0].code == "total_mismatch"
    assert Order.objects.count() == 1


TOO_MUCH = [{"kind": "retail", "amount": "2"}]
NOTHING = [{"kind": "retail", "amount": "0"}]


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ({"unit_price": "1"}, "/lines/1/product_id"),
        ({"description": "x"}, "/lines/1/unit_price"),
        ({"description": "x", "unit_price": "1", "quantity": "-1"}, "/lines/1/quantity"),
        ({"description": "x", "unit_price": "-1"}, "/lines/1/unit_price"),
        ({"description": "x", "unit_price": "1", "colour": "red"}, "/lines/1/colour"),
        ({"product_id": "018f0000-0000-7000-8000-000000000000"}, "/lines/1/product_id"),
        (
            {"description": "x", "unit_price": "1", "discounts": [{"kind": "retail", "amount": "2"}]},
            "/lines/1/discounts",
        ),
        (
            {"description": "x", "unit_price": "1", "discounts": [{"kind": "retail", "amount": "0"}]},
            "/lines/1/discounts/0/amount",
        ),
    ],
)
def test_a_wrong_line_is_pointed_at_and_nothing_is_written(
    at: datetime, contact: Contact, line: dict[str, Any], pointer: str
) -> None:
    good = {"description": "good", "unit_price": "1"}
    with pytest.raises(Invalid) as refusal:
        make.order(at, contact_id=str(contact.pk), lines=[good, line])
    assert pointer in [fault.pointer for fault in refusal.value.errors]
    assert not Order.objects.exists()
    assert not OrderLine.objects.exists()


def test_an_order_is_somebodys(at: datetime) -> None:
    with pytest.raises(Invalid):
        make.order(at)


def test_only_a_gift_has_a_recipient(at: datetime, contact: Contact) -> None:
    friend = make.contact(at, last_name="Friend")
    values = {"contact_id": str(contact.pk), "gift_recipient_id": str(friend.pk)}
    with pytest.raises(Invalid):
        make.order(at, **values)
    assert make.order(at, is_gift=True, **values).gift_recipient_id == friend.pk


def test_a_price_in_another_currency_is_not_the_products(at: datetime, contact: Contact, product: Product) -> None:
    with pytest.raises(Invalid):
        make.order(at, contact_id=str(contact.pk), currency="EUR", lines=[{"product_id": str(product.pk)}])


def test_costs_are_written_by_those_who_see_them(at: datetime, contact: Contact) -> None:
    seller = clerk("order", "contact", "order_line")
    line = {"description": "x", "unit_price": "1", "unit_cost": "0.5"}
    values = {"contact_id": str(contact.pk), "placed_at": at.isoformat(), "lines": [line]}
    with pytest.raises(Forbidden):
        orders.create(actor=seller, values=values, at=at)
    assert not Order.objects.exists()


def test_numbers_are_made_and_unique_among_live_orders(at: datetime, contact: Contact, order: Order) -> None:
    other = make.order(at, contact_id=str(contact.pk))
    assert other.number != order.number
    with pytest.raises(Duplicate):
        make.order(at, contact_id=str(contact.pk), number=order.number)
    orders.delete(actor=SYSTEM, record_id=order.pk, at=at)
    make.order(at, contact_id=str(contact.pk), number=order.number)


def test_patching_lines_keeps_changes_adds_and_removes(at: datetime, order: Order) -> None:
    tea, wrapping = lines_of(order)
    update(order, at, lines=[{"description": "Card", "unit_price": "2"}, {"id": str(tea.pk), "quantity": "2"}])
    card, kept = lines_of(order)
    assert (card.description, kept.pk, kept.quantity) == ("Card", tea.pk, Decimal(2))
    # The kept line's discounts stay: 6.66 - 0.99, and 2.00, less 1.00 on the whole.
    assert (kept.total, order.total) == (Decimal("5.67"), Decimal("6.67"))
    wrapping.refresh_from_db()
    assert wrapping.deleted_at == at


def test_patching_discounts_replaces_those_of_the_whole(at: datetime, order: Order) -> None:
    update(order, at, discounts=[])
    assert order.total == Decimal(14)
    tea, _ = lines_of(order)
    update(order, at, lines=[{"id": str(tea.pk), "discounts": []}])
    assert (order.total, order.reimbursed_total) == (Decimal("9.99"), Decimal(0))


def test_a_line_of_another_order_is_not_taken(at: datetime, order: Order, contact: Contact) -> None:
    other = make.order(at, contact_id=str(contact.pk))
    with pytest.raises(Invalid) as refusal:
        update(other, at, lines=[{"id": str(lines_of(order)[0].pk)}])
    assert refusal.value.errors[0].pointer == "/lines/0/id"


def test_lines_follow_their_order_in_time_and_in_deletion(at: datetime, order: Order) -> None:
    earlier = at - timedelta(days=40)
    update(order, at, placed_at=earlier.isoformat())
    assert {line.placed_at for line in lines_of(order)} == {earlier}
    orders.delete(actor=SYSTEM, record_id=order.pk, at=at)
    assert not OrderLine.objects.alive().exists()
    assert not OrderDiscount.objects.alive().exists()
    orders.restore(actor=SYSTEM, record_id=order.pk, at=at)
    assert len(lines_of(order)) == 2


def give_back(order: Order, line: OrderLine, at: datetime, quantity: str, **more: Any) -> Order:
    orders.return_line(actor=SYSTEM, record_id=order.pk, at=at, line_id=line.pk, quantity=Decimal(quantity), **more)
    order.refresh_from_db()
    line.refresh_from_db()
    return order


def test_goods_come_back_in_parts_and_never_more_than_went_out(at: datetime, order: Order) -> None:
    tea = lines_of(order)[0]
    assert give_back(order, tea, at, "1").returned_total == Decimal(3)
    assert give_back(order, tea, at, "2").returned_total == Decimal(9)
    assert tea.returned_quantity == 3
    with pytest.raises(ReturnExceedsPurchase):
        give_back(order, tea, at, "0.001")
    assert OrderReturn.objects.count() == 2
    assert OutboxEvent.objects.filter(name="order.returned").count() == 2


def test_no_more_is_given_back_than_was_received(at: datetime, order: Order) -> None:
    tea = lines_of(order)[0]
    with pytest.raises(ReturnExceedsPurchase):
        give_back(order, tea, at, "1", amount=Decimal("9.01"))
    assert give_back(order, tea, at, "1", amount=Decimal(9)).returned_total == Decimal(9)
    assert give_back(order, tea, at, "2").returned_total == Decimal(9)


@pytest.mark.parametrize("days", [-1, 1])
def test_goods_come_back_between_the_order_and_now(at: datetime, order: Order, days: int) -> None:
    with pytest.raises(Invalid):
        give_back(order, lines_of(order)[0], at, "1", returned_at=at + timedelta(days=days))


def test_a_return_needs_a_line_of_the_order_and_the_grant(at: datetime, order: Order, contact: Contact) -> None:
    tea = lines_of(order)[0]
    other = make.order(at, contact_id=str(contact.pk))
    with pytest.raises(NotFound):
        give_back(other, tea, at, "1")
    with pytest.raises(Forbidden):
        orders.return_line(actor=clerk("order"), record_id=order.pk, at=at, line_id=tea.pk, quantity=Decimal(1))
    update(order, at, status="cancelled")
    with pytest.raises(Conflict):
        give_back(order, tea, at, "1")
    assert not OrderReturn.objects.exists()


def test_a_line_that_came_back_is_not_made_smaller_or_removed(at: datetime, order: Order) -> None:
    tea, wrapping = lines_of(order)
    give_back(order, tea, at, "2")
    for lines in ([{"id": str(wrapping.pk)}], [{"id": str(tea.pk), "quantity": "1"}, {"id": str(wrapping.pk)}]):
        with pytest.raises(LineReturned):
            update(order, at, lines=lines)
    assert order.total == Decimal(13)
    assert len(lines_of(order)) == 2
