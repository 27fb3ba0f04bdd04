"""Rules of imports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import SimpleUploadedFile

from core.actors import SYSTEM
from core.imports.service import imports
from core.models import Import
from core.models.record import Record
from tests.support.rules.rule import Rule, Values

if TYPE_CHECKING:
    from tests.support.samples import Samples

MAPPING = {"columns": {"email": "email"}, "constants": {}}


def _file(samples: Samples) -> SimpleUploadedFile:
    number = samples.next()
    lines = f"email,first_name\nimported.{number}@example.com,{samples.marker}Ada {number}\n"
    return SimpleUploadedFile(f"{samples.marker}people {number}.csv", lines.encode(), "text/csv")


def _import(samples: Samples) -> Record:
    record_id = imports.take(actor=SYSTEM, at=samples.at, file=_file(samples), entity="contact")
    made: Record = Import.objects.get(pk=record_id)
    return made


def begin(record: Record, samples: Samples) -> None:
    """Ask for a dry run, so that there is something to cancel."""
    imports.dry_run(actor=SYSTEM, record_id=record.pk, at=samples.at)


def _create(samples: Samples, record: Any) -> Values:
    return {"file": _file(samples), "entity": "contact", "options": {"mode": "upsert"}}


RULES = {
    "import": Rule(
        why="a mapping names columns of the file, options are those that there are",
        changed=lambda samples, record: {
            "mapping": MAPPING,
            "options": {"mode": "upsert", "time_zone": "Europe/Brussels"},
        },
    ),
    "import_mapping": Rule(
        why="of a kind that can be imported, with options that there are",
        needed=lambda samples: {"entity": "contact"},
        complete=lambda samples: {"mapping": MAPPING, "options": {"mode": "upsert"}},
        changed=lambda samples, record: {
            "mapping": {"columns": {}, "constants": {"city": "Gent"}},
            "options": {"mode": "create"},
        },
    ),
}
MAKERS = {"import": _import}
OPERATIONS = {"create_import": _create}
BEFORE = {"cancel_import": begin}
ALSO = {"dry_run_import": ("contact", "create"), "commit_import": ("contact", "create")}
