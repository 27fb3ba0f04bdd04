"""Rules of exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.exports import work
from core.models import Export
from core.models.record import Record
from tests.support.rules.rule import Rule

if TYPE_CHECKING:
    from tests.support.samples import Samples


def written(export: Record, samples: Samples) -> None:
    """Carry the work out, so that there is a file; as if whoever has the export now had asked for it."""
    work.carry_out(job_id=export.job_id)  # type: ignore[attr-defined]
    Export.objects.filter(pk=export.pk).update(reach={"grants": {}, "teams": [], "partner_id": None})


RULES = {
    "export": Rule(
        why="what is exported, and by what it is searched and sorted, is something that there is",
        needed=lambda samples: {"entity": "contact", "format": "csv"},
        complete=lambda samples: {
            "filter": {"field": "name", "op": "is_null", "value": False},
            "q": "a",
            "sort": ["-name"],
            "fields": ["name", "company.name"],
            "deleted": False,
        },
    )
}
BEFORE = {"export_content": written}
