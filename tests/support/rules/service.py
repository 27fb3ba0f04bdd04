"""Rules of cases and of what is promised for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actors import SYSTEM
from core.models.record import Record
from crm.models import CaseChange, CaseDeadline
from crm.services.cases import cases
from tests.support.rules.rule import Rule, Values, ref

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _case(samples: Samples) -> Values:
    # The numbers that the product makes are never the same twice.
    return {"number": f"{samples.marker}C-{samples.next()}", "contact_id": ref(samples, "contact")}


def _change(samples: Samples) -> Record:
    made: Record = CaseChange.objects.get(case=samples.make("case").pk)
    return made


def _deadline(samples: Samples) -> Record:
    level = samples.make("service_level", normal_resolution_minutes=60)
    case = samples.make("case", service_level_id=str(level.pk), priority="normal")
    made: Record = CaseDeadline.objects.get(case=case.pk)
    return made


def _wait(case: Record, samples: Samples) -> None:
    cases.wait(actor=SYSTEM, record_id=case.pk, at=samples.at)


def _resolve(case: Record, samples: Samples) -> None:
    cases.resolve(actor=SYSTEM, record_id=case.pk, at=samples.at)


SPANS = [{"weekday": "monday", "opens": "09:00", "closes": "17:00"}]

RULES = {
    "business_calendar": Rule(
        why="spans and dates have a form of their own, time zones are known ones",
        needed=lambda samples: {"spans": SPANS},
        complete=lambda samples: {"time_zone": "Europe/Brussels", "holidays": ["2026-12-25"]},
        changed=lambda samples, record: {
            "time_zone": "Asia/Tokyo",
            "holidays": ["2026-01-01"],
            "spans": [{"weekday": "friday", "opens": "22:00", "closes": "06:00"}],
        },
    ),
    "case": Rule(
        why="it is of a contact or a company; it was not opened in the future",
        needed=_case,
        complete=lambda samples: {"opened_at": "2026-02-01T10:00:00+00:00"},
    ),
}
MAKERS = {"case_change": _change, "case_deadline": _deadline}
OPERATIONS = {
    "assign_case": lambda samples, record: {},
    "escalate_case": lambda samples, record: {},
    "rate_case": lambda samples, record: {"satisfaction_score": 4, "satisfaction_comment": "quick"},
    "respond_case": lambda samples, record: {"body": "Have you tried it?", "minutes": "2.50"},
}
BEFORE = {"rate_case": _resolve, "reopen_case": _resolve, "resume_case": _wait}
