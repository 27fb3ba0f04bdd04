"""Asking for exports, and taking them back."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from core import criteria, jobs, registry
from core.actors import Actor
from core.errors import Conflict, Forbidden, Invalid, NotFound
from core.exports import columns, formats, reading
from core.exports.files import chunks, discard, still_covers
from core.exports.options import DEFAULTS
from core.jobs import acting, sending
from core.models.export import Export
from core.models.job import Job
from core.reads.sorting import order_of
from core.registry.entities import Entity
from core.registry.types import Attachment
from core.writes.base import Write, Writes

KIND = "export"


class NotReady(Conflict):
    code = "not_ready"
    title = "The file is not there yet, or its work did not succeed."


class Expired(NotFound):
    code = "expired"
    title = "The file was kept for some days only, and is gone: export anew."


class Exports(Writes[Export]):
    """Whoever may create exports may export what they may see. What can be wrong is refused when they ask."""

    def prepare(self, change: Write[Export]) -> None:
        if not change.created:
            return
        export, actor = change.record, change.actor
        entity = _exported(export, actor)
        found = formats.of(export.format, entity.name)
        if found.fixed and export.fields is not None:
            raise Invalid.one("/fields", "not_allowed", f"What stands in {found.name} is given by its format.")
        columns.columns_of(entity, found.fixed.get(entity.name, export.fields), actor=actor)
        order_of(entity, export.sort, actor)
        if export.filter is not None:
            criteria.to_q(entity, export.filter, actor=actor, at=change.at)
        reading.rows_of(entity, actor=actor, at=change.at, q=export.q, deleted=export.deleted)
        export.options = {**DEFAULTS, **export.options}
        # One who writes for others does not hand them what only the writer may see.
        export.owner_id = actor.user_id
        export.actor = acting.noted(actor)
        export.job = jobs.start(kind=KIND, parameters={"export_id": str(export.pk)}, actor=actor, at=change.at)

    def saved(self, change: Write[Export]) -> None:
        export = change.record
        if change.created:
            sending.send(export.job)
        elif export.deleted_at is not None:
            Job.objects.filter(pk=export.job_id).update(cancel_requested=True, updated_at=change.at)
            discard(export)

    def cancel(self, *, actor: Actor, record_id: UUID, at: datetime) -> UUID:
        """Stop the work. Raises NotFound, Forbidden, or Conflict where it is over already."""
        actor.require(self.entity_name, "cancel")
        rows = Export.objects.filter(pk=record_id).alive()
        job_id = rows.visible_to(actor, "cancel").values_list("job_id", flat=True).first()
        if job_id is None:
            if rows.visible_to(actor).exists():
                raise Forbidden(entity=self.entity_name, action="cancel")
            raise NotFound(entity=self.entity_name, id=str(record_id))
        jobs.stop(job_id=job_id, at=at)
        return record_id

    def content(self, *, actor: Actor, record_id: UUID, at: datetime) -> Attachment:
        """The file, for who may still see all that is in it. Raises NotFound, NotReady, Expired, Forbidden."""
        actor.require(self.entity_name, "view")
        export = Export.objects.alive().filter(pk=record_id).visible_to(actor).select_related("job").first()
        if not isinstance(export, Export):
            raise NotFound(entity=self.entity_name, id=str(record_id))
        if export.job.status != Job.Status.SUCCEEDED:
            raise NotReady(status=export.job.status)
        if not export.path or (export.expires_at is not None and export.expires_at <= at):
            raise Expired(id=str(record_id))
        if not still_covers(export.reach, actor):
            raise Forbidden("You may no longer see all that is in this file.", entity=export.entity, action="view")
        return attachment(export)


def attachment(export: Export) -> Attachment:
    """The file of an export that has one."""
    entity = registry.entity(export.entity)
    found = formats.of(export.format, entity.name)
    name = f"{entity.plural}-{export.created_at:%Y-%m-%d}.{found.extension}"
    from_storage = partial(chunks, export.path)
    return Attachment(name, found.media_type, from_storage, export.size)


def _exported(export: Export, actor: Actor) -> Entity:
    found = {item.name: item for item in registry.entities()}.get(export.entity)
    if found is None:
        raise Invalid.one("/entity", "not_found", "There is no such kind of record.")
    actor.require(found.name, "view")
    return found


exports = Exports("export")
