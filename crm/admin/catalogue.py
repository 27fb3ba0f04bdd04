"""What is sold, and for how much."""

from __future__ import annotations

from django.contrib import admin

from core.admin import RecordAdmin
from core.admin.filters import RelatedFilter
from crm.models import PriceTier, PriceTierPrice, Product, ProductLine


@admin.register(ProductLine)
class ProductLineAdmin(RecordAdmin):
    """Families of products."""

    list_display = ("name", "created_at")


@admin.register(Product)
class ProductAdmin(RecordAdmin):
    """Costs are shown on the page, to those who may see them, and never in the list."""

    list_display = ("name", "sku", "line", "category", "unit_price", "currency", "active")
    list_select_related = ("line",)
    filters = ("active", ("line", RelatedFilter))


@admin.register(PriceTier)
class PriceTierAdmin(RecordAdmin):
    """Levels of price and service."""

    list_display = ("name", "rank")


@admin.register(PriceTierPrice)
class PriceTierPriceAdmin(RecordAdmin):
    """Prices in tiers."""

    list_display = ("product", "tier", "unit_price", "currency")
    list_select_related = ("product", "tier")
    filters = (("tier", RelatedFilter), ("product", RelatedFilter))
