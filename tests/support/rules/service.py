"""Rules of cases and of what is promised for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.files.uploadedfile import SimpleUploadedFile

from accounts.models import User
from core.actors import SYSTEM
from core.models.record import Record
from core.registry import types
from crm.models import CaseChange, CaseDeadline, File, NoteMention, Notification
from crm.services.cases import cases
from crm.services.files import files
from crm.services.tasks import tasks
from tests.support.rules.rule import Rule, Values, ref
from tests.support.values import sample

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


def _notification(samples: Samples) -> Record:
    # The administrator's where there is one: nobody reads another's, whatever else they may.
    user = User.objects.filter(email="administrator@example.com").first() or samples.make("user")
    task = samples.make("task", owner_id=str(user.pk))
    made: Record = Notification.objects.get(record_id=task.pk)
    Notification.objects.filter(pk=made.pk).update(title=f"{samples.marker}told")
    return made


def _mention(samples: Samples) -> Record:
    user = samples.make("user", roles=["administrator"])
    note = samples.make("note", contact_id=ref(samples, "contact"), body=f"{samples.marker}@{user.email}")  # type: ignore[attr-defined]
    made: Record = NoteMention.objects.get(note=note.pk)
    return made


def _file(samples: Samples) -> Record:
    number = samples.next()
    content = SimpleUploadedFile(f"{samples.marker}a {number}.txt", b"text %d" % number)
    given = {"external_id": f"{samples.marker}file {number}", "contact_id": UUID(ref(samples, "contact"))}
    made: Record = File.objects.get(pk=files.upload(actor=SYSTEM, at=samples.at, file=content, **given))
    return made


def _complete(task: Record, samples: Samples) -> None:
    tasks.complete(actor=SYSTEM, record_id=task.pk, at=samples.at)


def _one_subject(name: str) -> Callable[[Samples, Any], Values]:
    """A note is on the record at the other end of its relation and on no other."""
    return lambda samples, record: {"contact_id": None} if name != "contact" else {}


_CALL = {"started_at": "2026-02-01T10:00:00+00:00", "minutes": "4.50", "direction": "inbound"}

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
    "note": Rule(
        why="it is on one record",
        needed=lambda samples: {"contact_id": ref(samples, "contact")},
        complete=lambda samples: {"company_id": None, "deal_id": None, "case_id": None, "order_id": None},
    ),
    "task": Rule(
        why="what comes again is due at some time",
        changed=lambda samples, record: {"recurrence": "weekly", "due_at": "2026-04-01T10:00:00+00:00"},
    ),
}
MAKERS = {
    "case_change": _change,
    "case_deadline": _deadline,
    "file": _file,
    "note_mention": _mention,
    "notification": _notification,
}
OPERATIONS = {
    "upload_file": lambda samples, record: {
        "file": sample(types.Upload(), "file", samples.next()),
        "contact_id": ref(samples, "contact"),
    },
    "log_call": lambda samples, record: {"contact_id": ref(samples, "contact"), **_CALL},
    "log_visit": lambda samples, record: {"contact_id": ref(samples, "contact"), **_CALL, "location": "Ghent"},
    "snooze_task": lambda samples, record: {"until": "2099-01-01T10:00:00+00:00"},
    "assign_case": lambda samples, record: {},
    "escalate_case": lambda samples, record: {},
    "rate_case": lambda samples, record: {"satisfaction_score": 4, "satisfaction_comment": "quick"},
    "respond_case": lambda samples, record: {"body": "Have you tried it?", "minutes": "2.50"},
}
BEFORE = {"reopen_task": _complete, "rate_case": _resolve, "reopen_case": _resolve, "resume_case": _wait}
RELATIVES = {(entity, "notes"): _one_subject(entity) for entity in ("contact", "company", "deal", "case", "order")}
