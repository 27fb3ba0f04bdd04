"""Writing the file of an export: in one snapshot, in bounded memory, anew where a worker was killed."""

from __future__ import annotations

import logging
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import duckdb
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db import InterfaceError, OperationalError, transaction

from core import clock, jobs, registry
from core.database.aside import Connection, own_connection
from core.errors import DomainError
from core.exports import columns, files, formats, reading
from core.jobs.acting import recalled
from core.models.export import Export
from core.models.job import Job

# A file that kills its workers again and again is given up.
ATTEMPTS = 5
_REPORT_EVERY = 0.5

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """A file that was written."""

    path: Path
    rows: int
    reach: dict[str, object]


def carry_out(*, job_id: UUID) -> None:
    """Write the file of the export with this job. Does nothing where it is over, or another worker is at it."""
    with own_connection() as beside, _alone(beside, job_id) as alone:
        if not alone:
            return
        job = jobs.begin(job_id=job_id, at=clock.now())
        export = Export.objects.filter(job_id=job_id).first()
        if job is None or not isinstance(export, Export):
            return
        try:
            _do(job, export, beside)
        except jobs.JobCancelled:
            jobs.cancelled(job_id=job_id, at=clock.now())
        except (OperationalError, InterfaceError, SoftTimeLimitExceeded):
            # The database is away, or the worker is to end: the job is done again later.
            raise
        except DomainError as refusal:
            jobs.fail(job_id=job_id, message=refusal.detail, at=clock.now())
        except (duckdb.Error, OSError) as error:
            logger.exception("Export %s failed", export.pk)
            reason = getattr(error, "strerror", None) or "the log of the worker has the details"
            jobs.fail(job_id=job_id, message=f"The file could not be written: {reason}.", at=clock.now())
        except Exception:
            logger.exception("Export %s failed", export.pk)
            jobs.fail(
                job_id=job_id, message="An internal error; the log of the worker has the details.", at=clock.now()
            )


def _do(job: Job, export: Export, beside: Connection) -> None:
    attempt = int(job.state.get("attempt", 0)) + 1
    extension = formats.of(export.format, export.entity).extension
    names = [f"{files.FOLDER}/{export.pk}-{number}.{extension}" for number in range(1, attempt + 1)]
    for left in names:
        # A worker that was killed while it stored its file left a part of it.
        default_storage.delete(left)
    if attempt > ATTEMPTS:
        raise GivenUp()
    jobs.checkpoint(job_id=job.pk, state={"attempt": attempt}, at=clock.now())
    with tempfile.TemporaryDirectory(prefix="bifocal-export-") as folder:
        made = _write(job, export, Path(folder), beside)
        with made.path.open("rb") as file:
            path = default_storage.save(names[-1], File(file))
        try:
            _finish(job, export, made, path)
        except BaseException:
            default_storage.delete(path)
            raise


class GivenUp(DomainError):
    title = f"Given up: {ATTEMPTS} workers ended while they wrote this file."


def _write(job: Job, export: Export, folder: Path, beside: Connection) -> Made:
    at = clock.now()
    actor = recalled(export.actor, at=at)
    actor.require("export", "create")
    entity = registry.entity(export.entity)
    found = formats.of(export.format, entity.name)
    path = folder / f"export.{found.extension}"
    with reading.snapshot():
        wanted = columns.columns_of(entity, found.fixed.get(entity.name, export.fields), actor=actor)
        rows = reading.rows_of(
            entity, actor=actor, at=export.created_at, where=export.filter, q=export.q, deleted=export.deleted
        )
        progress = Progress(beside, job.pk, rows.count())
        writer = found.writer(path, wanted, export.options)
        selection = columns.selection_for(entity, wanted)
        for page in reading.pages(
            entity, rows, actor=actor, at=export.created_at, selection=selection, sort=export.sort
        ):
            writer.write([[column.value(row) for column in wanted] for row in page])
            progress.add(len(page))
        progress.say("Finishing the file")
        writer.close()
    needed = columns.needs(entity, wanted) | ({(entity.name, "restore")} if export.deleted else set())
    return Made(path, progress.done, files.reach_of(needed, actor))


class Progress:
    """Tells how far the work is, over a connection beside the snapshot; stops the work where somebody asked for it."""

    def __init__(self, beside: Connection, job_id: UUID, total: int) -> None:
        self._beside = beside
        self._job_id = job_id
        self._total = total
        self._told = 0.0
        self.done = 0
        self.say("Reading")

    def add(self, count: int) -> None:
        """So many more rows are written."""
        self.done += count
        if time.monotonic() - self._told >= _REPORT_EVERY:
            self.say(f"{self.done:,} of {self._total:,} records")

    def say(self, message: str) -> None:
        """Raises JobCancelled."""
        self._told = time.monotonic()
        told = self._beside.execute(
            "UPDATE core_job SET done = %s, total = %s, message = %s, heartbeat_at = %s, updated_at = %s "
            "WHERE id = %s RETURNING cancel_requested",
            [self.done, max(self._total, self.done), message, clock.now(), clock.now(), self._job_id],
        ).fetchone()
        if told and told[0]:
            raise jobs.JobCancelled(str(self._job_id))


def _finish(job: Job, export: Export, made: Made, path: str) -> None:
    at = clock.now()
    values = {
        "path": path, "rows": made.rows, "size": made.path.stat().st_size, "reach": made.reach,
        "expires_at": at + timedelta(days=settings.EXPORT_KEEP_DAYS), "updated_at": at,
    }  # fmt: skip
    with transaction.atomic():
        # Deleted meanwhile: nobody will come for the file.
        if not Export.objects.alive().filter(pk=export.pk).update(**values):
            raise jobs.JobCancelled(str(job.pk))
        jobs.finish(job_id=job.pk, result={"rows": made.rows, "size": values["size"]}, at=at)


@contextmanager
def _alone(beside: Connection, job_id: UUID) -> Iterator[bool]:
    """Whether no other worker is at this job; until the end none will be."""
    row = beside.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"export:{job_id}"]).fetchone()
    yield bool(row and row[0])
