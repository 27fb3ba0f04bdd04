"""Writes of decisions about pairs of contacts."""

from __future__ import annotations

from core.errors import Invalid
from core.writes.base import Write, Writes
from crm.models import DuplicateDecision, DuplicateVerdict


class DuplicateDecisions(Writes[DuplicateDecision]):
    """A pair is kept in the order of its ids, whichever way it was told."""

    def prepare(self, change: Write[DuplicateDecision]) -> None:
        record = change.record
        if change.created:
            if record.contact_id == record.other_id:
                raise Invalid.one("/other_id", "same", "A decision is about two contacts.")
            record.contact_id, record.other_id = sorted((record.contact_id, record.other_id))
            record.by = change.actor.label
        if record.until is not None and record.verdict != DuplicateVerdict.LATER:
            raise Invalid.one("/until", "not_allowed", "Only what is looked at later has a moment for it.")


duplicate_decisions = DuplicateDecisions("duplicate_decision")
