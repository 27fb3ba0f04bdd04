"""What nobody could be named for when it came is looked at again: its identifiers may lead to a contact by now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from core.actors import SYSTEM
from crm.models import Event, Interaction, Tie, TieMethod
from crm.selectors import tie_evidence
from crm.selectors.tie_evidence import Found
from crm.services import ties
from crm.services.ties import Proof

# Records whose identifiers are looked up by one query.
CHUNK = 500


def tie_later(*, at: datetime) -> dict[str, int]:
    """Tie the offline events and interactions of the last TIE_DAYS days that are nobody's; how many, by kind.

    What was untied is not tied to the same contact by the same evidence again. Each tie is a transaction of its own:
    done twice, or broken off, nothing is lost or doubled.
    """
    since = at - timedelta(days=settings.TIE_DAYS)
    events = Event.objects.filter(is_offline=True)
    interactions = Interaction.objects.exclude(data={})
    return {kind: _tie(kind, rows, since, at) for kind, rows in (("event", events), ("interaction", interactions))}


def _tie(kind: str, rows: Any, since: datetime, at: datetime) -> int:
    count = 0
    for records in _chunks(rows.alive().filter(contact__isnull=True, occurred_at__gte=since)):
        told = {record.pk: tie_evidence.said(record) for record in records}
        known = tie_evidence.leads({item.key for listed in told.values() for item in listed}, actor=SYSTEM)
        for record in records:
            whose = tie_evidence.decide(told[record.pk], known)
            if whose is not None and not _was_untied(kind, record, whose):
                proof = Proof(whose.evidence, whose.confidence, TieMethod.AUTOMATIC, whose.details)
                count += ties.tie_found(
                    kind=kind, record_id=record.pk, contact_id=whose.lead.contact_id, proof=proof, at=at
                )
    return count


def _chunks(rows: Any) -> Iterator[Sequence[Any]]:
    """In the order in which they happened, each once, whatever is tied meanwhile."""
    rows = rows.order_by("occurred_at", "pk")
    chunk = list(rows[:CHUNK])
    while chunk:
        yield chunk
        last = chunk[-1]
        same = rows.filter(occurred_at=last.occurred_at, pk__gt=last.pk)[:CHUNK]
        chunk = list(same) or list(rows.filter(occurred_at__gt=last.occurred_at)[:CHUNK])


def _was_untied(kind: str, record: Any, whose: Found) -> bool:
    rows = Tie.objects.filter(contact=whose.lead.contact_id, evidence=whose.evidence, untied_at__isnull=False)
    alone = rows.filter(**{kind: record.pk})
    whole = rows.filter(rows__model=record._meta.label, rows__ids__contains=[record.pk])
    return alone.exists() or whole.exists()
