"""The grocery data: households as consumers, their baskets as orders, departments as product lines."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from core.ids import new_id
from crm.demo import campaigns
from crm.demo.baskets import PRICE, Basket, households, read, usual_prices
from crm.demo.copying import analyze, copy_rows
from crm.demo.files import moment, rows
from crm.demo.names import household_email, household_name
from crm.demo.people import ACTOR, CONSUMER_TEAM, People
from crm.models import (
    Contact,
    CustomField,
    Interaction,
    LifecycleChange,
    Order,
    OrderDiscount,
    OrderLine,
    Product,
    ProductLine,
    Touch,
)
from crm.services.custom_fields import custom_fields

PREFIX = "complete_journey:"
DEMOGRAPHICS = {
    "age": ("age_band", "Age"),
    "income": ("income_band", "Income"),
    "home_ownership": ("home_ownership", "Home ownership"),
    "marital_status": ("marital_status", "Marital status"),
    "household_size": ("household_size", "Household size"),
    "household_comp": ("household_composition", "Household composition"),
    "kids_count": ("kids_count", "Children"),
}
# Invented, so that there are margins to look at: what a product costs us, as a part of its usual price.
COST_RATES = {
    "GROCERY": "0.74", "DRUG GM": "0.68", "PRODUCE": "0.62", "FUEL": "0.95", "MEAT": "0.76", "MEAT-PCKGD": "0.74",
    "DELI": "0.58", "PASTRY": "0.52", "NUTRITION": "0.66", "SEAFOOD": "0.78", "SEAFOOD-PCKGD": "0.76", "FLORAL": "0.55",
    "COSMETICS": "0.60", "SALAD BAR": "0.50", "SPIRITS": "0.72",
}  # fmt: skip
OTHER_COST_RATE = "0.70"


def is_loaded() -> bool:
    return Contact.objects.filter(external_id__startswith=PREFIX).exists()


def load(people: People, at: datetime) -> dict[str, int]:
    """Write the whole data set; returns how many rows of what."""
    catalogue = {row["product_id"]: row for row in rows("complete_journey_products")}
    baskets = read(catalogue)
    demographics = _demographics(at)
    product_ids, costs, lines = _products(baskets, catalogue, at)
    first: dict[int, datetime] = {}
    for basket in baskets:
        first[basket.household] = min(basket.placed_at, first.get(basket.household, basket.placed_at))
    contacts = {number: new_id() for number in households()}
    team_id = people.teams[CONSUMER_TEAM]
    columns = ("external_id", "first_name", "last_name", "email", "lifecycle_stage", "source", "team_id", "custom")
    made = {"product lines": lines, "products": len(product_ids)}
    made["contacts"] = copy_rows(Contact, columns, _contacts(contacts, demographics, team_id), at)
    changes = (
        {"contact_id": key, "to_stage": "customer", "at": first[number], "by": "demo data"}
        for number, key in contacts.items()
    )
    copy_rows(LifecycleChange, ("contact_id", "to_stage", "at", "by"), changes, at)
    made |= _orders(baskets, contacts, product_ids, costs, at)
    made["interactions"] = _redemptions(contacts, at)
    made["touches"] = campaigns.load(contacts, PREFIX, at)
    analyze(Contact, Product, Order, OrderLine, OrderDiscount, Interaction, Touch)
    return made


def _demographics(at: datetime) -> dict[int, dict[str, str]]:
    """What is known of a household, by key of the custom field; defines the fields."""
    options: dict[str, set[str]] = defaultdict(set)
    found: dict[int, dict[str, str]] = {}
    for row in rows("complete_journey_demographics"):
        known = {key: row[column] for column, (key, _) in DEMOGRAPHICS.items() if row[column]}
        found[int(row["household_id"])] = known
        for key, value in known.items():
            options[key].add(value)
    for key, label in DEMOGRAPHICS.values():
        if not CustomField.objects.alive().filter(entity="contact", key=key).exists():
            definition = {"entity": "contact", "key": key, "label": label, "type": "choice"}
            custom_fields.create(actor=ACTOR, values=definition | {"choices": sorted(options[key])}, at=at)
    return found


def _contacts(
    contacts: dict[int, UUID], demographics: dict[int, dict[str, str]], team_id: UUID
) -> Iterator[dict[str, Any]]:
    for number, key in contacts.items():
        first_name, last_name = household_name(number)
        yield {
            "id": key,
            "external_id": f"{PREFIX}household:{number}",
            "first_name": first_name,
            "last_name": last_name,
            "email": household_email(number),
            "lifecycle_stage": "customer",
            "source": "store",
            "team_id": team_id,
            "custom": demographics.get(number, {}),
        }


def _products(
    baskets: list[Basket], catalogue: dict[str, dict[str, str]], at: datetime
) -> tuple[dict[str, UUID], dict[str, Decimal], int]:
    """Ids and unit costs of the products that were bought, and how many product lines they make."""
    prices = usual_prices(baskets)
    ids, costs = {product: new_id() for product in sorted(prices, key=int)}, {}
    departments = sorted({catalogue[one]["department"] for one in prices if one in catalogue} - {""})
    lines = {name: new_id() for name in departments}
    made = ({"id": key, "external_id": f"{PREFIX}department:{name}", "name": name} for name, key in lines.items())
    count = copy_rows(ProductLine, ("external_id", "name"), made, at)
    records = []
    for product, key in ids.items():
        row = catalogue.get(product, defaultdict(str))
        rate = Decimal(COST_RATES.get(row["department"], OTHER_COST_RATE))
        costs[product] = (prices[product] * rate).quantize(PRICE, ROUND_HALF_UP)
        records.append({
            "id": key, "external_id": f"{PREFIX}product:{product}", "sku": product, "name": _product_name(product, row),
            "line_id": lines.get(row["department"]), "category": row["product_category"] or None,
            "brand": row["brand"] or None, "unit_price": prices[product], "unit_cost": costs[product],
        })  # fmt: skip
    columns = ("external_id", "sku", "name", "line_id", "category", "brand", "unit_price", "unit_cost")
    copy_rows(Product, columns, records, at)
    return ids, costs, count


def _product_name(product: str, row: dict[str, str]) -> str:
    name = row["product_type"] or row["product_category"] or f"Product {product}"
    return f"{name}, {row['package_size'].strip()}" if row["package_size"].strip() else name


def _orders(
    baskets: list[Basket],
    contacts: dict[int, UUID],
    products: dict[str, UUID],
    costs: dict[str, Decimal],
    at: datetime,
) -> dict[str, int]:
    codes = _coupon_codes(baskets)
    orders, lines, discounts = [], [], []
    for basket in baskets:
        order_id, code = new_id(), codes.get(basket.key)
        for position, line in enumerate(basket.lines, start=1):
            line_id = new_id()
            lines.append({
                "id": line_id, "order_id": order_id, "position": position, "product_id": products[line.product],
                "quantity": line.quantity, "unit_price": line.unit_price, "unit_cost": costs[line.product],
                "discount_total": line.borne, "reimbursed_total": line.reimbursed, "total": line.total,
                "placed_at": basket.placed_at,
            })  # fmt: skip
            discounts += [_discount(order_id, line_id, *one, code) for one in line.discounts]
        discounts += [_discount(order_id, None, "coupon", amount, True, code) for amount in basket.coupons]
        orders.append(_order(basket, order_id, contacts[basket.household], code))
    made = {"orders": copy_rows(Order, tuple(orders[0]), orders, at)}
    made["order lines"] = copy_rows(OrderLine, tuple(lines[0]), lines, at)
    made["discounts"] = copy_rows(OrderDiscount, tuple(discounts[0]), discounts, at)
    return made


def _order(basket: Basket, order_id: UUID, contact_id: UUID, code: str | None) -> dict[str, Any]:
    total, borne = sum(line.total for line in basket.lines), sum(line.borne for line in basket.lines)
    return {
        "id": order_id, "external_id": f"{PREFIX}basket:{basket.key}", "number": f"B-{basket.key}",
        "contact_id": contact_id, "placed_at": basket.placed_at, "status": "completed", "channel": "store",
        "location": f"store {basket.store}", "coupon_code": code, "subtotal": total + borne, "discount_total": borne,
        "reimbursed_total": sum(line.reimbursed for line in basket.lines) + sum(basket.coupons), "total": total,
    }  # fmt: skip


def _discount(
    order_id: UUID, line_id: UUID | None, kind: str, amount: Decimal, reimbursed: bool, code: str | None
) -> dict[str, Any]:
    return {
        "order_id": order_id, "line_id": line_id, "kind": kind, "amount": amount, "is_reimbursed": reimbursed,
        "code": code if kind == "coupon" else None,
    }  # fmt: skip


def _coupon_codes(baskets: list[Basket]) -> dict[str, str]:
    """The coupon of a basket, where it can only be that one: one redemption and one couponed basket on that day."""
    couponed: dict[tuple[int, Any], list[str]] = defaultdict(list)
    for basket in baskets:
        if basket.coupons or any(line.reimbursed for line in basket.lines):
            couponed[basket.household, basket.placed_at.date()].append(basket.key)
    redeemed = [(int(row["household_id"]), row["redemption_date"][:10], row["coupon_upc"]) for row in _redeemed()]
    count = Counter((household, day) for household, day, _ in redeemed)
    found: dict[str, str] = {}
    for household, day, code in redeemed:
        keys = couponed.get((household, datetime.fromisoformat(day).date()), [])
        if len(keys) == 1 and count[household, day] == 1:
            found[keys[0]] = code
    return found


def _redeemed() -> Iterable[dict[str, str]]:
    return rows("complete_journey_coupon_redemptions")


def _redemptions(contacts: dict[int, UUID], at: datetime) -> int:
    """Redemptions of coupons as interactions in a store; those of households without a line are left out."""
    columns = ("contact_id", "channel", "kind", "direction", "occurred_at", "subject", "outcome", "data")
    return copy_rows(
        Interaction,
        columns,
        (
            {
                "contact_id": contacts[int(row["household_id"])], "channel": "store", "kind": "coupon_redemption",
                "direction": "inbound", "occurred_at": moment(row["redemption_date"]), "outcome": "redeemed",
                "subject": f"Coupon {row['coupon_upc']} redeemed",
                "data": {"coupon_upc": row["coupon_upc"], "campaign_id": row["campaign_id"]},
            }
            for row in _redeemed()
            if int(row["household_id"]) in contacts
        ),
        at,
    )  # fmt: skip
