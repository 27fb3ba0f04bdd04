"""Pipelines and deals. A deal is won, lost and moved over the APIs."""

from __future__ import annotations

from django.contrib import admin
from unfold.contrib.filters.admin import AutocompleteSelectFilter

from core.admin import PartsInline, RecordAdmin
from crm.models import Deal, Pipeline, Stage, StageChange


class StageChangeInline(PartsInline):
    """The deal's way."""

    model = StageChange
    fk_name = "deal"
    columns = ("at", "from_stage", "to_stage", "by")
    related = ("from_stage", "to_stage")


class StageInline(PartsInline):
    """The pipeline's stages."""

    model = Stage
    columns = ("rank", "name", "kind", "probability")


@admin.register(Pipeline)
class PipelineAdmin(RecordAdmin):
    """Ways of selling."""

    list_display = ("name", "is_default")
    inlines = (StageInline,)


@admin.register(Stage)
class StageAdmin(RecordAdmin):
    """Steps of pipelines."""

    list_display = ("name", "pipeline", "rank", "kind", "probability")
    list_select_related = ("pipeline",)
    filters = ("kind", ("pipeline", AutocompleteSelectFilter))


@admin.register(Deal)
class DealAdmin(RecordAdmin):
    """By status, stage and customer."""

    list_display = ("name", "company", "stage", "status", "amount", "currency", "owner", "team", "closed_at")
    list_select_related = ("company", "stage", "owner", "team")
    filters = ("status", ("stage", AutocompleteSelectFilter), ("company", AutocompleteSelectFilter))
    inlines = (StageChangeInline,)
