"""Tables whose rows a computation stores in PostgreSQL, where both APIs, criteria and the admin reach them."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models

from analytics import steps
from analytics.models import Computed, ContactMetrics, Recommendation
from core.models.record import Record

CONTACT = "contact_id"


@dataclass(frozen=True)
class Target:
    """One table. Its columns, but for those of `Record` and `Computed`, are columns of the step.

    key: what its rows are known by; begins with `contact_id`. The model carries `stored_triggers`.
    """

    step: str
    model: type[models.Model]
    key: tuple[str, ...] = (CONTACT,)

    @property
    def table(self) -> str:
        return str(self.model._meta.db_table)

    @property
    def values(self) -> tuple[str, ...]:
        """The columns beside the key."""
        own = {field.column for base in (Record, Computed) for field in base._meta.fields}
        columns = (str(field.column) for field in self.model._meta.concrete_fields if field.column not in own)
        return tuple(column for column in columns if column not in self.key)

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.key, *self.values)


PROFILES = Target(steps.PROFILES, ContactMetrics)
RECOMMENDATIONS = Target("recommendations", Recommendation, (CONTACT, "rank"))
TARGETS: tuple[Target, ...] = (PROFILES, RECOMMENDATIONS)
