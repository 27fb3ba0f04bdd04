"""A pipeline as a board: its stages as columns, the deals in them as cards, as far as an actor sees them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from core.actors import Actor
from crm.models import Deal, Pipeline, Stage, StageKind

CARDS = 20
# Of the closed only what is fresh: the rest is for lists.
CLOSED_DAYS = 30


@dataclass
class Column:
    """A stage with its first cards; `sums` are (amount, currency), one of each currency."""

    stage: Stage
    deals: int = 0
    sums: list[tuple[Any, str]] = field(default_factory=list)
    cards: list[Deal] = field(default_factory=list)
    next: UUID | None = None

    @property
    def is_open(self) -> bool:
        return bool(self.stage.kind == StageKind.OPEN)


def pipelines(*, actor: Actor) -> list[Pipeline]:
    """What can be looked at, the default first."""
    actor.require("deal", "view")
    return list(Pipeline.objects.visible_to(actor).alive().order_by("-is_default", "name"))


def stages(pipeline: Pipeline) -> list[Stage]:
    """Its stages, in order."""
    return list(Stage.objects.alive().filter(pipeline=pipeline).order_by("rank", "id"))


def columns(chosen: Iterable[Stage], *, actor: Actor, at: datetime, mine: bool = False) -> list[Column]:
    """The columns of these stages, each with its sums and first cards."""
    actor.require("deal", "view")
    found = {stage.pk: Column(stage) for stage in chosen}
    for kind in (True, False):
        part = [column for column in found.values() if column.is_open is kind]
        rows = _rows(actor, mine).filter(_shown(part, at)) if part else Deal.objects.none()
        for row in rows.order_by().values("stage_id", "currency").annotate(n=Count("id"), amount=Sum("amount")):
            column = found[row["stage_id"]]
            column.deals += row["n"]
            if row["amount"]:
                column.sums.append((row["amount"], row["currency"]))
    for column in found.values():
        column.sums.sort(key=lambda each: each[1])
        column.cards, column.next = cards(column.stage, actor=actor, at=at, mine=mine)
    return list(found.values())


def cards(
    stage: Stage, *, actor: Actor, at: datetime, mine: bool = False, after: UUID | None = None
) -> tuple[list[Deal], UUID | None]:
    """The next cards of a column, newest first, and where those after them begin."""
    rows = _rows(actor, mine).filter(_shown([Column(stage)], at))
    if after is not None:
        rows = rows.filter(pk__lt=after)
    found = list(rows.select_related("company", "contact", "owner").order_by("-pk")[: CARDS + 1])
    return found[:CARDS], found[CARDS - 1].pk if len(found) > CARDS else None


def _rows(actor: Actor, mine: bool) -> QuerySet[Deal]:
    rows: QuerySet[Deal] = Deal.objects.visible_to(actor).alive()
    return rows.filter(owner_id=actor.user_id) if mine else rows


def _shown(part: list[Column], at: datetime) -> Q:
    """Of open stages all, of closing ones what was closed lately; a part is of one kind."""
    stages = Q(stage__in=[column.stage.pk for column in part])
    if part[0].is_open:
        # Said so that the index of open deals, which holds their amounts, serves.
        return stages & Q(status=StageKind.OPEN)
    return stages & Q(closed_at__gte=at - timedelta(days=CLOSED_DAYS))
