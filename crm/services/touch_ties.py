"""Touches of visitors who are known already."""

from __future__ import annotations

from datetime import datetime

from core.actors import Actor
from crm.models import Contact, Tie, TieKind, TieMethod, Touch
from crm.selectors import tie_evidence
from crm.services import tied_sources, ties
from crm.services.ties import Proof


def tie_known_visitor(touch: Touch, *, actor: Actor, at: datetime) -> None:
    """Give a new touch of nobody to the contact whose visitor it is, as far as the actor may see them."""
    told = tie_evidence.said(touch)
    while True:
        whose = tie_evidence.decide(told, tie_evidence.leads({item.key for item in told}, actor=actor))
        if whose is None:
            return
        contact_id = whose.lead.contact_id
        # As the triggers of touches lock it, before what they fill in is looked at; who was merged meanwhile is not it.
        rows = Contact.objects.alive().filter(pk=contact_id).select_for_update(no_key=True)
        if rows.first() is not None:
            break
    before = tied_sources.of(contact_id)
    touch.contact_id = contact_id
    Touch.objects.filter(pk=touch.pk).update(contact=contact_id)
    proof = Proof(whose.evidence, whose.confidence, TieMethod.AUTOMATIC, whose.details)
    made = ties.draft(TieKind.TOUCH, touch.pk, contact_id, proof, by=actor.label, at=at)
    made.filled = tied_sources.filled(before, contact_id)
    Tie.objects.bulk_create([made])
