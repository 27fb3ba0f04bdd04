"""Carrying out a dry run or a commit: chunk by chunk, each one transaction together with its checkpoint.

One thread reads and validates the next rows while the database is busy with the present ones. A kill leaves whole
chunks; the next worker goes on after them. Whoever writes holds the job's row and finds the checkpoint where it was
left: two workers on one job never write the same rows.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from uuid import UUID

from django.db import OperationalError, connection, transaction

from core import jobs
from core.actors import Actor, Door
from core.clock import now
from core.errors import DomainError
from core.imports import files, inspection, problems, readers, surveying
from core.imports.ahead import ahead
from core.imports.kinds import Context, Counts, Kind, Writer
from core.imports.options import clean
from core.imports.plan import Parsed
from core.imports.readers import Row
from core.jobs.acting import recalled
from core.jobs.memory import rarely_collected
from core.models.imports import Import, ImportProblem
from core.models.job import Job

CHUNK = 2_000
ATTEMPTS = 5
# "impo" in ASCII: chunks of imports of one kind are written one after the other.
FAMILY = 0x696D706F
# Deadlock, serialization failure, lock timeout: the same chunk may go through a moment later.
_PASSING = ("40P01", "40001", "55P03")

logger = logging.getLogger(__name__)


class _Elsewhere(Exception):
    """Another worker has gone on with this job."""


class _TooMany(Exception):
    """More rows have failed than the user wants."""


class _Undone(Exception):
    """Leaves the transaction of a dry run's chunk."""


def carry_out(*, job_id: UUID) -> None:
    """Do a job of `service`, from where it is; doing it again after it is over does nothing."""
    job = jobs.begin(job_id=job_id, at=now())
    if job is None:
        _settle_status(job_id)
        return
    record = Import.objects.get(pk=job.parameters["import_id"])
    try:
        report = _Run(job, record).run()
    except _Elsewhere:
        return
    except jobs.JobCancelled:
        _end(job, Import.Status.CANCELLED, "")
    except _TooMany:
        _end(job, Import.Status.FAILED, "Stopped: more rows failed than stop_after_errors allows.")
    except OperationalError:
        # The database is away or being restarted: nothing can be recorded, and the job is done again later.
        raise
    except FileNotFoundError:
        _end(job, Import.Status.FAILED, "The file is gone.")
    except DomainError as refusal:
        _end(job, Import.Status.FAILED, refusal.detail)
    except Exception:
        logger.exception("Import job %s failed", job_id)
        _end(job, Import.Status.FAILED, "An internal error; the log of the worker has the details.")
    else:
        with transaction.atomic():
            _hold_job(job.pk)
            done = Import.Status.CHECKED if job.parameters["phase"] == "dry_run" else Import.Status.COMMITTED
            _mark(record.pk, done, report)
            jobs.finish(job_id=job_id, result=report, at=now())


class _Run:
    """One dry run or commit."""

    def __init__(self, job: Job, record: Import) -> None:
        self.job, self.record = job, record
        self.is_dry = job.parameters["phase"] == "dry_run"
        state = job.state
        self.note = state["actor"]
        self.actor: Actor = recalled(self.note, at=now()).through(Door.IMPORT)
        self.done: int = state.get("done", 0)
        self.spent: float = state.get("seconds", 0.0)
        counts = state.get("counts") or {}
        self.counts = Counts(**counts)
        self.begun = time.monotonic()
        self.stop_after = record.options.get("stop_after_errors")
        self.parse: Callable[[int, Row], Parsed]
        self.total = 0

    def run(self) -> dict[str, Any]:
        columns = inspection.columns_of(self.record)
        clean(self.record.options)
        kind, plan, options = inspection.plan_of(self.record, columns, self.actor)
        kind.require(self.actor, plan.used(), options)
        layout, reader = inspection.layout_of(self.record), readers.by_format(self.record.format)
        assert self.record.path  # noqa: S101 - asked when the job was made
        with (
            rarely_collected(),
            files.opened(self.record.path) as file,
            surveying.surveyed(reader, file, layout, plan, kind, options) as seen,
        ):
            self._begin(seen.rows, seen.notices)
            self.parse = plan.parse
            context = Context(plan, self.actor, options, seen.losers, self.is_dry)
            self.total = seen.rows
            self._write(kind.writer(context), seen.units(CHUNK, self.done), kind)
        return self._report(seen.rows)

    def _begin(self, total: int, notices: Sequence[str]) -> None:
        with transaction.atomic():
            if not self.done:
                ImportProblem.objects.filter(source=self.record.pk).delete()
            kept = [
                text for text in self.record.notices if not text.startswith(tuple(n[:12] for n in notices) or "\x00")
            ]
            Import.objects.filter(pk=self.record.pk).update(rows=total, notices=[*kept, *notices], updated_at=now())
        jobs.progress(job_id=self.job.pk, done=self.done, total=total, message="Reading", at=now())

    def _write(self, writer: Writer, chunks: Iterator[list[Parsed]], kind: Kind) -> None:
        with ahead(chunks) as ready:
            for chunk in ready:
                self._chunk(writer, chunk, kind)
                jobs.check_cancelled(job_id=self.job.pk)
                if self.stop_after and self.counts.failed >= self.stop_after and not self.is_dry:
                    raise _TooMany

    def _chunk(self, writer: Writer, chunk: list[Parsed], kind: Kind) -> None:
        for attempt in range(ATTEMPTS):
            counts = Counts(**self.counts.as_dict())
            # Read again: what an attempt notes must not be there in the next one.
            rows = [self.parse(one.place, one.row) for one in chunk] if attempt else chunk
            try:
                self._attempt(writer, rows, counts, kind)
            except OperationalError as error:
                writer.undone()
                if getattr(error.__cause__, "sqlstate", None) not in _PASSING or attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.05 * 2**attempt)
                continue
            self.counts = counts
            self.done += len(chunk)
            return

    def _attempt(self, writer: Writer, rows: list[Parsed], counts: Counts, kind: Kind) -> None:
        at = now()
        if self.is_dry:
            try:
                with transaction.atomic():
                    writer.write(rows, counts, at)
                    raise _Undone
            except _Undone:
                writer.undone()
        with transaction.atomic():
            jobs.flush_later()
            self._hold(kind)
            if not self.is_dry:
                writer.write(rows, counts, at)
            problems.keep(self.record.pk, rows)
            done = self.done + len(rows)
            state = {"actor": self.note, "done": done, "counts": counts.as_dict(), "seconds": self._seconds()}
            report = self._told(counts, done)
            message = f"{done:,} of {self.total:,} rows, {report['rows_per_second']:,} a second"
            jobs.checkpoint(job_id=self.job.pk, state=state, at=at, done=done, total=self.total, message=message)
            Import.objects.filter(pk=self.record.pk).update(report=report, updated_at=at)

    def _hold(self, kind: Kind) -> None:
        """The job's row against other workers, and the right to write records of this kind against other imports."""
        job = Job.objects.select_for_update().get(pk=self.job.pk)
        if job.status != Job.Status.RUNNING or job.state.get("done", 0) != self.done:
            raise _Elsewhere
        if not self.is_dry:
            with connection.cursor() as cursor:
                # Any import may make records at the ends of relations: one lock for all of them, and no deadlock.
                cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [FAMILY])

    def _seconds(self) -> float:
        return round(self.spent + time.monotonic() - self.begun, 3)

    def _report(self, total: int) -> dict[str, Any]:
        return self._told(self.counts, self.done) | {"rows": total}

    def _told(self, counts: Counts, done: int) -> dict[str, Any]:
        seconds = self._seconds()
        speed = round(done / seconds) if seconds else 0
        phase = self.job.parameters["phase"]
        return {"phase": phase, "read": done, **counts.as_dict(), "seconds": seconds, "rows_per_second": speed}


def _end(job: Job, status: Import.Status, message: str) -> None:
    """Record a run that did not come to its end; the report tells what is in."""
    with transaction.atomic():
        _hold_job(job.pk)
        record = Import.objects.select_for_update().get(pk=job.parameters["import_id"])
        report = dict(record.report)
        if job.parameters["phase"] == "dry_run":
            # Nothing was written: the import can be changed and checked again.
            status = Import.Status.READY
        _mark(record.pk, status, report | ({"message": message} if message else {}))
        if message:
            jobs.fail(job_id=job.pk, message=message, at=now())
        else:
            jobs.cancelled(job_id=job.pk, at=now(), result=report)


def _hold_job(job_id: UUID) -> None:
    """The job's row is always locked before the import's: whoever cancels does so too."""
    Job.objects.select_for_update().get(pk=job_id)


def _settle_status(job_id: UUID) -> None:
    """A job that was cancelled before it began leaves its import as it was."""
    job = Job.objects.filter(pk=job_id, status=Job.Status.CANCELLED).first()
    if job is not None and not job.state.get("done"):
        rows = Import.objects.filter(pk=job.parameters["import_id"], job_id=job_id)
        rows.filter(status__in=(Import.Status.CHECKING, Import.Status.COMMITTING)).update(status=Import.Status.READY)


def _mark(record_id: UUID, status: str, report: dict[str, Any]) -> None:
    record = Import.objects.select_for_update().get(pk=record_id)
    record.status, record.report = status, report
    record.version += 1
    record.updated_at = now()
    record.save(update_fields=["status", "report", "version", "updated_at"])
