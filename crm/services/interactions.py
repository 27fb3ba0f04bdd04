"""Writes of interactions."""

from __future__ import annotations

from core.writes.base import Write, Writes
from crm.models import Interaction
from crm.services.customers import default_company, require_customer


class Interactions(Writes[Interaction]):
    """An interaction is with somebody, and somebody of ours had it."""

    def prepare(self, change: Write[Interaction]) -> None:
        default_company(change)
        require_customer(change.record)
        if change.created and "agent_id" not in change.values:
            change.record.agent_id = change.actor.user_id


interactions = Interactions("interaction")
