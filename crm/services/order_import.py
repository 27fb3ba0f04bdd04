"""Rows of order lines, as shops export them, become orders with lines and returns.

One row is one position. Rows of one order number are one order, wherever they stand in the file; rows of negative
quantity are goods that came back. Sales are written first, all of them, then what came back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction

from core.actors import Actor
from core.errors import DomainError, Invalid
from core.imports import kinds
from core.imports.kinds import Context, Counts
from core.imports.mapping.targets import Target
from core.imports.plan import CellError, Parsed
from core.imports.records import errors_of
from core.imports.relations import Relations
from core.problems import domain_error_of
from core.writes import bulk
from crm.models import Order, OrderReturn
from crm.services.companies import companies
from crm.services.countries import CODES
from crm.services.order_line_targets import RELATED, REQUIRED, TARGETS, complete, line_values, order_values
from crm.services.order_matching import Purchases, return_keys
from crm.services.orders import orders

NAME = "order_line"
CENT = Decimal("0.01")
MODES = ("create", "skip_existing", "upsert")


class OrderLines:
    """The kind `order_line` of imports."""

    name = NAME
    grouped: str | None = "order_number"
    phased: tuple[str, ...] = ("quantity",)

    def targets(self, actor: Actor) -> dict[str, Target]:
        return dict(TARGETS)

    def words(self) -> kinds.Words:
        return {}

    def check(self, used: frozenset[str], options: Mapping[str, Any]) -> dict[str, Any]:
        """Needs the order's number, moment and quantity, a price or a total, and a product or a description."""
        found = dict(options)
        missing = [name for name in REQUIRED if name not in used]
        if missing:
            raise Invalid.one("/mapping", "required", f"Map a column to {', '.join(missing)}.")
        if not used & {"unit_price", "line_total"}:
            raise Invalid.one("/mapping", "required", "Map a column to unit_price or line_total.")
        if "description" not in used and not any(name.startswith("product.") for name in used):
            raise Invalid.one(
                "/mapping", "required", "Map a column to description, product.sku or product.external_id."
            )
        has_customer = any(name.startswith(("contact.", "company.")) for name in used)
        if not has_customer and not found.get("walk_in"):
            raise Invalid.one("/mapping", "required", "Map a column to a customer, or give the option walk_in.")
        if found.setdefault("mode", "skip_existing") not in MODES:
            raise Invalid.one("/options/mode", "not_allowed", f"Orders are imported by: {', '.join(MODES)}.")
        found.setdefault("returns", "match")
        return found

    def require(self, actor: Actor, used: frozenset[str], options: Mapping[str, Any]) -> None:
        actor.require("order", "create")
        if options["returns"] == "match":
            actor.require("order", "return")
        for relation in creatable(options):
            if (relation == "company" and options.get("walk_in")) or any(n.startswith(f"{relation}.") for n in used):
                actor.require(relation, "create")

    def uniques(self, options: Mapping[str, Any], used: frozenset[str]) -> tuple[str, ...]:
        return ()

    def phase(self, parsed: Parsed) -> int:
        return int(_is_return(parsed))

    def writer(self, context: Context) -> OrderLineWriter:
        return OrderLineWriter(context)


def creatable(options: Mapping[str, Any]) -> frozenset[str]:
    """What may be made where it is missing."""
    asked = options.get("create_missing")
    return frozenset(RELATED) if asked is True else frozenset(asked or ())


def _is_return(parsed: Parsed) -> bool:
    return (parsed.values.get("quantity") or 0) < 0


class OrderLineWriter:
    """Writes chunks of whole groups of rows."""

    def __init__(self, context: Context) -> None:
        self._context, self._plan, self._options = context, context.plan, context.options
        self._relations = Relations(
            self._plan, context.actor, creatable(self._options), further=_further, is_dry=context.is_dry
        )
        self._walk_in: UUID | None = None
        self._purchases = Purchases(context.actor, is_dry=context.is_dry)

    def write(self, rows: Sequence[Parsed], counts: Counts, at: datetime) -> None:
        """A chunk, in the caller's transaction."""
        orders_of: dict[Any, list[Parsed]] = {}
        for parsed in rows:
            orders_of.setdefault(parsed.values.get("order_number", -1 - parsed.place), []).append(parsed)
        for group in orders_of.values():
            if len(group) > 1:
                complete(group)
        for parsed in rows:
            self._complete(parsed)
        sold: dict[Any, list[Parsed]] = {}
        for parsed in rows:
            if not _is_return(parsed):
                sold.setdefault(parsed.values.get("order_number", -parsed.place), []).append(parsed)
        there = self._there([number for number in sold if isinstance(number, str)])
        # What is wrong with the rows themselves comes first: nothing is made for an order that does not go in.
        for number, group in sold.items():
            if number not in there:
                self._weigh(group)
        self._relations.made = counts.related
        self._relations.resolve(rows, at)
        for parsed in rows:
            self._find_customer(parsed, at, counts)
        self._sell([group for group in sold.values() if _is_whole(group)], there, counts, at)
        self._take_back([parsed for parsed in rows if _is_return(parsed) and not parsed.errors], counts, at)
        counts.failed += sum(1 for parsed in rows if parsed.errors)

    def undone(self) -> None:
        self._relations.forget()
        self._walk_in = None

    # What the rows say

    def _complete(self, parsed: Parsed) -> None:
        """Rules of one row."""
        values = parsed.values
        if parsed.errors:
            return
        for name in REQUIRED:
            if values.get(name) is None:
                self._refuse(parsed, name, "required", "This field is required.")
        if values.get("unit_price") is None and values.get("line_total") is None:
            self._refuse(parsed, "unit_price", "required", "There is neither a price nor a total.")
        if (values.get("unit_price") or 0) < 0:
            self._refuse(parsed, "unit_price", "negative_price", "The price is negative: no goods were sold for it.")
        has_customer = any(key is not None and not name.startswith("product.") for name, key in parsed.related.items())
        if not (
            parsed.errors
            or has_customer
            or values.get("contact_id")
            or values.get("company_id")
            or self._options.get("walk_in")
        ):
            self._refuse(parsed, "contact_id", "customer_missing", "The row has no customer.")
        if _is_return(parsed) and self._options["returns"] == "error":
            self._refuse(parsed, "quantity", "negative_quantity", "The quantity is negative.")

    def _find_customer(self, parsed: Parsed, at: datetime, counts: Counts) -> None:
        values = parsed.values
        if parsed.errors or values.get("contact_id") or values.get("company_id"):
            return
        if self._walk_in is None:
            self._walk_in = self._company(str(self._options["walk_in"]), at, counts)
        if self._walk_in is None:
            self._refuse(parsed, "contact_id", "not_found", "There is no company with the external id of walk_in.")
        else:
            values["company_id"] = self._walk_in

    def _company(self, external_id: str, at: datetime, counts: Counts) -> UUID | None:
        rows = companies.entity.model._default_manager.visible_to(self._context.actor).alive()
        found: UUID | None = rows.filter(external_id=external_id).values_list("pk", flat=True).first()
        if found is None and "company" in creatable(self._options):
            given = {"external_id": external_id, "name": external_id}
            found = companies.create(actor=self._context.actor, values=given, at=at).pk
            counts.related["company"] = counts.related.get("company", 0) + 1
        return found

    # What is sold

    def _there(self, numbers: Sequence[str]) -> frozenset[str]:
        if self._options["mode"] == "create" or not numbers:
            return frozenset()
        found = Order.objects.alive().filter(number__in=numbers).visible_to(self._context.actor)
        return frozenset(found.values_list("number", flat=True))

    def _weigh(self, group: list[Parsed]) -> None:
        for parsed in group:
            if not parsed.errors:
                self._check_total(parsed)
        _is_whole(group)

    def _sell(self, groups: Sequence[list[Parsed]], there: frozenset[str], counts: Counts, at: datetime) -> None:
        new = []
        for group in groups:
            if group[0].values["order_number"] in there:
                counts.unchanged += len(group)
                self._purchases.note(group)
            elif self._fits(group):
                new.append(group)
        values = [order_values(group) for group in new]
        results = bulk.create_many(orders, actor=self._context.actor, values=values, at=at, cleaned=True)
        for group, result in zip(new, results, strict=True):
            if result.error is None:
                counts.created += len(group)
                counts.related["order"] = counts.related.get("order", 0) + 1
                self._purchases.note(group)
            else:
                self._blame(group, result.error)

    def _fits(self, group: list[Parsed]) -> bool:
        """What all rows of an order must have in common."""
        for name in ("contact_id", "company_id", "currency", "order_discount"):
            if len({parsed.values.get(name) for parsed in group}) > 1:
                for parsed in group:
                    self._refuse(
                        parsed, name, "order_differs", f"Rows of one order differ in {name.removesuffix('_id')}."
                    )
                return False
        return True

    def _check_total(self, parsed: Parsed) -> None:
        """Where the row tells its total, it must be what quantity, price and discounts come to."""
        told, line = parsed.values.get("line_total"), line_values(parsed)
        comes_to = (line["quantity"] * line["unit_price"]).quantize(CENT, ROUND_HALF_UP)
        comes_to -= sum((one["amount"] for one in line["discounts"] if not one["is_reimbursed"]), Decimal(0))
        if comes_to < 0:
            self._refuse(parsed, "quantity", "out_of_range", "Discounts are more than the line comes to.")
        elif told is not None and abs(told - comes_to) > CENT:
            text = f"The row's total is {told}, but quantity, price and discounts come to {comes_to}."
            self._refuse(parsed, "line_total", "total_mismatch", text)

    def _blame(self, group: list[Parsed], error: DomainError) -> None:
        """A refusal of the order: of the rows that it names, else of all of them."""
        for fault in error.errors:
            parts = fault.pointer.split("/")
            if len(parts) > 3 and parts[1] == "lines" and parts[2].isdigit() and int(parts[2]) < len(group):
                self._refuse(group[int(parts[2])], parts[3], fault.code, fault.message)
        if all(not parsed.errors for parsed in group):
            for parsed in group:
                parsed.errors += errors_of(error, self._plan)
        _is_whole(group)

    # What came back

    def _take_back(self, rows: Sequence[Parsed], counts: Counts, at: datetime) -> None:
        if self._options["returns"] == "skip":
            counts.skipped += len(rows)
            return
        keys = return_keys(rows)
        there = set(
            OrderReturn.objects.alive().filter(external_id__in=keys.values()).values_list("external_id", flat=True)
        )
        fresh = [parsed for parsed in rows if keys[id(parsed)] not in there]
        counts.unchanged += len(rows) - len(fresh)
        self._purchases.load(fresh)
        for parsed in fresh:
            try:
                with transaction.atomic():
                    matched = self._purchases.take_back(parsed, keys[id(parsed)], at)
            except (DomainError, DatabaseError) as refusal:
                error = domain_error_of(refusal)
                if error.status >= 500:
                    raise
                parsed.errors += errors_of(error, self._plan)
                continue
            if matched:
                counts.created += 1
                counts.related["order_return"] = counts.related.get("order_return", 0) + 1
            else:
                text = "No earlier purchase of this product by this customer has so many left to come back."
                self._refuse(parsed, "quantity", "no_matching_purchase", text)

    def _refuse(self, parsed: Parsed, name: str, code: str, text: str) -> None:
        parsed.errors.append(CellError(self._plan.column_of(name), code, text))


def _further(relation: str, parsed: Parsed) -> dict[str, Any]:
    """What a row says of a customer or product that is made for it."""
    country = CODES.get(str(parsed.values.get("country") or "").casefold(), parsed.values.get("country"))
    if relation in ("contact", "company") and country and len(country) == 2:
        return {"country": country}
    if relation == "product" and parsed.values.get("description"):
        return {"name": parsed.values["description"]}
    return {}


def _is_whole(group: list[Parsed]) -> bool:
    """Whether no row of an order has errors; if one has, the others may not go in without it."""
    wrong = [parsed for parsed in group if parsed.errors]
    for parsed in group if wrong else ():
        if not parsed.errors:
            text = f"Row {wrong[0].row.number} of the same order has an error."
            parsed.errors.append(CellError(None, "order_incomplete", text))
    return not wrong
