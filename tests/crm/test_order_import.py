"""Order lines from other shops' exports: orders, returns, customers and products from a flat file."""

from __future__ import annotations

import gzip
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from core.actors import SYSTEM
from core.clock import now
from core.imports import problems
from core.models.imports import Import
from crm.models import Company, Contact, Order, OrderDiscount, OrderLine, OrderReturn, Product
from tests.crm.test_imports import brought_in, counted, kept_in, run, take

assert kept_in
pytestmark = pytest.mark.django_db

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
SALES = (
    "536365,85123A,WHITE HANGING HEART,6,12/1/2010 8:26,2.55,17850,United Kingdom\n"
    "536366,22633,HAND WARMER,6,12/1/2010 8:28,1.85,17850,United Kingdom\n"
    "536365,71053,WHITE METAL LANTERN,6,12/1/2010 8:26,3.39,17850,United Kingdom\n"
    "536370,22728,ALARM CLOCK,24,12/13/2010 8:45,3.75,12583,France\n"
)
ALL: dict[str, Any] = {"create_missing": True, "time_zone": "Europe/London"}


def imported(rows: str, **options: Any) -> Import:
    return brought_in(HEADER + rows, "order_line", options=ALL | options)


def codes(record: Import) -> dict[int, list[str]]:
    page = problems.fetch(actor=SYSTEM, record_id=record.pk, at=now(), limit=200)
    return {item["row"]: [error["code"] for error in item["errors"]] for item in page.items}


def test_the_columns_of_an_unknown_export_are_understood() -> None:
    record = take(HEADER + SALES, "order_line", options=ALL)
    assert record.mapping["columns"] == {
        "InvoiceNo": "order_number", "StockCode": "product.sku", "Description": "description", "Quantity": "quantity",
        "InvoiceDate": "placed_at", "UnitPrice": "unit_price", "CustomerID": "contact.external_id",
        "Country": "country",
    }  # fmt: skip
    assert record.questions == []


def test_rows_become_orders_wherever_they_stand() -> None:
    record = imported(SALES)
    assert counted(record) == {"created": 4}
    assert record.report["related"] == {"contact": 2, "product": 4, "order": 3}
    order = Order.objects.get(number="536365")
    assert (order.total, order.lines.count(), order.contact.external_id) == (Decimal("35.64"), 2, "17850")
    assert order.placed_at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert Contact.objects.get(external_id="12583").country == "FR"
    assert Product.objects.get(sku="85123A").name == "WHITE HANGING HEART"


def test_the_same_file_again_changes_nothing() -> None:
    rows = SALES + "C536380,85123A,BACK,-2,12/14/2010 9:00,2.55,17850,United Kingdom\n"
    assert counted(imported(rows)) == {"created": 5}
    before = (
        OrderLine.objects.count(),
        OrderReturn.objects.count(),
        set(Order.objects.values_list("version", flat=True)),
    )
    assert counted(imported(rows)) == {"unchanged": 5}
    assert (
        OrderLine.objects.count(),
        OrderReturn.objects.count(),
        set(Order.objects.values_list("version", flat=True)),
    ) == before


def test_negative_rows_are_returns_of_what_was_bought_before() -> None:
    back = "C536379,85123A,BACK,-2,12/14/2010 9:00,2.55,17850,United Kingdom\n"
    record = imported(back + SALES)
    assert counted(record) == {"created": 5}
    found = OrderReturn.objects.get()
    assert (found.quantity, found.amount, found.order.number) == (Decimal(2), Decimal("5.10"), "536365")
    assert Order.objects.get(number="536365").returned_total == Decimal("5.10")


def test_a_mended_return_goes_in_wherever_it_stands_and_none_goes_in_twice() -> None:
    line = "R1,{},BACK,{},12/14/2010 9:00,{},17850,United Kingdom\n"
    good, bad, mended = (
        line.format("85123A", -1, 2.55),
        line.format("nothing", -1, 3.39),
        line.format("71053", -1, 3.39),
    )
    assert counted(imported(SALES + good + bad)) == {"created": 5, "failed": 1}
    assert counted(imported(mended)) == {"created": 1}
    assert counted(imported(mended + good + SALES)) == {"unchanged": 6}
    # Two equal rows are two returns, and the same two in the next file.
    twice = line.format("22633", "-1.0", 1.85) + line.format("22633", -1, "1.850")
    assert counted(imported(twice)) == {"created": 2}
    assert counted(imported(twice)) == {"unchanged": 2}
    assert OrderReturn.objects.count() == 4


def test_what_was_never_bought_cannot_come_back() -> None:
    back = "C1,85123A,BACK,-7,12/14/2010 9:00,2.55,17850,United Kingdom\n"
    back += "C2,22728,BACK,-1,12/02/2010 9:00,3.75,12583,France\n"
    record = imported(SALES + back)
    assert counted(record) == {"created": 4, "failed": 2}
    assert codes(record) == {6: ["no_matching_purchase"], 7: ["no_matching_purchase"]}
    dry = run(take(HEADER + SALES.replace("5363", "9363") + back, "order_line", options=ALL), "dry_run")
    assert dry.report["failed"] <= 2
    skipped = imported(back, returns="skip")
    assert counted(skipped) == {"skipped": 2}


def test_rows_without_a_customer() -> None:
    rows = SALES + "536400,22728,ALARM CLOCK,1,12/14/2010 9:00,3.75,,United Kingdom\n"
    record = imported(rows)
    assert counted(record) == {"created": 4, "failed": 1}
    assert codes(record) == {6: ["customer_missing"]}
    record = imported(rows, walk_in="walk-in")
    assert counted(record) == {"created": 1, "unchanged": 4}
    assert Order.objects.get(number="536400").company == Company.objects.get(external_id="walk-in")


def test_an_order_with_a_bad_row_does_not_go_in_without_it() -> None:
    rows = (
        "1,A,thing,1,12/13/2010 9:00,2,7,France\n1,B,thing,x,12/13/2010 9:00,2,7,France\n"
        "2,A,thing,1,12/13/2010 9:00,-3,7,France\n3,A,free,1,12/13/2010 9:00,0,7,France\n"
        "4,A,thing,1,12/13/2010 9:00,2,7,France\n4,A,thing,1,12/13/2010 9:00,2,8,France\n"
    )
    record = imported(rows)
    assert codes(record) == {
        2: ["order_incomplete"], 3: ["wrong_type"], 4: ["negative_price"], 6: ["order_differs"], 7: ["order_differs"],
    }  # fmt: skip
    assert set(Order.objects.values_list("number", flat=True)) == {"3"}


def test_nothing_is_made_that_was_not_asked_for() -> None:
    record = imported(SALES, create_missing=False)
    assert counted(record) == {"failed": 4}
    assert (Order.objects.count(), Contact.objects.count(), Product.objects.count()) == (0, 0, 0)


def test_our_own_demo_files_go_in() -> None:
    path = Path(__file__).parents[2] / "crm/demo/data/complete_journey_transactions.csv.gz"
    with gzip.open(path, "rt") as lines:
        first = "".join(line for _, line in zip(range(3001), lines, strict=False))
    record = brought_in(gzip.compress(first.encode()), "order_line", options={"create_missing": True}, name="t.csv.gz")
    counts = counted(record)
    assert counts["created"] > 2_900
    assert sum(counts.values()) == 3000
    assert OrderLine.objects.count() == counts["created"]
    assert OrderDiscount.objects.filter(kind="retail").exists()
    for order in Order.objects.all()[:50]:
        assert order.total == sum(line.total for line in order.lines.all())
