"""What is sold: product lines, products, price tiers and the price of a product in each tier."""

from __future__ import annotations

from django.db import models

from core.facts import fact_triggers
from core.history.triggers import history_triggers
from core.models.record import Record, live_unique
from crm.models import rules
from crm.models.base import PRICE, Customised


class ProductLine(Record):
    """A family of products whose profitability is looked at together."""

    name = models.CharField(max_length=150)

    class Meta:
        db_table = "crm_product_line"
        triggers = [*history_triggers("product_line"), *fact_triggers("product_lines")]
        constraints = [live_unique("crm", "product_line", "external_id"), live_unique("crm", "product_line", "name")]
        indexes = [rules.by("product_line", "name"), rules.contains("product_line", "name")]

    def __str__(self) -> str:
        return self.name


class Product(Customised, Record):
    """Something that is sold. `unit_cost` is what one costs us; it is shown to those who may see costs."""

    sku = models.CharField(max_length=100, null=True, blank=True, help_text="Stock keeping unit.")
    name = models.CharField(max_length=200)
    line = models.ForeignKey(
        "crm.ProductLine",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="products",
        db_index=False,
        help_text="The product line it belongs to.",
    )
    category = models.CharField(max_length=150, null=True, blank=True)
    brand = models.CharField(max_length=100, null=True, blank=True)
    unit_price = models.DecimalField(**PRICE, null=True, blank=True, help_text="List price of one.")
    unit_cost = models.DecimalField(**PRICE, null=True, blank=True, help_text="What one costs us.")
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217 code.")
    active = models.BooleanField(default=True, help_text="Whether it can be sold.")

    class Meta:
        db_table = "crm_product"
        triggers = [*history_triggers("product"), *fact_triggers("products")]
        constraints = [
            live_unique("crm", "product", "external_id"),
            live_unique("crm", "product", "sku"),
            rules.currency_code("product"),
            rules.at_least("product", "unit_price"),
            rules.at_least("product", "unit_cost"),
        ]
        indexes = [
            rules.deleted("product"),
            rules.by("product", "line"),
            rules.by("product", "name"),
            rules.by("product", "sku"),
            rules.by("product", "unit_price"),
            rules.by("product", "category"),
            rules.by("product", "created_at"),
            rules.by("product", "updated_at"),
            rules.contains("product", "name"),
            rules.contains("product", "sku"),
            rules.values("product", "custom"),
        ]

    def __str__(self) -> str:
        return self.name


class PriceTier(Record):
    """A level of price and service; `rank` orders tiers from the lowest."""

    name = models.CharField(max_length=100)
    rank = models.PositiveSmallIntegerField(help_text="Order among tiers; 1 is the lowest.")

    class Meta:
        db_table = "crm_price_tier"
        triggers = [*history_triggers("price_tier"), *fact_triggers("price_tiers")]
        constraints = [
            live_unique("crm", "price_tier", "external_id"),
            live_unique("crm", "price_tier", "name"),
            live_unique("crm", "price_tier", "rank"),
        ]

    def __str__(self) -> str:
        return self.name


class PriceTierPrice(Record):
    """The price of a product in a tier."""

    tier = models.ForeignKey("crm.PriceTier", models.CASCADE, related_name="prices", db_index=False)
    product = models.ForeignKey("crm.Product", models.CASCADE, related_name="tier_prices", db_index=False)
    unit_price = models.DecimalField(**PRICE, help_text="Price of one in this tier.")
    currency = models.CharField(max_length=3, default="USD", help_text="ISO 4217 code.")

    class Meta:
        db_table = "crm_price_tier_price"
        triggers = [*history_triggers("price_tier_price"), *fact_triggers("price_tier_prices")]
        constraints = [
            live_unique("crm", "price_tier_price", "external_id"),
            live_unique("crm", "price_tier_price", "product", "tier", "currency"),
            rules.currency_code("price_tier_price"),
            rules.at_least("price_tier_price", "unit_price"),
        ]
        indexes = [rules.by("tier_price", "tier"), rules.by("tier_price", "product")]

    def __str__(self) -> str:
        return f"{self.unit_price} {self.currency}"
