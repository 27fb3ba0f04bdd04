"""Writes of product lines, products, price tiers and prices."""

from __future__ import annotations

from core.writes.base import Writes
from crm.models import PriceTier, PriceTierPrice, Product, ProductLine
from crm.services.described import CustomisedWrites


class ProductLines(Writes[ProductLine]):
    """Has no rules of its own."""

    together = True


class Products(CustomisedWrites[Product]):
    """Has no rules but those of custom fields."""

    together = True


product_lines = ProductLines("product_line")
products = Products("product")
price_tiers: Writes[PriceTier] = Writes("price_tier")
price_tier_prices: Writes[PriceTierPrice] = Writes("price_tier_price")
