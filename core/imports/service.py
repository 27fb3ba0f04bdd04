"""Taking in a file, changing how it is understood, and asking for a dry run, a commit or an end."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from core import events, jobs
from core.actors import Actor
from core.errors import FieldError, Invalid
from core.history.context import acting
from core.imports import files, inspection, kinds, readers, records
from core.imports import options as choices
from core.imports.errors import NotReady, OpenQuestions
from core.imports.files import Taken
from core.jobs import sending
from core.jobs.acting import noted
from core.models.imports import Import, ImportMapping
from core.models.job import Job
from core.writes.base import Write, Writes

KIND = "import"
INCOMPLETE, SAME = "The mapping must be completed", "The same file was imported"
TASK = "core.tasks.carry_out_import"
OPEN = (Import.Status.READY, Import.Status.CHECKED)
# What must be read again from the file when it changes.
_READING = frozenset((*choices.READING, "columns"))


def retention() -> timedelta:
    """For how long files and the rows with errors are kept, by setting."""
    return timedelta(days=int(getattr(settings, "BIFOCAL_IMPORT_RETENTION_DAYS", 30)))


class Imports(Writes[Import]):
    """Changes of mapping and options look at the file again; deleting throws it away."""

    def take(
        self,
        *,
        actor: Actor,
        at: datetime,
        file: UploadedFile[Any],
        entity: str,
        mapping: Any = None,
        options: Any = None,
    ) -> UUID:
        """Take in a file. Raises Invalid, UnreadableFile, FileTooComplex, Forbidden; then nothing is kept."""
        actor.require("import", "upload")
        kind = kinds.of(entity)
        said = choices.clean(options)
        record = Import(entity=kind.name, options=said, owner_id=actor.user_id, created_at=at, updated_at=at)
        record.expires_at = at + retention()
        with files.taken(file) as taken:
            record.name, record.size, record.sha256 = taken.name, taken.size, taken.sha256
            columns = inspection.examine(record, taken.content, record.options)
            inspection.propose(record, columns, actor, mapped=mapping)
            if mapping is None and record.options != said:
                # A kept mapping brought options of its own, and they may say how the file is read.
                told, kept = record.notices[-1], record.mapping
                columns = inspection.examine(record, taken.content, record.options)
                inspection.propose(record, columns, actor, mapped=kept)
                record.notices = [*record.notices, told]
            self._plan(record, taken, actor, forgiving=() if mapping is not None else ("",))
            record.duplicate_of = _same(record, actor)
            if record.duplicate_of is not None:
                text = f"{SAME} on {record.duplicate_of.created_at:%Y-%m-%d %H:%M} UTC."
                record.notices = [*record.notices, text]
            with transaction.atomic():
                acting(actor, at)
                record.path = files.store(record.pk, taken.content)
                record.save(force_insert=True)
                payload = {"entity": "import", "id": str(record.pk)}
                events.publish(events.Event("import.created", payload), actor=actor, at=at)
        return record.pk

    def prepare(self, change: Write[Import]) -> None:
        """A change of how the file is understood. Raises NotReady, Invalid."""
        record = change.record
        if not {"mapping", "options"} & set(change.values) or "deleted_at" in change.before:
            return
        if record.status not in OPEN or record.path is None:
            raise NotReady(status=record.status)
        kinds.of(record.entity)
        record.options = choices.clean(record.options)
        record.mapping = inspection.whole(record.mapping)
        with files.opened(record.path) as content:
            old, told = change.before.get("options", record.options), record.notices
            record.notices = [text for text in told if not text.startswith(INCOMPLETE)]
            if any(old.get(name) != record.options.get(name) for name in _READING):
                columns = inspection.examine(record, content, record.options)
                mapping = record.mapping if "mapping" in change.values or _same_columns(record, columns) else None
                told = [text for text in told if text.startswith(SAME)]
                record.notices = [*record.notices, *told]
                inspection.propose(record, columns, change.actor, mapped=mapping)
            taken = Taken(content, record.name, record.size, record.sha256)
            self._plan(record, taken, change.actor, forgiving=() if "mapping" in change.values else ("/mapping",))
        record.status, record.report = Import.Status.READY, {}
        for name in ("columns", "layout", "questions", "preview", "notices", "signature", "status", "report"):
            change.before.setdefault(name, None)

    def deleting(self, change: Write[Import]) -> None:
        if change.record.status in (Import.Status.CHECKING, Import.Status.COMMITTING):
            raise NotReady("Cancel it first.", status=change.record.status)

    def saved(self, change: Write[Import]) -> None:
        if "deleted_at" in change.before and change.record.deleted_at is not None:
            throw_away(change.record)

    def dry_run(self, *, actor: Actor, record_id: UUID, at: datetime) -> UUID:
        """Check every row, and write nothing. Raises NotReady, Invalid, Forbidden."""
        return self._start(actor, record_id, at, "dry_run")

    def commit(self, *, actor: Actor, record_id: UUID, at: datetime) -> UUID:
        """Write the rows. Raises NotReady, OpenQuestions, Invalid, Forbidden."""
        return self._start(actor, record_id, at, "commit")

    def cancel(self, *, actor: Actor, record_id: UUID, at: datetime) -> UUID:
        """Stop a dry run or commit after the chunk that it is at. What is in stays in. Raises NotReady."""
        actor.require("import", "cancel")
        with transaction.atomic():
            # The job first, as its worker does at each chunk: the other way about, one would wait for the other.
            of_it = Import.objects.filter(pk=record_id).values("job_id")
            job = Job.objects.select_for_update().filter(pk__in=of_it).first()
            record = self.lock(actor=actor, record_id=record_id, action="cancel")
            at_work = record.status in (Import.Status.CHECKING, Import.Status.COMMITTING)
            if job is None or job.pk != record.job_id or not at_work:
                raise NotReady("There is nothing to cancel.", status=record.status)
            acting(actor, at)
            job.cancel_requested = True
            job.updated_at = at
            job.save(update_fields=["cancel_requested", "updated_at"])
            if job.status == Job.Status.QUEUED:
                jobs.cancelled(job_id=job.pk, at=at)
                record.status = Import.Status.READY
                self._touch(record, at)
        return record_id

    def _start(self, actor: Actor, record_id: UUID, at: datetime, phase: str) -> UUID:
        actor.require("import", phase)
        with transaction.atomic():
            acting(actor, at)
            record = self.lock(actor=actor, record_id=record_id, action=phase)
            if record.status not in OPEN or record.path is None:
                raise NotReady(status=record.status)
            kind, plan, options = inspection.plan_of(record, inspection.columns_of(record), actor)
            kind.require(actor, plan.used(), options)
            if phase == "commit" and record.questions:
                errors = [
                    FieldError(f"/options/columns/{asked['column']}/{asked['option']}", "open_question", asked["text"])
                    for asked in record.questions
                ]
                raise OpenQuestions(" ".join(error.message for error in errors), questions=record.questions)
            record.status = Import.Status.CHECKING if phase == "dry_run" else Import.Status.COMMITTING
            parameters = {"import_id": str(record.pk), "phase": phase, "entity": record.entity, "file": record.name}
            job = jobs.start(kind=KIND, parameters=parameters, actor=actor, at=at)
            # Kept in the state, which nobody is shown.
            Job.objects.filter(pk=job.pk).update(state={"actor": noted(actor)})
            record.job_id, record.report = job.pk, {"phase": phase}
            self._touch(record, at)
            sending.send(job)
        return record.pk

    def _plan(self, record: Import, taken: Taken, actor: Actor, *, forgiving: tuple[str, ...]) -> None:
        """Try the mapping. Where it is only proposed, what it still lacks (below these pointers) is a notice."""
        columns = inspection.columns_of(record)
        try:
            _, plan, _ = inspection.plan_of(record, columns, actor)
        except Invalid as refusal:
            if not all(error.pointer.startswith(forgiving) for error in refusal.errors):
                raise
            told = " ".join(error.message for error in refusal.errors)
            record.notices = [*record.notices, f"{INCOMPLETE}: {told}"]
            plan = inspection.bare_plan_of(record, columns, actor)
        inspection.preview(record, plan, columns, taken.content)


class Mappings(Writes[ImportMapping]):
    """Mappings with a name. Each belongs to whoever keeps it."""

    def prepare(self, change: Write[ImportMapping]) -> None:
        kept = change.record
        if change.created:
            kept.owner_id = change.actor.user_id
            kinds.of(kept.entity)
        kept.mapping = inspection.whole(kept.mapping)
        kept.options = choices.clean(kept.options)
        if change.created and kept.signature is None:
            kept.signature = inspection.signature(tuple(kept.mapping["columns"]))


def _same_columns(record: Import, columns: list[Any]) -> bool:
    mapped = set(record.mapping["columns"])
    return bool(mapped) and mapped <= {column.name for column in columns}


def _same(record: Import, actor: Actor) -> Import | None:
    """The last import of the same file that was committed, as far as the actor sees."""
    rows = Import.objects.visible_to(actor).filter(sha256=record.sha256, entity=record.entity)
    done = rows.filter(status__in=(Import.Status.COMMITTED, Import.Status.CANCELLED, Import.Status.COMMITTING))
    found: Import | None = done.order_by("-id").first()
    return found


def throw_away(record: Import) -> None:
    """The file, the rows with errors and the samples: what is left says only that there was an import."""
    path = record.path
    record.problems.all().delete()
    Import.objects.filter(pk=record.pk).update(path=None, preview=[], columns=[], questions=[])
    transaction.on_commit(lambda: files.remove(path))


def forget(*, at: datetime) -> int:
    """Throw away what is kept no longer. Returns of how many imports."""
    busy = (Import.Status.CHECKING, Import.Status.COMMITTING)
    found = list(Import.objects.filter(expires_at__lte=at, path__isnull=False).exclude(status__in=busy).order_by("pk"))
    for record in found:
        with transaction.atomic():
            throw_away(record)
    return len(found)


def formats() -> Mapping[str, str]:
    """The kinds of files that can be read."""
    return {name: name.upper() for name in readers.formats()}


imports = Imports("import")
import_mappings = Mappings("import_mapping")
sending.register(KIND, TASK)
kinds.register_default(records.Records)
