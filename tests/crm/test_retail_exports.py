"""Exports of other shops, as their programs write them, go in by the mapping that is suggested."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from core.actors import SYSTEM
from core.clock import now
from core.errors import Invalid
from core.imports.service import imports
from crm.models import Company, Contact, Order, OrderDiscount, OrderLine, Product
from tests.crm.test_imports import counted, kept_in, run, take
from tests.crm.test_order_import import codes

assert kept_in
pytestmark = pytest.mark.django_db
ALL: dict[str, Any] = {"create_missing": True}

SHOPIFY = """Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Discount Code,Discount Amount,\
Created at,Lineitem quantity,Lineitem name,Lineitem price,Lineitem sku,Shipping Country,Notes,Id,Source,\
Lineitem discount
#1001,ada@example.com,paid,2024-01-05 10:12:33 -0500,USD,45.00,5.00,4.00,54.00,WELCOME,5.00,\
2024-01-05 10:12:30 -0500,2,Blue Mug - Large,15.00,MUG-L,US,,5001,web,0.00
#1001,ada@example.com,,,,,,,,,,,1,Plate,20.00,PLT,,,,,0.00
#1002,bo@example.com,paid,2024-01-06 11:00:00 -0500,USD,15.00,5.00,1.00,21.00,,0.00,\
2024-01-06 10:59:00 -0500,1,Blue Mug - Large,15.00,MUG-L,US,"Leave it, please",5002,web,0.00
#1001,,,,,,,,,,,,1,Spoon,2.00,SPN,,,,,0.50
"""
WOO = """Order Number,Order Status,Order Date,First Name (Billing),Last Name (Billing),Country Code (Billing),\
Email (Billing),Cart Discount Amount,Order Subtotal Amount,Order Shipping Amount,Order Refund Amount,\
Order Total Amount,SKU,Item #,Item Name,Quantity (- Refund),Item Cost,Coupon Code,Discount Amount,Discount Amount Tax
734,wc-completed,2024-03-01 14:03,Ada,Alder,BE,ada@example.com,4,40,5,0,41,MUG,1,Mug,2,10,TEN,4,0
734,wc-completed,2024-03-01 14:03,Ada,Alder,BE,ada@example.com,4,40,5,0,41,PLATE,2,Plate,1,20,TEN,4,0
735,wc-processing,2024-03-15 09:20,Bo,Birch,BE,bo@example.com,0,20,5,0,25,PLATE,1,Plate,1,20,,0,0
"""
GERMAN = """Bestellnummer;Bestelldatum;Kundennummer;Artikelnummer;Bezeichnung;Menge;Einzelpreis;Gesamtpreis;Währung;Land
B-1001;13.02.2024 14:05;K77;A-1;Müller Kännchen;2;1.234,50;2.469,00;EUR;Deutschland
B-1002;14.02.2024 09:00;K78;A-2;Große Schüssel;1;19,90;19,90;EUR;Österreich
"""
PORTUGUESE = """Nº Encomenda;Data;Cliente;Referência;Descrição;Quantidade;Preço Unitário;Desconto;Total;Moeda;País
E1;13/02/2024;C1;R1;Chávena azul;2;10,50;0,00;21,00;EUR;Portugal
E2;28/02/2024;C2;R2;Prato côncavo;1;1.020,00;20,00;1.000,00;EUR;Espanha
"""
TILL = """Datum;Bon;Kasse;Artikel;Menge;Preis;Betrag
13.02.2024 09:01;100;1;Brötchen;3;0,60;1,80
13.02.2024 09:02;101;1;Kaffee;1;2,50;2,50
13.02.2024 09:01;100;1;Kaffee;1;2,50;2,50
"""
UCI = """Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country
536365,85123A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom
C536379,D,Discount,-1,12/1/2010 9:41,27.5,14527,United Kingdom
C536391,85123A,WHITE HANGING HEART T-LIGHT HOLDER,-2,12/2/2010 10:24,2.55,17850,United Kingdom
536370,POST,POSTAGE,3,12/1/2010 8:45,18,12583,France
536414,22139,,56,12/1/2010 11:52,0,,United Kingdom
536544,21773,"DECORATIVE ROSE, BATHROOM",1,12/13/2010 14:32,2.51,,EIRE
A563185,B,Adjust bad debt,1,8/12/2011 14:50,-11062.06,,United Kingdom
"""


def test_shopify_says_what_is_of_the_order_on_its_first_row() -> None:
    record = run(take(SHOPIFY, "order_line", options=ALL))
    assert counted(record) == {"created": 4}, record.report
    order = Order.objects.get(number="#1001")
    assert (order.contact.email, order.currency, order.lines.count()) == ("ada@example.com", "USD", 3)
    assert order.placed_at.isoformat() == "2024-01-05T15:12:30+00:00"
    assert order.total == Decimal("46.50")
    discounts = set(OrderDiscount.objects.values_list("line__product__sku", "amount"))
    assert discounts == {(None, Decimal("5.00")), ("SPN", Decimal("0.50"))}
    assert Product.objects.get(sku="MUG-L").name == "Blue Mug - Large"
    again = run(take(SHOPIFY, "order_line", options=ALL))
    assert counted(again) == {"unchanged": 4}


def test_woocommerce_repeats_the_discount_of_the_order() -> None:
    record = run(take(WOO, "order_line", options=ALL))
    assert counted(record) == {"created": 3}, record.report
    assert dict(Order.objects.values_list("number", "total")) == {"734": Decimal("36.00"), "735": Decimal("20.00")}
    assert Contact.objects.get(email="bo@example.com").country == "BE"


@pytest.mark.parametrize(("text", "totals"), [(GERMAN, ["2469.00", "19.90"]), (PORTUGUESE, ["21.00", "1000.00"])])
def test_semicolons_decimal_commas_and_latin_1(text: str, totals: list[str]) -> None:
    record = take(text.encode("latin-1"), "order_line", options=ALL)
    assert (record.questions, record.layout["settings"]["encoding"]) == ([], "latin-1")
    assert all(item["suggestion"]["confidence"] >= 0.8 for item in record.columns)
    assert counted(run(record)) == {"created": 2}, record.report
    assert [str(order.total) for order in Order.objects.order_by("number")] == totals
    assert set(Order.objects.values_list("currency", flat=True)) == {"EUR"}


def test_a_till_knows_no_customers() -> None:
    record = take(TILL.encode("latin-1"), "order_line", options=ALL)
    with pytest.raises(Invalid) as refusal:
        imports.commit(actor=SYSTEM, record_id=record.pk, at=now())
    assert "walk_in" in refusal.value.errors[0].message
    record = run(take(TILL.encode("latin-1"), "order_line", options=ALL | {"walk_in": "shop-1"}))
    assert counted(record) == {"created": 3}, record.report
    order = Order.objects.get(number="100")
    assert (order.company, order.total) == (Company.objects.get(external_id="shop-1"), Decimal("4.30"))
    assert set(OrderLine.objects.values_list("product__name", flat=True)) == {"Brötchen", "Kaffee"}


def test_the_open_data_of_a_british_shop() -> None:
    record = run(take(UCI, "order_line", options=ALL))
    assert codes(record) == {
        3: ["no_matching_purchase"], 6: ["customer_missing"], 7: ["customer_missing"], 8: ["negative_price"],
    }  # fmt: skip
    assert counted(record) == {"created": 3, "failed": 4}
    assert Order.objects.get(number="536365").returned_total == Decimal("5.10")
    record = run(take(UCI, "order_line", options=ALL | {"walk_in": "nobody"}))
    assert counted(record) == {"created": 2, "unchanged": 3, "failed": 2}
