"""Erasing a person: everywhere, for good, so that totals stay.

What the database holds goes in one transaction. What lies outside of it (files, the lake, other holders) goes after the
commit, step by step, by a worker that is sent again until nothing is left.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from celery import current_app
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F, QuerySet
from kombu.exceptions import OperationalError

from core import events
from core.actors import SYSTEM, Actor
from core.errors import Forbidden, Invalid, NotFound
from core.history.context import acting
from core.ids import new_id
from core.personal import forgetting, naming
from core.personal.holders import Subject, holders
from crm.errors import ContactMerged, OnLegalHold
from crm.events import CONTACT_ERASED
from crm.models import Contact, Erasure, FileGarbage, SuppressionReason, Tag
from crm.selectors import addresses, people
from crm.services import erasure_ledger, file_purging, visitor_erasures
from crm.services.erasure_ledger import Entry
from crm.services.merging import custom_references
from crm.services.suppressions import suppress

TASK = "crm.tasks.finish_erasure"
LEDGER, SWEEP, VISITORS, FILES = "ledger", "sweep", "visitors", "files"

logger = logging.getLogger(__name__)


def erase(
    *, actor: Actor, record_id: UUID, at: datetime, reason: str, confirm: bool, suppress_addresses: bool | None = None
) -> UUID:
    """Erase the person. Doing it again finds nothing more to do. Deleted contacts can be erased too.

    suppress_addresses: put their addresses on the suppression list, so that they are not written to should they come
    back. Raises Invalid (not confirmed), NotFound, Forbidden, OnLegalHold, ContactMerged.
    """
    actor.require("contact", "erase")
    if not confirm:
        raise Invalid.one("/confirm", "not_confirmed", "Erasing cannot be undone: confirm it with true.")
    with transaction.atomic():
        acting(actor, at)
        contact = _locked(actor, record_id)
        found = people.with_merged(contact.pk)
        known = Erasure.objects.filter(contact=contact).order_by("-pk").first()
        if contact.erased_at is not None and known is not None:
            erasure = known
        else:
            erasure = Erasure(
                pk=new_id(), contact=contact, reason=reason, at=at, by=actor.label, people=found, created_at=at,
                updated_at=at, is_suppressed=bool(suppress_addresses), hashes=people.address_hashes(found),
            )  # fmt: skip
        _erase(found, erasure, actor, at)
    return record_id


def finish(*, erasure_id: UUID, at: datetime) -> bool:
    """Do what is left of an erasure after its commit; True once nothing is. What fails is tried again later."""
    names = (LEDGER, SWEEP, VISITORS, FILES, *(holder.name for holder in holders()))
    done = [_take_step(erasure_id, name, at) for name in names[:3]]
    # What is copied out of the database is copied anew once nothing is left in it.
    if not all(done[1:]):
        return False
    done += [_take_step(erasure_id, name, at) for name in names[3:]]
    if not all(done):
        return False
    with transaction.atomic():
        waiting = Erasure.objects.filter(pk=erasure_id, completed_at__isnull=True, done__contains=list(names))
        waiting.update(completed_at=at, files=[], version=F("version") + 1, updated_at=at)
    return True


def send_unfinished(*, at: datetime) -> int:
    """Send what a kill, a broken storage or an absent broker left; returns how many."""
    waiting = list(Erasure.objects.filter(completed_at__isnull=True).order_by("pk").values_list("pk", flat=True))
    for key in waiting:
        _send(key)
    return len(waiting)


def finish_all(*, at: datetime) -> int:
    """Finish here and now what is not complete; returns how many are not complete yet after that."""
    waiting = Erasure.objects.filter(completed_at__isnull=True).order_by("pk")
    return sum(not finish(erasure_id=key, at=at) for key in list(waiting.values_list("pk", flat=True)))


def replay(*, at: datetime) -> int:
    """Erase again everyone in the ledger, for after an old backup was restored; returns how many people had data.

    Found by the ids of the ledger, and by the hashes where a backup knew them by another id before they were erased.
    A legal hold of the backup's time does not keep them: whoever is in the ledger was erased after it.
    """
    ledger = list(erasure_ledger.entries())
    by_hash = _present_by_hash({key: entry for entry in ledger for key in entry.hashes})
    return sum(_replay(entry, by_hash.get(entry.id, set()), at) for entry in ledger)


def _replay(entry: Entry, more: set[UUID], at: datetime) -> bool:
    with transaction.atomic():
        acting(SYSTEM, at)
        wanted = {entry.contact_id, *entry.people, *more}
        rows = Contact.objects.filter(pk__in=wanted).order_by("pk").select_for_update(of=("self",))
        present = {contact.pk: contact for contact in rows}
        if entry.is_suppressed:
            suppress(_by_channel(entry.hashes), reason=SuppressionReason.ERASURE, source="replay", at=at)
        contact = present.get(entry.contact_id) or next(iter(present.values()), None)
        if contact is None:
            return False
        had_data = any(one.erased_at is None for one in present.values())
        found = sorted({*present, *(key for one in present for key in people.with_merged(one))})
        known = Erasure.objects.filter(pk=entry.id).first()
        _erase(found, known or Erasure(
            pk=entry.id, contact=contact, reason="Replayed from the ledger.", at=entry.at, by=SYSTEM.label,
            people=found, is_suppressed=entry.is_suppressed, hashes=list(entry.hashes), created_at=at, updated_at=at,
        ), SYSTEM, at)  # fmt: skip
    return had_data


def _erase(found: Collection[UUID], erasure: Erasure, actor: Actor, at: datetime) -> None:
    """In the caller's transaction."""
    if erasure.is_suppressed:
        suppress(_by_channel(erasure.hashes), reason=SuppressionReason.ERASURE, source="erasure", at=at)
    told = people.words(found)
    forgetting.forget_answers([*map(str, found), *told])
    naming.forget(people.named(found))
    visitors, tags = visitor_erasures.visitors(found), people.tags(found)
    visitor_erasures.forget_taken(found, told, at=at)
    done = _forget(found, erasure.at, at)
    visitor_erasures.forget(visitors, at=at)
    for place in custom_references.places(Contact):
        custom_references.clear(place, found, at=at)
    _forget_tags(tags, at)
    erasure.counts, erasure.files = done.counts, [*erasure.files, *done.files]
    erasure.done, erasure.completed_at = [], None
    erasure.save()
    payload = {"entity": "contact", "id": str(erasure.contact_id)}
    events.publish(events.Event(CONTACT_ERASED, payload), actor=actor, at=at)
    transaction.on_commit(lambda: _send(erasure.pk))


def _forget_tags(words: Collection[str], at: datetime) -> None:
    """A word that only marked the person may name them; one that others are marked with stays."""
    unused = [word for word in words if not people.is_tag_used(word)]
    ids = list(Tag.objects.filter(name__in=unused).values_list("pk", flat=True))
    forgetting.forget_rows(Tag, ids, at=at, remove=True)


def _forget(found: Collection[UUID], erased_at: datetime, at: datetime) -> forgetting.Forgotten:
    shell = {"erased_at": erased_at, "legal_hold": False}
    return forgetting.forget(found, at=at, changed={"contact": shell})


def _locked(actor: Actor, record_id: UUID) -> Contact:
    """Locked against writers of anything that belongs to the contact: their foreign keys wait."""
    rows = Contact.objects.filter(pk=record_id)
    contact: Contact | None = rows.visible_to(actor, "erase").select_for_update(of=("self",)).first()
    if contact is None:
        if rows.visible_to(actor).exists():
            raise Forbidden(entity="contact", action="erase")
        raise NotFound(entity="contact", id=str(record_id))
    if contact.merged_into_id is not None and contact.erased_at is None:
        # Their data is the other's by now, and so is a legal hold on it.
        raise ContactMerged(
            "The contact was merged into another: erase that one.", merged_into=str(contact.merged_into_id)
        )
    held = Contact.objects.filter(pk__in=people.with_merged(record_id), legal_hold=True).first()
    if held is not None:
        raise OnLegalHold(contact_id=str(held.pk), reason=held.legal_hold_reason)
    return contact


def _take_step(erasure_id: UUID, name: str, at: datetime) -> bool:
    """One step in a transaction of its own, with the note that it is done; False where it must be tried again."""
    try:
        with transaction.atomic():
            if name in (SWEEP, VISITORS):
                # In the order of whoever erases them again, who would wait for this one and let it wait.
                list(Contact.objects.filter(pk__in=_whose(erasure_id)).select_for_update(of=("self",)).values("pk"))
            rows = Erasure.objects.filter(pk=erasure_id, completed_at__isnull=True)
            erasure = rows.select_for_update(of=("self",)).first()
            if erasure is None or name in erasure.done:
                return True
            if not _step(erasure, name, at):
                return False
            erasure.done = [*erasure.done, name]
            erasure.version += 1
            erasure.updated_at = at
            erasure.save(force_update=True)
    except Exception:  # one holder's fault must not keep the others from forgetting
        logger.exception("Erasure %s: step %s failed, and is tried again", erasure_id, name)
        return False
    return True


def _whose(erasure_id: UUID) -> QuerySet[Any, Any]:
    return Erasure.objects.filter(pk=erasure_id, completed_at__isnull=True).values("contact")


def _step(erasure: Erasure, name: str, at: datetime) -> bool:
    match name:
        case "ledger":
            erasure_ledger.note(erasure)
            return True
        case "sweep":
            return _swept(erasure, at)
        case "files":
            return _removed(erasure)
    subject = Subject(frozenset(erasure.people), erasure.at, _knows(frozenset(erasure.hashes)))
    if name == VISITORS:
        acting(SYSTEM, at)
        visitor_erasures.forget_named(subject.knows, at=at)
        return True
    return next(holder for holder in holders() if holder.name == name).forget(subject, at)


def _swept(erasure: Erasure, at: datetime) -> bool:
    """Once more: a writer that was at work when the person was erased may have brought something in after."""
    acting(SYSTEM, at)
    erasure.files = [*erasure.files, *_forget(erasure.people, erasure.at, at).files]
    return True


def _removed(erasure: Erasure) -> bool:
    for name in erasure.files:
        default_storage.delete(name)
    # A trigger has noted the contents of rows that are gone.
    file_purging.take_out()
    return not FileGarbage.objects.exists() and not any(default_storage.exists(name) for name in erasure.files)


def _knows(hashes: frozenset[str]) -> Any:
    def knows(channel: str, address: str) -> bool:
        try:
            written = addresses.normal(channel, address)
        except ValueError:
            return False
        return f"{channel}:{addresses.hashed(channel, written)}" in hashes

    return knows


def _by_channel(hashes: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in hashes:
        channel, _, key = item.partition(":")
        found.setdefault(channel, []).append(key)
    return found


def _present_by_hash(entries: dict[str, Entry]) -> dict[UUID, set[UUID]]:
    """Contacts that have an address of an erased person and were there before the erasure, by its id."""
    found: dict[UUID, set[UUID]] = {}
    if not entries:
        return found
    rows = Contact.objects.filter(erased_at__isnull=True).exclude(email=None, phone=None)
    for key, email, phone, made in rows.values_list("pk", "email", "phone", "created_at").iterator(chunk_size=5000):
        for channel, address in (("email", email), ("phone", phone)):
            entry = entries.get(f"{channel}:{addresses.hashed(channel, address)}") if address else None
            if entry is not None and made <= entry.at and channel == "email":
                found.setdefault(entry.id, set()).add(key)
    return found


def _send(erasure_id: UUID) -> None:
    """Give the rest to the workers. Where the broker is away it waits for `send_unfinished`."""
    try:
        current_app.send_task(TASK, args=[str(erasure_id)])
    except OperationalError:
        logger.warning("The broker is away; erasure %s waits", erasure_id)
