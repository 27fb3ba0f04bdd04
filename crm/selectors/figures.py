"""Figures of the business at a glance, as far as an actor sees the records. Every one reads an index, not a table."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import TruncMonth

from core.actors import Actor
from core.models.record import Record
from crm.models import Case, Contact, Deal, StageKind, Task, TaskStatus
from crm.models.case import CaseStatus

MONTHS = 12


def count(model: type[Record], *, actor: Actor, **conditions: Any) -> int:
    """How many live records the actor sees."""
    return int(_seen(model, actor).filter(**conditions).order_by().count())


def open_pipeline(*, actor: Actor) -> list[dict[str, Any]]:
    """Open deals by stage, in the order of pipelines and stages, with the sum in each currency."""
    actor.require("deal", "view")
    rows = _seen(Deal, actor).filter(status=StageKind.OPEN)
    names = ("pipeline__name", "stage__name", "stage__rank", "currency")
    found = rows.order_by().values(*names).annotate(deals=Count("id"), amount=Sum("amount"))
    return sorted(found, key=lambda row: (row["pipeline__name"], row["stage__rank"], row["currency"]))


def closed_by_month(*, actor: Actor, at: datetime) -> list[dict[str, Any]]:
    """Deals won and lost in each of the twelve months up to the last in which one was."""
    actor.require("deal", "view")
    closed = _seen(Deal, actor).filter(closed_at__lte=at)
    last = closed.order_by("-closed_at", "-id").values_list("closed_at", flat=True).first()
    if last is None:
        return []
    rows = closed.filter(closed_at__gte=_months_before(last, MONTHS - 1))
    grouped = rows.order_by().values("status", month=TruncMonth("closed_at")).annotate(deals=Count("id"))
    return list(grouped.order_by("month", "status"))


def new_by_source(*, actor: Actor, at: datetime, days: int) -> list[dict[str, Any]]:
    """Contacts made in the last `days` days by where they came from, most first."""
    actor.require("contact", "view")
    rows = _seen(Contact, actor).filter(created_at__gte=at - timedelta(days=days), created_at__lte=at)
    return list(rows.order_by().values("source").annotate(contacts=Count("id")).order_by("-contacts", "source"))


def work(*, actor: Actor, at: datetime) -> dict[str, int]:
    """What there is to do: cases by how they stand, and tasks by when they are due. Only of what the actor sees."""
    found: dict[str, int] = {}
    if actor.may("case", "view"):
        running = _seen(Case, actor).filter(status__in=(CaseStatus.NEW, CaseStatus.OPEN, CaseStatus.WAITING))
        late = Q(first_response_breached=True) | Q(resolution_breached=True)
        cases = running.order_by().aggregate(running=Count("id"), late=Count("id", filter=late))
        found |= {"cases": cases["running"], "late_cases": cases["late"]}
    if actor.may("task", "view"):
        # Days are those of UTC, as everywhere where nobody says otherwise.
        tonight = at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        due = _seen(Task, actor).filter(status=TaskStatus.OPEN, due_at__lt=tonight)
        tasks = due.order_by().aggregate(due=Count("id"), late=Count("id", filter=Q(due_at__lt=at)))
        found |= {"tasks": tasks["due"], "late_tasks": tasks["late"]}
    return found


def _seen(model: type[Record], actor: Actor) -> QuerySet[Any]:
    return model.objects.visible_to(actor).alive()


def _months_before(moment: datetime, months: int) -> datetime:
    """The first moment of the month that is so many before the moment's own."""
    years, month = divmod(moment.month - 1 - months, 12)
    return moment.replace(year=moment.year + years, month=month + 1, day=1, hour=0, minute=0, second=0, microsecond=0)
