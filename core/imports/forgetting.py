"""Files of imports that may hold somebody who was erased are thrown away, with the rows kept of them."""

from __future__ import annotations

from datetime import datetime

from core import registry
from core.imports import files
from core.models.imports import Import, ImportProblem
from core.personal.holders import Holder, Subject

_BUSY = (Import.Status.CHECKING, Import.Status.COMMITTING)


def forget(subject: Subject, at: datetime) -> bool:
    """Remove what came before the erasure, of kinds that are about people; False while a worker still reads one."""
    kinds = [item.name for item in registry.entities() if item.model.personal is not None]
    found = Import.objects.filter(entity__in=kinds, created_at__lte=subject.erased_at)
    for record in found.exclude(status__in=_BUSY).order_by("pk").iterator():
        files.remove(record.path)
        ImportProblem.objects.filter(source=record).delete()
        nothing: list[str] = []
        told = {"columns": nothing, "preview": nothing, "questions": nothing, "notices": nothing, "report": {}}
        Import.objects.filter(pk=record.pk).update(path=None, **told)
    return not found.filter(status__in=_BUSY).exists()


IMPORTS = Holder("imports", forget)
