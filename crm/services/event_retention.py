"""Events that are older than a rule lets them be go by whole months, where nothing of the month must stay."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import connection, transaction
from psycopg import sql

from core.personal import forgetting
from crm.models import Event, RetentionAction, RetentionRule, Tie
from crm.selectors import people
from crm.services import event_partitions

# Events whose ties and history are looked for at once.
CHUNK = 5_000


def months(rule: RetentionRule, as_of: datetime) -> list[date]:
    """The first days of the months that go as a whole by the rule, the oldest first; none by most rules.

    A month that is not over yet by then, or with events of somebody on legal hold, is left to go row by row.
    """
    is_whole = rule.entity == "event" and rule.moment == "occurred_at" and rule.criteria is None
    if not is_whole or rule.action != RetentionAction.DELETE:
        return []
    bound = event_partitions.month_of(as_of - timedelta(days=rule.keep_days))
    old = (item for item in event_partitions.partitions() if item.month is not None and item.month < bound)
    return [item.month for item in old if item.month is not None and not _is_held(item.table)]


def drop(month: date, *, at: datetime) -> int:
    """Drop a month with the ties and the history of its events; how many events went.

    What is in use for long, or held by then, stays with everything beside it (0).
    """
    count = 0
    try:
        with transaction.atomic():
            for ids in _chunks(month):
                forget_beside(ids, at=at)
                forgetting.forget_history(Event, ids, None)
                count += len(ids)
            if not event_partitions.drop(month, at=at, unless=_is_held):
                raise _Stays
    except _Stays:
        return 0
    return count


def forget_beside(ids: list[UUID], *, at: datetime) -> None:
    """Remove the ties of events that go, with what their history tells; those of people on legal hold stay."""
    held = people.held()
    rows = Tie.objects.filter(event__in=ids).exclude(contact__in=held).exclude(previous_contact__in=held)
    forgetting.forget_rows(Tie, list(rows.values_list("pk", flat=True)), at=at, remove=True)


class _Stays(Exception):
    """The month is not dropped: what went already of what is beside it comes back."""


def _chunks(month: date) -> Iterator[list[UUID]]:
    end = event_partitions.start(event_partitions.following(month))
    rows = Event.objects.filter(occurred_at__gte=event_partitions.start(month), occurred_at__lt=end).order_by("pk")
    ids = list(rows.values_list("pk", flat=True)[:CHUNK])
    while ids:
        yield ids
        ids = list(rows.filter(pk__gt=ids[-1]).values_list("pk", flat=True)[:CHUNK])


def _is_held(table: str) -> bool:
    held = sql.SQL(people.HELD)
    query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE contact_id IN ({}))").format(sql.Identifier(table), held)
    with connection.cursor() as cursor:
        cursor.execute(query)
        return bool(cursor.fetchone()[0])
