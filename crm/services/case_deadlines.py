"""Letting the deadlines of cases pass, and winding their clocks anew where hours or limits changed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from core.actors import SYSTEM
from core.history.context import acting
from core.models.record import RecordQuerySet
from crm.models import Case, CaseDeadline
from crm.models.case import OVER
from crm.services import clocks, locks

BATCH = 200
# More cases than this are left to a worker.
AT_ONCE = 200


def settle(case_ids: Sequence[UUID], *, at: datetime) -> None:
    """Before a case is changed, what is due of it passes. Must be called in the transaction of the change.

    Clocks that were left to a worker are wound first: by what holds now, less may be due.
    """
    due = CaseDeadline.objects.filter(case__in=case_ids, passed_at__isnull=True, due_at__lt=at)
    if due.exists():
        rows = Case.objects.alive().filter(pk__in=case_ids).order_by("pk")
        cases = list(rows.select_for_update(no_key=True))
        stale = [case for case in cases if case.is_clock_stale]
        if stale:
            acting(SYSTEM, at)
            _wind(stale, at)
        _strike(cases, at)


def pass_due(*, at: datetime, limit: int = 10_000) -> int:
    """Let pass what is due, of every case; returns of how many cases. Several workers may do it at once.

    Each batch is one transaction: after a kill it has happened as a whole or not at all, and a deadline that was
    marked as passed is never taken up again.
    """
    handled = 0
    while handled < limit:
        with transaction.atomic():
            cases = list(_due(at)[:BATCH].select_for_update(of=("self",), no_key=True, skip_locked=True))
            _strike(cases, at)
        handled += len(cases)
        if len(cases) < BATCH:
            break
    return handled


def _due(at: datetime) -> RecordQuerySet:
    """Live cases with something due. What has stale clocks is wound first."""
    due = CaseDeadline.objects.filter(passed_at__isnull=True, due_at__lt=at)
    # In primary-key order, as everybody locks.
    return Case.objects.alive().filter(pk__in=due.values("case"), is_clock_stale=False).order_by("pk")


def _strike(cases: list[Case], at: datetime) -> None:
    if cases:
        acting(SYSTEM, at)
        _save(cases, clocks.strike(cases, actor=SYSTEM, at=at), at)


def rewind(cases: RecordQuerySet, *, at: datetime) -> None:
    """Wind the clocks of these cases anew: of some at once, of many by a worker, soon."""
    marked = cases.alive().exclude(status__in=OVER)
    ids = list(marked.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(ids) > AT_ONCE:
        marked.filter(is_clock_stale=False).update(is_clock_stale=True)
        return
    rows = Case.objects.filter(pk__in=ids).order_by("pk").select_for_update(no_key=True)
    _wind(list(rows), at)


def wind_stale(*, at: datetime) -> int:
    """Wind the clocks that were left to a worker; returns how many. Several workers may do it at once."""
    handled = 0
    while True:
        with transaction.atomic():
            locks.shared(locks.Subject.SERVICE_LEVELS)
            rows = Case.objects.filter(is_clock_stale=True).order_by("pk")[:BATCH]
            cases = list(rows.select_for_update(no_key=True, skip_locked=True))
            if cases:
                acting(SYSTEM, at)
                _wind(cases, at)
        handled += len(cases)
        if len(cases) < BATCH:
            return handled


def _wind(cases: list[Case], at: datetime) -> None:
    before = clocks.wind(cases, at=at)
    stale = [case.pk for case in cases if case.is_clock_stale]
    _save(cases, before, at)
    Case.objects.filter(pk__in=stale).update(is_clock_stale=False)


def _save(cases: list[Case], before: dict[UUID, dict[str, Any]], at: datetime) -> None:
    """Write the attributes that changed, in one statement."""
    changed = [case for case in cases if before[case.pk]]
    if not changed:
        return
    names = sorted({name for case in changed for name in before[case.pk]})
    for case in changed:
        case.version += 1
        case.updated_at = at
    Case.objects.bulk_update(changed, [*names, "version", "updated_at"])
