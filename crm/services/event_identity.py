"""Whose an event is, where its sender did not name a contact of ours but somebody who is known by another name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from core.actors import Actor
from core.database.copying import copy_records
from core.writes import inputs
from crm.models import Event, Tie, TieKind, TieMethod
from crm.selectors import tie_evidence
from crm.selectors.tie_evidence import Found
from crm.services import ties
from crm.services.ties import Proof


def resolve(found: Sequence[Event], *, actor: Actor, at: datetime) -> list[Tie]:
    """Set the contact of new events that name none, as far as the actor may see the contact; one query for all.

    Returns a tie for each, to be stored with them (`keep`), which says by what and can be undone. The one place where
    events meet identities, asked before they are stored.
    """
    owners = _held(found, actor)
    made = []
    for event in found:
        whose = owners.get(event.pk)
        if whose is not None:
            event.contact_id = whose.lead.contact_id
            proof = Proof(whose.evidence, whose.confidence, TieMethod.AUTOMATIC, whose.details)
            made.append(ties.draft(TieKind.EVENT, event.pk, event.contact_id, proof, by=actor.label, at=at))
    return made


def keep(made: Sequence[Tie]) -> None:
    """Store the ties of events that come. Nobody is told: that the event came tells of its contact too."""
    copy_records(Tie, made)


def _held(found: Sequence[Event], actor: Actor) -> dict[UUID, Found]:
    """Whose each is, held against merges; where one was merged meanwhile, identifiers lead elsewhere by now."""
    told = {event.pk: tie_evidence.said(event) for event in found if event.contact_id is None}
    keys = {item.key for listed in told.values() for item in listed}
    while True:
        known = tie_evidence.leads(keys, actor=actor)
        decided = {key: tie_evidence.decide(listed, known) for key, listed in told.items()} if known else {}
        owners = {key: whose for key, whose in decided.items() if whose is not None}
        people = {whose.lead.contact_id for whose in owners.values()}
        if people == inputs.hold("contact", people, actor).keys():
            return owners
