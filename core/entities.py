"""What core itself declares: jobs."""

from __future__ import annotations

from core.jobs.service import cancel
from core.models.job import Job
from core.registry.derive import field
from core.registry.entities import Entity
from core.registry.operations import Operation

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

ENTITIES = (JOB,)
