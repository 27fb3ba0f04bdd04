"""Writes of events: one by one or in sets, each message once, into months that are made when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from core import events as outbox
from core.actors import Actor
from core.database.copying import copy_records
from core.database.cursors import run_prepared
from core.errors import DomainError, Duplicate, Forbidden, Invalid
from core.history.context import acting
from core.personal import erased
from core.writes import inputs
from core.writes.base import Write, Writes
from crm.events import EVENT_BATCH_CREATED
from crm.models import Event
from crm.services import event_identity, event_partitions

# Senders' clocks are wrong by minutes, or in another time zone.
SKEW = timedelta(days=1)

_KNOWN = "SELECT key, event_id FROM crm_event_key WHERE key = ANY(%s)"


class SentBefore(Exception):
    """The same message of the same source was stored already, as `event_id`."""

    def __init__(self, event_id: UUID) -> None:
        super().__init__(event_id)
        self.event_id = event_id


class Events(Writes[Event]):
    """An event is never changed; only whose it is can become known. The same message twice is one event."""

    makes_sets = True

    def create(self, *, actor: Actor, values: Mapping[str, Any], at: datetime) -> Event:
        """Store an event; a message that came before answers with what it was stored as then, however often it comes.

        Raises Duplicate where that one was deleted, or the actor may not see it.
        """
        try:
            return super().create(actor=actor, values=values, at=at)
        except SentBefore as repeat:
            return _first(actor, repeat.event_id)
        except Duplicate:
            # Another connection stored the same message at the same time: by now it has committed.
            cleaned = inputs.clean(self.entity, values, actor=actor)
            event = Event(**{key: cleaned[key] for key in ("source", "message_id") if key in cleaned})
            found = _known([event])
            if not found:
                raise
            return _first(actor, found[_key(event)])

    def prepare(self, change: Write[Event]) -> None:
        event = change.record
        if not change.created:
            event_partitions.ensure([event_partitions.month_of(event.occurred_at)])
            return
        _complete(event, change.at)
        if event.message_id is not None:
            for event_id in _known([event]).values():
                raise SentBefore(event_id)
        event_identity.keep(event_identity.resolve([event], actor=change.actor, at=change.at))
        event_partitions.ensure([event_partitions.month_of(event.occurred_at)])

    def create_set(self, *, actor: Actor, items: Sequence[Any], at: datetime) -> list[Event | DomainError]:
        """Store many events in a handful of statements; for each item the event, or why it was refused.

        What only the database finds out (a message stored by another connection at the same time, a reference out of
        reach) refuses the whole set: store its items one by one then. Raises Forbidden, Duplicate, Invalid.
        """
        self._offer("create", actor)
        outcomes: list[Event | DomainError] = [self._draft(actor, values, at) for values in items]
        with transaction.atomic():
            acting(actor, at)
            self._refuse_unseen(outcomes, actor)
            drafts = [one for one in outcomes if isinstance(one, Event)]
            known = _known(drafts)
            new: dict[UUID, Event] = {}
            for event in drafts:
                if _key(event) not in known:
                    new.setdefault(_key(event), event)
            made = list(new.values())
            tied = event_identity.resolve(made, actor=actor, at=at)
            event_partitions.ensure({event_partitions.month_of(event.occurred_at) for event in made})
            with inputs.translated_integrity():
                copy_records(Event, made)
                event_identity.keep(tied)
            self._require_all_within_scope(actor, made)
            _tell(made, actor, at)
            firsts = {
                event.pk: event for event in Event.objects.visible_to(actor).alive().filter(pk__in=known.values())
            }
        answers = new | {
            key: firsts.get(event_id) or Duplicate("This message came before.") for key, event_id in known.items()
        }
        return [answers[_key(one)] if isinstance(one, Event) else one for one in outcomes]

    def _draft(self, actor: Actor, values: Any, at: datetime) -> Event | DomainError:
        try:
            cleaned = inputs.clean(self.entity, values, actor=actor)
            event = Event(created_at=at, updated_at=at)
            inputs.assign(self.entity, event, cleaned)
            _complete(event, at)
        except DomainError as refusal:
            return refusal
        return event

    def _refuse_unseen(self, outcomes: list[Event | DomainError], actor: Actor) -> None:
        """References as in the creation of one, but looked up for all at once."""
        for name in ("contact_id", "company_id"):
            item = self.entity.by_name[name]
            wanted = {getattr(one, name) for one in outcomes if isinstance(one, Event)} - {None}
            seen = inputs.hold(str(item.reference), wanted, actor, erased.marks(Event).get(name, ""))
            for index, one in enumerate(outcomes):
                key = getattr(one, name) if isinstance(one, Event) else None
                if key is None:
                    continue
                if key not in seen:
                    outcomes[index] = Invalid.one(f"/{name}", "not_found", "There is no such record.")
                elif seen[key] is not None:
                    outcomes[index] = erased.refusal(name, key)

    def _require_all_within_scope(self, actor: Actor, made: Sequence[Event]) -> None:
        if actor.is_superuser or Event.scope.sees_all(actor, actor.visibilities("event", "create")):
            return
        reached = Event.objects.filter(pk__in=[event.pk for event in made]).visible_to(actor, "create").count()
        if reached != len(made):
            raise Forbidden("An event would be outside of what you may write.", entity="event", action="create")


def _complete(event: Event, at: datetime) -> None:
    """What follows from what was sent, and the rules across fields."""
    event.received_at = at
    event.occurred_at = getattr(event, "occurred_at", None) or at
    if event.occurred_at > at + SKEW:
        raise Invalid.one("/occurred_at", "in_future", "Must not be in the future.")
    if event.value is not None and event.currency is None:
        raise Invalid.one("/currency", "required", "A value needs its currency.")


def _key(event: Event) -> UUID:
    """The name of a message, as the database makes it; an event that is no message stands for itself."""
    if event.message_id is None:
        return event.pk
    text = f"{len(event.source)}:{event.source}{event.message_id}"
    return UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])


def _known(found: Sequence[Event]) -> dict[UUID, UUID]:
    """The ids of events that were stored of the same messages, by key."""
    keys = [_key(event) for event in found if event.message_id is not None]
    return dict(run_prepared(_KNOWN, [keys])) if keys else {}


def _first(actor: Actor, event_id: UUID) -> Event:
    found: Event | None = Event.objects.visible_to(actor).alive().filter(pk=event_id).first()
    if found is None:
        raise Duplicate("This message came before.")
    return found


def _tell(made: Sequence[Event], actor: Actor, at: datetime) -> None:
    if made:
        payload = {"entity": "event", "ids": [str(event.pk) for event in made]}
        outbox.publish(outbox.Event(EVENT_BATCH_CREATED, payload), actor=actor, at=at)


events = Events("event")
