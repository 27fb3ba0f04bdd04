"""Product lines, products, price tiers and the prices in them."""

from __future__ import annotations

from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import many, one
from crm.entities import common
from crm.models import PriceTier, PriceTierPrice, Product, ProductLine
from crm.services.catalogue import price_tier_prices, price_tiers, product_lines, products

PRODUCT_LINE = Entity(
    name="product_line",
    plural="product-lines",
    model=ProductLine,
    doc="A family of products whose profitability is looked at together.",
    fields=(*common.record_fields(ProductLine), field(ProductLine, "name", sortable=True)),
    relations=(many("products", "product", "line_id", "Its products."),),
    writes=product_lines,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

PRODUCT = Entity(
    name="product",
    plural="products",
    model=Product,
    doc="Something that is sold.",
    fields=(
        *common.record_fields(Product),
        field(Product, "sku", sortable=True),
        field(Product, "name", sortable=True),
        common.reference(Product, "line_id", "product_line"),
        field(Product, "category", groupable=True),
        field(Product, "brand", groupable=True),
        common.money(Product, "unit_price", sortable=True),
        common.money(Product, "unit_cost", needs="view_costs"),
        common.currency(Product),
        field(Product, "active", groupable=True),
        common.custom_field(Product),
    ),
    relations=(
        one("line", "product_line", doc="The product line it belongs to."),
        many("tier_prices", "price_tier_price", "product_id", "Its price in each tier."),
        many("order_lines", "order_line", "product_id", "Where it was bought."),
        many("deals", "deal", "product_id", "Deals about it."),
        many("cases", "case", "product_id", "What help was asked for."),
    ),
    writes=products,
    keys=("external_id", "sku"),
    search_fields=("name", "sku"),
    identity="name",
    **common.CUSTOM,
)

PRICE_TIER = Entity(
    name="price_tier",
    plural="price-tiers",
    model=PriceTier,
    doc="A level of price and service.",
    fields=(
        *common.record_fields(PriceTier),
        field(PriceTier, "name", sortable=True),
        field(PriceTier, "rank", sortable=True),
    ),
    relations=(many("prices", "price_tier_price", "tier_id", "Prices of products in it."),),
    writes=price_tiers,
    keys=("external_id", "name"),
    search_fields=("name",),
    identity="name",
)

PRICE_TIER_PRICE = Entity(
    name="price_tier_price",
    plural="price-tier-prices",
    model=PriceTierPrice,
    doc="The price of a product in a tier.",
    fields=(
        *common.record_fields(PriceTierPrice),
        common.reference(PriceTierPrice, "tier_id", "price_tier"),
        common.reference(PriceTierPrice, "product_id", "product"),
        common.money(PriceTierPrice, "unit_price"),
        common.currency(PriceTierPrice),
    ),
    relations=(one("tier", "price_tier"), one("product", "product")),
    writes=price_tier_prices,
)
