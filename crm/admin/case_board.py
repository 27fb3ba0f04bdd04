"""Cases on a board by status: put into another column, they are taken up, kept waiting, solved or closed."""

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
from crm.models import Case, Queue
from crm.models.case import OVER, CaseStatus
from crm.selectors import case_boards
from crm.services.cases import cases

PAGE, COLUMN = "crm/admin/case_board.html", "crm/admin/case_column.html"
VERBS = {
    CaseStatus.OPEN: "assign",
    CaseStatus.WAITING: "wait",
    CaseStatus.RESOLVED: "resolve",
    CaseStatus.CLOSED: "close",
}


def board(request: HttpRequest) -> HttpResponse:
    """All columns."""
    actor = _viewer(request)
    queues = list(Queue.objects.visible_to(actor).alive().order_by("name")) if actor.may("queue", "view") else []
    common = _common(request, actor)
    columns = case_boards.columns(
        list(CaseStatus.values), actor=actor, at=clock.now(), queue_id=common["queue_id"], mine=common["mine"]
    )
    context = {**admin.site.each_context(request), "title": "Cases", "queues": queues, "columns": columns, **common}
    return TemplateResponse(request, PAGE, context)


def column(request: HttpRequest, status: str) -> HttpResponse:
    """One column as it is now."""
    actor = _viewer(request)
    if status not in CaseStatus.values:
        raise Http404
    common = _common(request, actor)
    (shown,) = case_boards.columns(
        [status], actor=actor, at=clock.now(), queue_id=common["queue_id"], mine=common["mine"]
    )
    return TemplateResponse(request, COLUMN, {"column": shown, **common})


def move(request: HttpRequest, case_id: UUID, status: str) -> HttpResponse:
    """Put a case into a column by the verb that leads there; a refusal is answered with its reason."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    actor = _viewer(request)
    try:
        _put(actor, case_id, status)
    except DomainError as refusal:
        detail = next((fault.message for fault in refusal.errors), refusal.detail)
        return JsonResponse({"code": refusal.code, "detail": detail}, status=refusal.status)
    return JsonResponse({"case": str(case_id), "status": status})


def _put(actor: Actor, case_id: UUID, status: str) -> None:
    case = Case.objects.visible_to(actor).alive().filter(pk=case_id).first()
    if case is None or status not in VERBS:
        raise NotFound(entity="case", id=str(case_id))
    verb = VERBS[CaseStatus(status)]
    if status == CaseStatus.OPEN and case.status != CaseStatus.NEW:
        verb = "reopen" if case.status in OVER else "resume"
    getattr(cases, verb)(actor=actor, record_id=case_id, at=clock.now())


def _common(request: HttpRequest, actor: Actor) -> dict[str, Any]:
    """What is looked at, and which columns a card can be put into."""
    targets = [(status.value, status.label) for status, verb in VERBS.items() if actor.may("case", verb)]
    query = {name: request.GET[name] for name in ("queue", "mine") if request.GET.get(name)}
    return {
        "targets": targets,
        "queue_id": _id(query["queue"]) if "queue" in query else None,
        "mine": query.get("mine") == "1",
        "query": "&".join(f"{name}={value}" for name, value in query.items()),
        "over_days": case_boards.OVER_DAYS,
    }


def _viewer(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.may("case", "view"):
        raise PermissionDenied
    return actor


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise Http404 from None


def urls() -> list[URLPattern]:
    """Below the list of cases."""
    view = admin.site.admin_view
    return [
        path("board/", view(board), name="crm_case_board"),
        path("board/<slug:status>/", view(column), name="crm_case_board_column"),
        path("board/<uuid:case_id>/to/<slug:status>/", view(move), name="crm_case_board_move"),
    ]
