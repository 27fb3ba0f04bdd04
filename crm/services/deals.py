"""Writes of deals: from the first stage to won or lost, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any
from uuid import UUID

from django.db import transaction

from core import events
from core.actors import Actor
from core.errors import Invalid
from core.history.context import acting
from core.writes.base import Write
from crm.errors import DealAlreadyClosed, DealNotClosed, NoSuchStage, StageClosesDeal
from crm.events import DEAL_LOST, DEAL_MOVED, DEAL_REOPENED, DEAL_WON
from crm.models import Deal, Pipeline, Stage, StageChange, StageKind
from crm.services.customers import default_companies
from crm.services.described import DescribedWrites

FirstStage = Callable[[UUID | None], Stage]


class Deals(DescribedWrites[Deal]):
    """A deal's status is the kind of its stage, and every change of stage is kept."""

    together = True

    def prepare(self, change: Write[Deal]) -> None:
        self.prepare_many([change])

    def prepare_many(self, changes: Sequence[Write[Deal]]) -> None:
        super().prepare_many(changes)
        default_companies(changes)
        given = {change.values["stage_id"] for change in changes if change.created and change.values.get("stage_id")}
        stages = Stage.objects.in_bulk(given) if given else {}
        first = cache(_first_stage)
        for change in changes:
            self._prepare(change, stages, first)

    def _prepare(self, change: Write[Deal], stages: Mapping[UUID, Stage], first: FirstStage) -> None:
        deal = change.record
        if change.created:
            _place(change, stages, first)
        elif "deleted_at" in change.before and not Stage.objects.alive().filter(pk=deal.stage_id).exists():
            raise NoSuchStage("The deal's stage was deleted: restore that first.", stage_id=str(deal.stage_id))
        if deal.lost_reason is not None and deal.status != StageKind.LOST:
            raise Invalid.one("/lost_reason", "not_allowed", "Only a lost deal has a reason of loss.")

    def saved(self, change: Write[Deal]) -> None:
        self.saved_many([change])

    def saved_many(self, changes: Sequence[Write[Deal]]) -> None:
        super().saved_many(changes)
        moved = [change for change in changes if change.changed("stage_id")]
        if moved:
            StageChange.objects.bulk_create([_move(change) for change in moved])
            told = [event for change in moved if (event := _moved(change)) is not None]
            events.publish(*told, actor=moved[0].actor, at=moved[0].at)

    def win(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        amount: Decimal | None = None,
        closed_at: datetime | None = None,
    ) -> UUID:
        """Close as won. Raises DealAlreadyClosed."""
        wins = {} if amount is None else {"amount": amount}
        return self._close(StageKind.WON, "win", actor, record_id, at, closed_at, wins)

    def lose(
        self,
        *,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        lost_reason: str | None = None,
        closed_at: datetime | None = None,
    ) -> UUID:
        """Close as lost. Raises DealAlreadyClosed."""
        return self._close(StageKind.LOST, "lose", actor, record_id, at, closed_at, {"lost_reason": lost_reason})

    def reopen(self, *, actor: Actor, record_id: UUID, at: datetime, stage_id: UUID | None = None) -> UUID:
        """Put a closed deal into an open stage. Raises DealNotClosed."""
        with transaction.atomic():
            change = self._begin("reopen", actor, record_id, at)
            deal = change.record
            if not deal.is_closed:
                raise DealNotClosed(deal_id=str(deal.pk))
            stage = (
                _open_stage(deal, stage_id) if stage_id else _stage_of_kind(deal.pipeline_id, StageKind.OPEN, last=True)
            )
            self._finish(change, "reopen", stage=stage, closed_at=None, lost_reason=None)
        return deal.pk

    def move(self, *, actor: Actor, record_id: UUID, at: datetime, stage_id: UUID) -> UUID:
        """Put an open deal into another open stage. Raises DealAlreadyClosed, StageClosesDeal."""
        with transaction.atomic():
            change = self._begin("move", actor, record_id, at)
            deal = change.record
            if deal.is_closed:
                raise DealAlreadyClosed(deal_id=str(deal.pk))
            self._finish(change, "move", stage=_open_stage(deal, stage_id))
        return deal.pk

    def _close(
        self,
        kind: StageKind,
        action: str,
        actor: Actor,
        record_id: UUID,
        at: datetime,
        closed_at: datetime | None,
        values: dict[str, Any],
    ) -> UUID:
        with transaction.atomic():
            change = self._begin(action, actor, record_id, at)
            deal = change.record
            if deal.is_closed:
                raise DealAlreadyClosed(deal_id=str(deal.pk))
            moment = _closing_moment(deal, closed_at, at)
            self._finish(change, action, stage=_stage_of_kind(deal.pipeline_id, kind), closed_at=moment, **values)
        return deal.pk

    def _begin(self, action: str, actor: Actor, record_id: UUID, at: datetime) -> Write[Deal]:
        actor.require("deal", action)
        acting(actor, at)
        deal = self.lock(actor=actor, record_id=record_id, action=action)
        return Write(actor=actor, at=at, record=deal, values={}, created=False)

    def _finish(self, change: Write[Deal], action: str, *, stage: Stage, **values: Any) -> None:
        deal = change.record
        for name, value in {"stage_id": stage.pk, "status": stage.kind, **values}.items():
            if getattr(deal, name) != value:
                change.before[name] = getattr(deal, name)
                setattr(deal, name, value)
        self.apply(change, action=action)


def _place(change: Write[Deal], stages: Mapping[UUID, Stage], first: FirstStage) -> None:
    """Put a new deal into its pipeline and stage."""
    deal = change.record
    stage = _given_stage(change, stages) or first(change.values.get("pipeline_id"))
    deal.pipeline_id, deal.stage_id, deal.status = stage.pipeline_id, stage.pk, stage.kind
    deal.opened_at = deal.opened_at or deal.closed_at or change.at
    if deal.is_closed:
        deal.closed_at = _closing_moment(deal, deal.closed_at, change.at)
    elif deal.closed_at is not None:
        raise Invalid.one("/closed_at", "not_allowed", "Only a deal in a won or lost stage has it.")


def _given_stage(change: Write[Deal], stages: Mapping[UUID, Stage]) -> Stage | None:
    stage_id = change.values.get("stage_id")
    stage = stages[stage_id] if stage_id else None
    if stage is not None and change.values.get("pipeline_id") not in {None, stage.pipeline_id}:
        raise Invalid.one("/stage_id", "other_pipeline", "Is a stage of another pipeline.")
    return stage


def _first_stage(pipeline_id: UUID | None) -> Stage:
    if pipeline_id is None:
        pipeline_id = Pipeline.objects.alive().filter(is_default=True).values_list("pk", flat=True).first()
    if pipeline_id is None:
        raise Invalid.one("/pipeline_id", "required", "There is no default pipeline; name one.")
    return _stage_of_kind(pipeline_id, StageKind.OPEN)


def _stage_of_kind(pipeline_id: UUID, kind: StageKind, *, last: bool = False) -> Stage:
    stages = Stage.objects.alive().filter(pipeline_id=pipeline_id, kind=kind).order_by("-rank" if last else "rank")
    stage: Stage | None = stages.first()
    if stage is None:
        raise NoSuchStage(f"The pipeline has no {kind} stage.", pipeline_id=str(pipeline_id), kind=kind)
    return stage


def _open_stage(deal: Deal, stage_id: UUID) -> Stage:
    stage: Stage | None = Stage.objects.alive().filter(pk=stage_id, pipeline_id=deal.pipeline_id).first()
    if stage is None:
        raise Invalid.one("/stage_id", "not_found", "There is no such stage in the deal's pipeline.")
    if stage.kind != StageKind.OPEN:
        raise StageClosesDeal(stage_id=str(stage_id), kind=stage.kind)
    return stage


def _closing_moment(deal: Deal, closed_at: datetime | None, at: datetime) -> datetime:
    moment = closed_at or at
    if moment > at:
        raise Invalid.one("/closed_at", "in_future", "Must not be in the future.")
    if deal.opened_at is not None and moment < deal.opened_at:
        raise Invalid.one("/closed_at", "before_opened", "Must not be before the deal was opened.")
    return moment


def _move(change: Write[Deal]) -> StageChange:
    """The row that keeps the change of stage."""
    deal = change.record
    return StageChange(
        deal_id=deal.pk,
        from_stage_id=change.before.get("stage_id"),
        to_stage_id=deal.stage_id,
        kind=deal.status,
        at=deal.closed_at or (deal.opened_at if change.created else None) or change.at,
        by=change.actor.label,
        created_at=change.at,
        updated_at=change.at,
    )


def _moved(change: Write[Deal]) -> events.Event | None:
    """What is told of it; nothing of a new open deal, beside that it was created."""
    deal, old = change.record, change.before.get("stage_id")
    name = {StageKind.WON: DEAL_WON, StageKind.LOST: DEAL_LOST}.get(StageKind(deal.status))
    if name is None and change.created:
        return None
    if name is None:
        name = DEAL_REOPENED if "closed_at" in change.before else DEAL_MOVED
    payload = {
        "id": str(deal.pk),
        "from_stage_id": str(old) if old else None,
        "to_stage_id": str(deal.stage_id),
        "amount": None if deal.amount is None else str(deal.amount),
        "currency": deal.currency,
    }
    return events.Event(name, payload)


deals = Deals("deal")
