"""Rules of analytics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from analytics.models import ContactMetrics
from core.models.record import Record

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _metrics(samples: Samples) -> Record:
    contact = samples.make("contact")
    numbers = {"frequency": 1, "other_currency_orders": 0, "as_of": samples.at, "computed_at": samples.at}
    moments = {"created_at": samples.at, "updated_at": samples.at}
    made: Record = ContactMetrics.objects.create(
        id=contact.pk, contact_id=contact.pk, definition_version="1", window="all", **numbers, **moments
    )
    return made


MAKERS = {"contact_metrics": _metrics}
ALSO = {"metrics_of_contact": ("contact_metrics", "view")}
