"""Deals on a board: seen by stage, and moved, won, lost and reopened by the services, whatever hand moves the card."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from core import clock
from core.actors import Actor
from core.admin.actors import actor_of
from core.errors import DomainError, NotFound
from crm.models import Deal, Stage, StageKind
from crm.selectors import boards
from crm.services.deals import deals

PAGE, COLUMN, CARDS = "crm/admin/board.html", "crm/admin/board_column.html", "crm/admin/board_cards.html"


def board(request: HttpRequest) -> HttpResponse:
    """The board of a pipeline."""
    actor = _viewer(request)
    found = boards.pipelines(actor=actor)
    wanted = request.GET.get("pipeline")
    pipeline = next((item for item in found if str(item.pk) == wanted), found[0] if found else None)
    stages = boards.stages(pipeline) if pipeline else []
    mine = _is_mine(request)
    context = {
        **admin.site.each_context(request),
        "title": "Board",
        "pipelines": found,
        "pipeline": pipeline,
        "columns": boards.columns(stages, actor=actor, at=clock.now(), mine=mine),
        **_common(stages, actor, mine),
    }
    return TemplateResponse(request, PAGE, context)


def column(request: HttpRequest, stage_id: UUID) -> HttpResponse:
    """One column as it is now, or its further cards."""
    actor = _viewer(request)
    stage = Stage.objects.visible_to(actor).alive().select_related("pipeline").filter(pk=stage_id).first()
    if stage is None:
        raise Http404
    mine, at = _is_mine(request), clock.now()
    common = _common(boards.stages(stage.pipeline), actor, mine)
    if "after" in request.GET:
        found, following = boards.cards(stage, actor=actor, at=at, mine=mine, after=_position(request.GET["after"]))
        shown = boards.Column(stage, cards=found, next=following)
        return TemplateResponse(request, CARDS, {"column": shown, **common})
    (shown,) = boards.columns([stage], actor=actor, at=at, mine=mine)
    return TemplateResponse(request, COLUMN, {"column": shown, **common})


def move(request: HttpRequest, deal_id: UUID, stage_id: UUID) -> HttpResponse:
    """Put a deal into a stage by the verb that leads there; a refusal is answered with its reason."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actor = _viewer(request)
    try:
        _put(actor, deal_id, stage_id, request.POST.get("lost_reason") or None)
    except DomainError as refusal:
        detail = next((fault.message for fault in refusal.errors), refusal.detail)
        return JsonResponse({"code": refusal.code, "detail": detail}, status=refusal.status)
    return JsonResponse({"deal": str(deal_id), "stage": str(stage_id)})


def _put(actor: Actor, deal_id: UUID, stage_id: UUID, lost_reason: str | None) -> None:
    deal = Deal.objects.visible_to(actor).alive().filter(pk=deal_id).first()
    stage = Stage.objects.visible_to(actor).alive().filter(pk=stage_id).first()
    if deal is None or stage is None:
        raise NotFound(entity="deal" if deal is None else "stage", id=str(stage_id if deal else deal_id))
    given: dict[str, Any] = {"actor": actor, "record_id": deal_id, "at": clock.now()}
    if stage.kind == StageKind.WON:
        deals.win(**given)
    elif stage.kind == StageKind.LOST:
        deals.lose(**given, lost_reason=lost_reason)
    elif deal.is_closed:
        deals.reopen(**given, stage_id=stage_id)
    else:
        deals.move(**given, stage_id=stage_id)


def _common(stages: list[Stage], actor: Actor, mine: bool) -> dict[str, Any]:
    """Which stages a card can be put into: those whose verb the actor has been granted."""
    verbs = {StageKind.WON: "win", StageKind.LOST: "lose", StageKind.OPEN: "move"}
    targets = [stage for stage in stages if actor.may("deal", verbs[StageKind(stage.kind)])]
    return {"targets": targets, "mine": mine, "closed_days": boards.CLOSED_DAYS}


def _viewer(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.may("deal", "view"):
        raise PermissionDenied
    return actor


def _is_mine(request: HttpRequest) -> bool:
    return request.GET.get("mine") == "1"


def _position(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def urls() -> list[URLPattern]:
    """Below the list of deals."""
    view = admin.site.admin_view
    return [
        path("board/", view(board), name="crm_deal_board"),
        path("board/<uuid:stage_id>/", view(column), name="crm_deal_board_column"),
        path("board/<uuid:deal_id>/to/<uuid:stage_id>/", view(move), name="crm_deal_board_move"),
    ]
