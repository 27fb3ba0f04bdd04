"""Files of exports that may show somebody who was erased are thrown away: they can be made anew."""

from __future__ import annotations

from datetime import datetime
from functools import reduce
from operator import or_

from django.core.files.storage import default_storage
from django.db.models import Q

from core import registry
from core.jobs.sending import ACTIVE
from core.models.export import Export
from core.personal.holders import Holder, Subject


def forget(subject: Subject, at: datetime) -> bool:
    """Remove the files with records of kinds that are about people, the content before the note that it is gone.

    False while one is being written that may have been begun before: it is looked at again when its file is there.
    """
    kinds = [item.name for item in registry.entities() if item.model.personal is not None]
    shown = reduce(or_, (Q(reach__grants__has_key=name) for name in kinds))
    for export in Export.objects.exclude(path="").filter(shown, created_at__lte=at).order_by("pk").iterator():
        default_storage.delete(export.path)
        Export.objects.filter(pk=export.pk).update(path="")
    begun = Export.objects.alive().filter(job__status__in=ACTIVE, job__started_at__lte=subject.erased_at)
    return not begun.exists()


EXPORTS = Holder("exports", forget)
