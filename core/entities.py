"""What core itself declares: jobs and exports."""

from __future__ import annotations

from typing import Any

from core.criteria.types import Criteria
from core.exports import columns, formats
from core.exports.options import OPTIONS
from core.exports.service import KIND, exports
from core.imports.declared import IMPORT, IMPORT_MAPPING
from core.jobs import sending
from core.jobs.service import cancel
from core.models.export import Export
from core.models.job import Job
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.fields import ListOf, one
from core.registry.operations import Operation, OperationKind
from core.registry.types import Choice, Download, Text

sending.register(KIND, "core.tasks.carry_out_export")

# What whoever asks says.
_MADE: dict[str, dict[str, Any]] = {
    "entity": {"required": True, "groupable": True, "doc": "The kind of record: contact, order_line."},
    "format": {"type": Choice(options=formats.NAMES), "groupable": True},
    "filter": {"type": Criteria(), "filterable": False},
    "q": {"filterable": False},
    "sort": {"type": ListOf(Text(max_length=200), 4), "filterable": False, "nullable": False},
    "fields": {"type": ListOf(Text(max_length=200), columns.MAX_COLUMNS), "filterable": False},
    "deleted": {},
    "options": {"type": OPTIONS, "filterable": False, "nullable": False},
}

JOB = Entity(
    name="job",
    plural="jobs",
    model=Job,
    doc="Long work with progress: recomputation, import, export.",
    verbs=frozenset(),
    keys=(),
    identity="kind",
    fields=[
        field(Job, name, writable=False, **options)
        for name, options in {
            "id": {},
            "kind": {"groupable": True},
            "status": {"groupable": True},
            "total": {},
            "done": {},
            "message": {},
            "parameters": {"filterable": False},
            "result": {"filterable": False},
            "cancel_requested": {},
            "owner_id": {},
            "created_at": {},
            "started_at": {},
            "finished_at": {},
            "updated_at": {},
            "version": {},
        }.items()
    ],
    operations=[
        Operation(
            name="cancel_job",
            path="cancel",
            run=cancel,
            entity="job",
            action="cancel",
            on_record=True,
            doc="Ask for the job to stop; a queued one is over at once, a running one at its next report.",
        )
    ],
)

EXPORT = Entity(
    name="export",
    plural="exports",
    model=Export,
    doc="A file with everything that a search finds, as whoever asked for it may see it.",
    verbs=frozenset({"create", "delete", "restore"}),
    writes=exports,
    keys=(),
    fields=[
        *(field(Export, name, **options) for name, options in _MADE.items()),
        *(
            field(Export, name, writable=False, required=False)
            for name in (
                "id",
                "job_id",
                "owner_id",
                "rows",
                "size",
                "expires_at",
                "created_at",
                "updated_at",
                "version",
                "deleted_at",
            )
        ),
    ],
    relations=[one("job", "job", doc="The work, with its progress.")],
    operations=[
        Operation(
            name="cancel_export",
            path="cancel",
            run=exports.cancel,
            entity="export",
            action="cancel",
            on_record=True,
            doc="Stop the work on the file.",
        ),
        Operation(
            name="export_content",
            path="content",
            run=exports.content,
            entity="export",
            action="view",
            kind=OperationKind.QUERY,
            method="GET",
            on_record=True,
            output=Download(),
            doc="The file, once its job has succeeded and until it expires.",
        ),
    ],
)

ENTITIES = (JOB, EXPORT, IMPORT, IMPORT_MAPPING)
