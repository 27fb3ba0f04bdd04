"""Indexes of custom fields: built and dropped by a worker, without keeping anybody from writing.

The indexes that there should be follow from the definitions, and are named after their own SQL: a run that was killed
is made good by the next, which drops what is invalid or not wanted and builds what is missing.
"""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg
from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError
from psycopg import sql

from core import clock, jobs, registry
from core.actors import SYSTEM, Actor
from core.database.own import Connection, alone
from core.history.context import acting
from core.jobs.service import FINAL
from core.models.job import Job
from core.registry.custom import Form, Inside
from crm.models import CustomField
from crm.selectors import custom_fields
from crm.services.locks import SPACE, Subject

KIND = "custom_field_indexes"
TASK = "crm.tasks.build_custom_indexes"
PREFIX = "crm_custom_ix_"
# How long a job may be without news before it is looked after. A build gives none while it lasts.
PATIENCE = timedelta(seconds=60)
RETRY_AFTER = timedelta(hours=1)

_EXISTING = """
    SELECT c.relname, i.indisvalid FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE c.relname LIKE %s AND c.relnamespace = current_schema()::regnamespace
"""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Index:
    """An index that there should be."""

    table: str
    columns: str

    @property
    def name(self) -> str:
        """Another for every other index."""
        digest = hashlib.blake2b(f"{self.table}: {self.columns}".encode(), digest_size=10).hexdigest()
        return PREFIX + digest


def request(*, actor: Actor, at: datetime) -> None:
    """Have the indexes made what the definitions want, after the transaction."""
    job = jobs.start(kind=KIND, parameters={}, actor=actor, at=at)
    transaction.on_commit(lambda: send(job.pk))


def send(job_id: UUID) -> None:
    """Give the job to the workers. Where the broker is away the job waits, and `resend_unattended` sends it later."""
    try:
        current_app.send_task(TASK, args=[str(job_id)])
    except OperationalError:
        logger.warning("The broker is away; job %s waits", job_id)


def resend_unattended(*, at: datetime) -> int:
    """Send again the jobs that nobody works on: their worker was killed, or the broker was away. Returns how many.

    Where there is none, and the indexes are not what they should be (a release may have changed them), ask for a job.
    """
    with alone(SPACE, Subject.CUSTOM_INDEXES) as idle:
        if idle is None:
            return 0
        if _is_out_of_step(idle, at):
            request(actor=SYSTEM, at=at)
    active = Job.objects.filter(kind=KIND, status__in=(Job.Status.QUEUED, Job.Status.RUNNING))
    waiting = list(active.filter(updated_at__lt=at - PATIENCE).order_by("id").values_list("id", flat=True))
    for job_id in waiting:
        send(job_id)
    return len(waiting)


def carry_out(*, job_id: UUID) -> bool:
    """Do the work of a job. Returns False where another process is at work: then it is tried again later."""
    with alone(SPACE, Subject.CUSTOM_INDEXES) as connection:
        if connection is None:
            return False
        if jobs.begin(job_id=job_id, at=clock.now()) is None:
            return True
        try:
            result = _reconcile(connection, job_id)
        except jobs.JobCancelled:
            jobs.cancelled(job_id=job_id, at=clock.now())
        except psycopg.Error as error:
            logger.exception("An index of a custom field could not be built")
            jobs.fail(job_id=job_id, message=f"The database refused: {error}", at=clock.now())
        else:
            jobs.finish(job_id=job_id, result=result, at=clock.now())
    return True


def index_of(definition: CustomField) -> Index:
    """The index of a field: by its value and the id, as lists are sorted; of words, by each word."""
    inside = custom_fields.definition_of(custom_fields.columns_of(definition)).inside
    table = registry.entity(definition.entity).model._meta.db_table
    if inside.form is Form.LIST:
        return Index(table, f"USING gin (({inside.sql('custom')}) jsonb_path_ops)")
    parts = inside.parts
    if definition.currency is not None:
        parts = (Inside(inside.key, Form.AMOUNT),)
    values = ", ".join(f"({part.sql('custom')})" for part in parts)
    return Index(table, f"({values}, id)")


def _is_out_of_step(connection: Connection, at: datetime) -> bool:
    """Whether a job is due that nobody has asked for. What failed is left alone for a while."""
    recent = Job.objects.filter(kind=KIND).order_by("-id").first()
    if isinstance(recent, Job):
        is_fresh = recent.status == Job.Status.FAILED and recent.updated_at > at - RETRY_AFTER
        if is_fresh or recent.status not in FINAL:
            return False
    definitions = _indexed()
    wanted = {index_of(item).name for item in definitions}
    return _existing(connection) != dict.fromkeys(wanted, True) or any(item.indexed_at is None for item in definitions)


def _indexed() -> list[CustomField]:
    return list(CustomField.objects.alive().filter(indexed=True).order_by("pk"))


def _existing(connection: Connection) -> dict[str, bool]:
    """The indexes that there are, and whether each is valid."""
    return dict(connection.execute(_EXISTING, [PREFIX.replace("_", r"\_") + "%"]).fetchall())


def _reconcile(connection: Connection, job_id: UUID) -> dict[str, list[str]]:
    definitions = _indexed()
    wanted = {index.name: index for index in map(index_of, definitions)}
    existing = _existing(connection)
    gone = sorted(name for name, valid in existing.items() if not valid or name not in wanted)
    missing = sorted(name for name in wanted if not existing.get(name))
    total = len(gone) + len(missing)
    for done, name in enumerate(gone):
        jobs.progress(job_id=job_id, done=done, total=total, message=f"Dropping {name}", at=clock.now())
        connection.execute(sql.SQL("DROP INDEX CONCURRENTLY IF EXISTS {}").format(sql.Identifier(name)))
    for done, name in enumerate(missing, len(gone)):
        jobs.progress(job_id=job_id, done=done, total=total, message=f"Building {name}", at=clock.now())
        _build(connection, wanted[name])
    _mark_ready([item.pk for item in definitions if item.indexed_at is None])
    return {"dropped": gone, "built": missing}


def _build(connection: Connection, index: Index) -> None:
    table = sql.Identifier(index.table)
    connection.execute("SET statement_timeout TO 0")
    connection.execute(
        sql.SQL("CREATE INDEX CONCURRENTLY {} ON {} {}").format(
            sql.Identifier(index.name),
            table,
            sql.SQL(index.columns),
        )
    )
    # Without figures about the values the planner would not know when the index is worth it.
    connection.execute(sql.SQL("ANALYZE {}").format(table))


def _mark_ready(ids: list[UUID]) -> None:
    """From now on queries rely on the index: unless the definition has changed again meanwhile."""
    at = clock.now()
    with transaction.atomic():
        acting(SYSTEM, at)
        CustomField.objects.alive().filter(pk__in=ids, indexed=True, indexed_at=None).update(indexed_at=at)
