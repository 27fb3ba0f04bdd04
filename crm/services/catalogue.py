"""Writes of product lines, products, price tiers and prices."""

from __future__ import annotations

from core.writes.base import Writes
from crm.models import PriceTier, PriceTierPrice, Product, ProductLine
from crm.services.described import CustomisedWrites

product_lines: Writes[ProductLine] = Writes("product_line")
products: CustomisedWrites[Product] = CustomisedWrites("product")
price_tiers: Writes[PriceTier] = Writes("price_tier")
price_tier_prices: Writes[PriceTierPrice] = Writes("price_tier_price")
