"""The months of the events' table: made ahead of time and when a writer needs one, dropped as a whole.

There is no default partition: it would have to be locked and read whenever a month is added. Instead every writer of
events first calls `ensure`. A month is made by a connection of its own, in a transaction of its own, so that neither
the writer's transaction nor its locks hold up others that need the same month.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg
from django.db import OperationalError, connection, transaction
from psycopg import sql

from core import events
from core.actors import SYSTEM
from core.database.aside import Connection, own_connection
from core.database.cursors import run_prepared
from core.errors import Unavailable
from core.history.context import acting
from crm.events import EVENT_MONTHS_DROPPED
from crm.models import EventKey
from crm.services import locks

TABLE = "crm_event"
FACT = "events"
# Everything before is one partition, `crm_event_early`: whatever moments writers send, months stay countable.
FIRST = date(2015, 1, 1)
EARLY = f"{TABLE}_early"
AHEAD = 3
# For how long a month may wait for others; afterwards they go first, and it is tried another time.
PATIENCE = "5s"

_MISSING = "SELECT * FROM crm_event_months_missing(%s, %s, %s::text[])"
_PARTITIONS = """
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = %s::regclass ORDER BY c.relname
"""
_MARK = "INSERT INTO core_dirty_month (fact, month) SELECT %s, unnest(%s::date[])"


@dataclass(frozen=True, slots=True)
class Partition:
    """One partition: its table, and the first day of its month (None for the one of everything before `FIRST`)."""

    table: str
    month: date | None


def month_of(moment: datetime) -> date:
    """The first day of a moment's month, in UTC."""
    return moment.astimezone(UTC).date().replace(day=1)


def following(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def start(month: date) -> datetime:
    """The first moment of a month."""
    return datetime(month.year, month.month, month.day, tzinfo=UTC)


def partitions() -> list[Partition]:
    """All there are, the oldest first."""
    with connection.cursor() as cursor:
        cursor.execute(_PARTITIONS, [TABLE])
        names = [name for (name,) in cursor.fetchall()]
    months = {name: _month_in(name) for name in names}
    return [Partition(name, months[name]) for name in sorted(names, key=lambda one: months[one] or date.min)]


def keep_ahead(*, at: datetime) -> None:
    """Make this month and the next `AHEAD` ones, where they are not there yet."""
    months = [month_of(at)]
    for _ in range(AHEAD):
        months.append(following(months[-1]))
    ensure(months)


def ensure(months: Iterable[date]) -> None:
    """Make the months (first days) that are missing. To be called before events of them are written.

    Within a transaction, none of its months is dropped before it ends. Raises Unavailable where a month could not be
    made within seconds, which only maintenance of the table itself can bring about.
    """
    names = {_name(month): month for month in months if month >= FIRST}
    missing = _missing(names)
    if missing:
        with own_connection() as aside:
            _make(aside, sorted(names[name] for name in missing))
        if _missing(missing):
            raise Unavailable("The events of this month cannot be written right now.")


def _missing(names: Iterable[str]) -> list[str]:
    asked = [locks.SPACE, int(locks.Subject.EVENT_MONTHS), sorted(names)]
    return [name for (name,) in run_prepared(_MISSING, asked)]


def drop_before(month: date, *, at: datetime) -> list[date]:
    """Drop the whole months before `month`, and what is older than all months; returns the first days of what went.

    The lake follows: what was in the dropped months goes from it at the next sync. Neither history nor outbox take the
    rows up. Months that somebody uses for long are left for the next time. Partitions are dropped one by one, each in
    a transaction of its own unless the caller has one.
    """
    bound, dropped = month.replace(day=1), []
    for partition in partitions():
        if partition.month is None:
            dropped += _empty_early(bound, at)
        elif partition.month < bound and _drop(partition, partition.month, at):
            dropped.append(partition.month)
    return dropped


def drop(month: date, *, at: datetime, unless: Callable[[str], bool]) -> bool:
    """Drop one month, unless its table, of which nobody writes or reads by then, is to be spared; whether it went.

    Also False where somebody uses it for long, or it is not there.
    """
    found = [partition for partition in partitions() if partition.month == month]
    return bool(found) and _drop(found[0], month, at, unless)


def _make(aside: Connection, months: list[date]) -> None:
    """Attaching takes a lock on the parent that neither readers nor writers of events wait for."""
    try:
        with aside.transaction():
            aside.execute(sql.SQL("SET LOCAL lock_timeout TO {}").format(PATIENCE))
            aside.execute("SELECT pg_advisory_xact_lock(%s, %s)", [locks.SPACE, int(locks.Subject.NEW_EVENT_MONTHS)])
            for month in months:
                found = aside.execute("SELECT to_regclass(%s)", [_name(month)]).fetchone()
                if found is None or found[0] is None:
                    _attach(aside, month)
    except psycopg.errors.LockNotAvailable:
        raise Unavailable("The events of this month cannot be written right now.") from None


def _attach(aside: Connection, month: date) -> None:
    names = {"parent": sql.Identifier(TABLE), "name": sql.Identifier(_name(month))}
    bounds = {"start": _utc(month), "end": _utc(following(month))}
    aside.execute(sql.SQL("CREATE TABLE {name} (LIKE {parent} INCLUDING CONSTRAINTS)").format(**names))
    attach = "ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES FROM ({start}) TO ({end})"
    aside.execute(sql.SQL(attach).format(**names, **bounds))


def _drop(partition: Partition, month: date, at: datetime, unless: Callable[[str], bool] = lambda _: False) -> bool:
    with _alone() as mine:
        if mine and unless(partition.table):
            return False
        if mine:
            with connection.cursor() as cursor:
                cursor.execute(
                    sql.SQL("ALTER TABLE {} DETACH PARTITION {}").format(*map(sql.Identifier, (TABLE, partition.table)))
                )
                cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(partition.table)))
            EventKey.objects.filter(occurred_at__gte=start(month), occurred_at__lt=start(following(month))).delete()
            _tell([month], at)
    return mine


def _empty_early(bound: date, at: datetime) -> list[date]:
    """Of what is older than all months, the rows of whole months before the bound."""
    end = start(min(bound, FIRST))
    with _alone() as mine:
        if not mine:
            return []
        # From the partition itself: the triggers of the whole table, history among them, do not see it.
        gone = sql.SQL("DELETE FROM {} WHERE occurred_at < %s RETURNING occurred_at").format(sql.Identifier(EARLY))
        listed = sql.SQL(
            "WITH gone AS ({}) SELECT DISTINCT date_trunc('month', occurred_at AT TIME ZONE 'UTC')::date FROM gone"
        ).format(gone)
        with connection.cursor() as cursor:
            cursor.execute(listed, [end])
            months = sorted(month for (month,) in cursor.fetchall())
        if months:
            EventKey.objects.filter(occurred_at__lt=end).delete()
            _tell(months, at)
    return months


@contextmanager
def _alone() -> Iterator[bool]:
    """A transaction in which nobody writes events; yields False where others did not let go in time."""
    with transaction.atomic():
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql.SQL("SET LOCAL lock_timeout TO {}").format(PATIENCE))
                locks.exclusively(locks.Subject.EVENT_MONTHS)
                cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(sql.Identifier(TABLE)))
                cursor.execute("SET LOCAL lock_timeout TO DEFAULT")
        except OperationalError as error:
            if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable):
                raise
            yield False
            return
        yield True


def _tell(months: list[date], at: datetime) -> None:
    acting(SYSTEM, at)
    with connection.cursor() as cursor:
        cursor.execute(_MARK, [FACT, months])
    payload = {"months": [month.isoformat() for month in months]}
    events.publish(events.Event(EVENT_MONTHS_DROPPED, payload), actor=SYSTEM, at=at)


def _name(month: date) -> str:
    return f"{TABLE}_{month:%Y_%m}"


def _month_in(name: str) -> date | None:
    if name == EARLY:
        return None
    year, month = name.removeprefix(f"{TABLE}_").split("_")
    return date(int(year), int(month), 1)


def _utc(day: date) -> sql.Literal:
    return sql.Literal(f"{day.isoformat()} 00:00:00+00")
