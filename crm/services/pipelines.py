"""Writes of pipelines and their stages."""

from __future__ import annotations

from django.db.models import F

from core.errors import Conflict
from core.writes.base import Write, Writes
from crm.errors import InUse
from crm.models import Deal, Pipeline, Stage


class Pipelines(Writes[Pipeline]):
    """At most one is the default; the first becomes it. Stages are deleted and restored with their pipeline."""

    def prepare(self, change: Write[Pipeline]) -> None:
        others = Pipeline.objects.alive().filter(is_default=True).exclude(pk=change.record.pk)
        if change.created and "is_default" not in change.values:
            change.record.is_default = not others.exists()
        if change.record.is_default:
            others.update(is_default=False, version=F("version") + 1, updated_at=change.at)

    def deleting(self, change: Write[Pipeline]) -> None:
        if Deal.objects.alive().filter(pipeline=change.record).exists():
            raise InUse("Deals are still in this pipeline.")

    def saved(self, change: Write[Pipeline]) -> None:
        if "deleted_at" in change.before:
            stages = Stage.objects.filter(pipeline=change.record, deleted_at=change.before["deleted_at"])
            stages.update(deleted_at=change.record.deleted_at, version=F("version") + 1, updated_at=change.at)


class Stages(Writes[Stage]):
    """What a stage means does not change under the deals that are in it."""

    def prepare(self, change: Write[Stage]) -> None:
        if "kind" in change.before:
            _refuse_in_use(change.record)
        if "deleted_at" in change.before and change.record.pipeline.deleted_at is not None:
            raise Conflict("The stage's pipeline was deleted: restore that first.")

    def deleting(self, change: Write[Stage]) -> None:
        _refuse_in_use(change.record)


def _refuse_in_use(stage: Stage) -> None:
    if Deal.objects.alive().filter(stage=stage).exists():
        raise InUse("Deals are still in this stage.")


pipelines = Pipelines("pipeline")
stages = Stages("stage")
