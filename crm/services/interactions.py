"""Writes of interactions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from core import events
from core.actors import Actor
from core.database.inserts import insert
from core.personal import erased
from core.writes.base import Write
from crm.models import Case, Interaction
from crm.services.customers import default_companies, held, require_customer
from crm.services.described import CustomisedWrites


class Interactions(CustomisedWrites[Interaction]):
    """An interaction is with somebody, and somebody of ours had it. One about a case counts into the case's minutes."""

    together = True

    def prepare(self, change: Write[Interaction]) -> None:
        self.prepare_many([change])

    def prepare_many(self, changes: Sequence[Write[Interaction]]) -> None:
        super().prepare_many(changes)
        _default_customers(changes)
        default_companies(changes)
        for change in changes:
            require_customer(change.record)
            if change.created and "agent_id" not in change.values:
                change.record.agent_id = change.actor.user_id

    def saved(self, change: Write[Interaction]) -> None:
        self.saved_many([change])

    def saved_many(self, changes: Sequence[Write[Interaction]]) -> None:
        cases = {case for change in changes if _spends(change) for case in _cases(change)} - {None}
        if cases:
            _count_minutes(cases, changes[0].at)

    def note(self, *, actor: Actor, at: datetime, case: Case, **values: Any) -> Interaction:
        """Record an interaction about a locked case, on the authority of the call on the case; the caller counts the
        minutes."""
        about = {"case": case, "contact_id": case.contact_id, "company_id": case.company_id, "agent_id": actor.user_id}
        erased.refuse_new(Interaction, about)
        made = Interaction(**about, **values, created_at=at, updated_at=at)
        insert(made)
        payload = {"entity": "interaction", "id": str(made.pk)}
        events.publish(events.Event("interaction.created", payload), actor=actor, at=at)
        return made


def _default_customers(changes: Sequence[Write[Interaction]]) -> None:
    """One about a case, with nobody named, is with the case's customer."""
    about = [
        change
        for change in changes
        if change.created
        and change.record.case_id is not None
        and not {"contact_id", "company_id"} & set(change.values)
    ]
    if not about:
        return
    ids = {change.record.case_id for change in about}
    cases = held(lambda: Case.objects.in_bulk(ids), lambda found: [case.contact_id for case in found.values()])
    for change in about:
        case = cases[change.record.case_id]
        change.record.contact_id, change.record.company_id = case.contact_id, case.company_id


def _spends(change: Write[Interaction]) -> bool:
    """Whether the minutes of a case are other ones now."""
    if change.created:
        return change.record.minutes is not None
    return bool({"minutes", "case_id", "deleted_at"} & set(change.before))


def _cases(change: Write[Interaction]) -> tuple[Any, Any]:
    return change.record.case_id, change.before.get("case_id")


def _count_minutes(case_ids: set[Any], at: datetime) -> None:
    # Locked first: the sum must see what others added while this waited for the row.
    list(Case.objects.filter(pk__in=case_ids).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    spent = Interaction.objects.alive().filter(case=OuterRef("pk")).order_by().values("case")
    total = Coalesce(Subquery(spent.annotate(sum=Sum("minutes")).values("sum")), 0, output_field=_minutes())
    Case.objects.filter(pk__in=case_ids).update(minutes=total, version=F("version") + 1, updated_at=at)


def _minutes() -> Any:
    return Case._meta.get_field("minutes")


interactions = Interactions("interaction")
