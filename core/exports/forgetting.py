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
from core.models.job import Job
from core.personal import forgetting
from core.personal.holders import Holder, Subject

# What a job over everything that a search finds was asked for.
_ASKED = ("filter", "q", "values")


def forget(subject: Subject, at: datetime) -> bool:
    """Remove the files with records of kinds that are about people, the content before the note that it is gone.

    False while one is being written that may have been begun before: it is looked at again when its file is there.
    """
    kinds = [item.name for item in registry.entities() if item.model.personal is not None]
    shown = reduce(or_, (Q(reach__grants__has_key=name) for name in kinds))
    for export in Export.objects.exclude(path="").filter(shown, created_at__lte=at).order_by("pk").iterator():
        default_storage.delete(export.path)
        Export.objects.filter(pk=export.pk).update(path="")
    _forget_searches(kinds, at)
    begun = Export.objects.alive().filter(job__status__in=ACTIVE, job__started_at__lte=subject.erased_at)
    return not begun.exists()


def _forget_searches(kinds: list[str], at: datetime) -> None:
    """What was searched for may be the person's name or address: it goes from whatever is over."""
    searches = Export.objects.filter(entity__in=kinds, created_at__lte=at).exclude(job__status__in=ACTIVE)
    told = searches.exclude(filter=None, q=None)
    ids = list(told.values_list("pk", flat=True))
    if ids:
        Export.objects.filter(pk__in=ids).update(filter=None, q=None)
        # After it: the update itself is noted with what was there before.
        forgetting.forget_history(Export, ids, ["filter", "q"])
    asked = Job.objects.filter(parameters__entity__in=kinds, created_at__lte=at).exclude(status__in=ACTIVE)
    for job in asked.filter(parameters__has_any_keys=list(_ASKED)).order_by("pk").iterator():
        Job.objects.filter(pk=job.pk).update(
            parameters={name: value for name, value in job.parameters.items() if name not in _ASKED}
        )


EXPORTS = Holder("exports", forget)
