"""Pipelines and deals, as lists and as a board."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern

from core.actors import Actor
from core.admin import PartsInline, RecordAdmin
from core.admin.filters import RelatedFilter
from core.admin.inputs import Choices
from core.registry.operations import Operation
from crm.admin import board
from crm.models import Deal, Pipeline, Stage, StageChange, StageKind


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
    filters = ("kind", ("pipeline", RelatedFilter))


@admin.register(Deal)
class DealAdmin(RecordAdmin):
    """By status, stage and customer."""

    list_display = ("name", "company", "stage", "status", "amount", "currency", "owner", "team", "closed_at")
    list_select_related = ("company", "stage", "owner", "team")
    filters = ("status", ("stage", RelatedFilter), ("company", RelatedFilter))
    inlines = (StageChangeInline,)
    badges = ("status",)
    headline = ("amount", "stage", "company", "contact", "product", "owner", "expected_close_date", "closed_at")
    without_panels = frozenset({"stage_changes"})

    def get_urls(self) -> list[URLPattern]:
        """With the board."""
        return [*board.urls(), *super().get_urls()]

    def offers(self, operation: Operation, record: Deal) -> bool:
        """What is closed can only be reopened, and only what is closed."""
        return (operation.action == "reopen") is record.is_closed

    def choices_for(self, operation: Operation, name: str, record: Deal, actor: Actor) -> Choices | None:
        """The other open stages of its pipeline."""
        if name != "stage_id":
            return None
        stages = Stage.objects.visible_to(actor).alive().filter(pipeline=record.pipeline_id, kind=StageKind.OPEN)
        others = stages.exclude(pk=record.stage_id).order_by("rank")
        return [(str(stage.pk), stage.name) for stage in others]
