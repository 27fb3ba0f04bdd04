"""Exports: of what a list shows, made by a worker, fetched when they are there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from unfold import widgets

from core import clock, registry
from core.admin.actors import actor_of
from core.admin.base import RecordAdmin
from core.admin.jobs import shown
from core.errors import DomainError, Invalid
from core.exports import formats
from core.exports.service import exports
from core.jobs.sending import ACTIVE
from core.models.export import Export
from core.models.job import Job
from core.registry.entities import Entity
from core.registry.operations import Operation
from core.registry.types import TypeFault
from core.templatetags.core_admin import words

PROGRESS = "core/admin/export_progress.html"
PAGE = "core/admin/export_new.html"
# Asked for by the page of the one export.
ALONE = "?alone=1"
# What the address of a list says beside its filters.
_NO_FILTERS = frozenset({"q", "state", "o", "p", "all", "_changelist_filters", "e"})


class ExportForm(forms.Form):
    """What kind of file."""

    format = forms.ChoiceField(widget=widgets.UnfoldAdminSelectWidget())
    separator = forms.ChoiceField(
        choices=[(",", "Comma"), (";", "Semicolon"), ("\t", "Tab")],
        widget=widgets.UnfoldAdminSelectWidget(),
        help_text="Between the cells of CSV.",
    )

    def __init__(self, kinds: list[str], *args: Any) -> None:
        super().__init__(*args)
        self.fields["format"].choices = [(kind, kind.upper()) for kind in kinds]  # type: ignore[attr-defined]


def criteria_of(entity: Entity, query: QueryDict) -> tuple[dict[str, Any] | None, list[str]]:
    """The filters in the address of a list as criteria, and those that cannot be said so."""
    by_column = {item.attribute: item for item in entity.fields if item.filterable}
    parts, left = [], []
    for name in query:
        if name in _NO_FILTERS:
            continue
        column = name.removesuffix("__exact").removesuffix("__id")
        item = by_column.get(column) or by_column.get(f"{column}_id")
        try:
            value = _value(item, str(query.get(name))) if item is not None else None
        except TypeFault:
            value = None
        if item is None or value is None:
            left.append(name)
        else:
            parts.append({"field": item.name, "op": "eq", "value": value})
    return ({"and": parts} if parts else None), left


def _value(item: Any, text: str) -> Any:
    known: Mapping[str, Any] = {"1": True, "0": False, "True": True, "False": False}
    value = known.get(text, text) if item.type.name == "boolean" else text
    item.type.parse(value)
    return value


def new(request: HttpRequest, entity_name: str) -> HttpResponse:
    """Ask for an export of what a list shows, and go where its progress is seen."""
    actor = actor_of(request)
    entity = next((item for item in registry.entities() if item.name == entity_name), None)
    if entity is None or not actor.may("export", "create") or not actor.may(entity.name, "view"):
        raise PermissionDenied
    where, left = criteria_of(entity, request.GET)
    form = ExportForm(_kinds(entity), *([request.POST] if request.method == "POST" else []))
    if request.method == "POST" and form.is_valid():
        values = {
            "entity": entity.name,
            "format": form.cleaned_data["format"],
            "q": request.GET.get("q") or None,
            "filter": where,
            "deleted": request.GET.get("state") == "deleted",
            "options": {"separator": form.cleaned_data["separator"]} if form.cleaned_data["format"] == "csv" else {},
        }
        try:
            made = exports.create(actor=actor, values=values, at=clock.now())
        except DomainError as refusal:
            faults = [fault.message for fault in refusal.errors] or [refusal.detail]
            form.add_error(None, faults[0])
        else:
            messages.success(request, "The export is on its way.")
            return HttpResponseRedirect(reverse("admin:core_export_change", args=[made.pk]))
    context = {
        **admin.site.each_context(request),
        "title": f"Export {entity.plural.replace('-', ' ')}",
        "form": form,
        "query": request.GET.get("q", ""),
        "conditions": [f"{words(part['field'])}: {part['value']}" for part in (where or {}).get("and", [])],
        "left": left,
        "is_deleted": request.GET.get("state") == "deleted",
    }
    return TemplateResponse(request, PAGE, context)


def _kinds(entity: Entity) -> list[str]:
    """The kinds of files that hold such records."""
    found = []
    for name in formats.NAMES:
        try:
            formats.of(name, entity.name)
        except Invalid:
            continue
        found.append(name)
    return found


def told(export: Export, where: str = "") -> dict[str, Any]:
    """How far an export is, and where its file is once it is there; `where` says on which page it is shown."""
    progress = shown(export.job)
    waits = export.job.status in ACTIVE
    progress["address"] = f"{reverse('admin:core_export_progress', args=[export.pk])}{where}" if waits else ""
    there = export.job.status == Job.Status.SUCCEEDED and export.path
    progress["content"] = reverse("admin:core_export_do", args=[export.pk, "export_content"]) if there else ""
    return progress | {"export": export}


@admin.register(Export)
class ExportAdmin(RecordAdmin):
    """Begun from the list of what is to be exported."""

    list_display = ("what", "progress", "rows", "size", "created_at", "expires_at")
    list_select_related = ("job",)
    search_fields = ("entity",)
    headline = ("entity", "format", "rows", "size", "q", "created_at", "expires_at")
    change_form_outer_before_template = "core/admin/export.html"

    def get_urls(self) -> list[URLPattern]:
        """With the beginning of an export and its progress."""
        view = self.admin_site.admin_view
        return [
            path("of/<slug:entity_name>/", view(new), name="core_export_new"),
            path("<uuid:export_id>/progress/", view(self.progress_view), name="core_export_progress"),
            *super().get_urls(),
        ]

    def offers(self, operation: Operation, record: Export) -> bool:
        """The file has a button of its own; what is over cannot be stopped."""
        return operation.name == "cancel_export" and record.job.status in ACTIVE

    def progress_view(self, request: HttpRequest, export_id: UUID) -> HttpResponse:
        """How far it is now; once it is over, the export's own page is to be loaded again."""
        export = self._seen(actor_of(request), str(export_id))
        where = ALONE if f"?{request.GET.urlencode()}" == ALONE else ""
        answer = HttpResponse(render_to_string(PROGRESS, told(export, where), request))
        if where and export.job.status not in ACTIVE:
            answer["HX-Refresh"] = "true"
        return answer

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With how far it is."""
        if kwargs.get("obj") is not None:
            context["progress"] = render_to_string(PROGRESS, told(kwargs["obj"], ALONE), request)
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Export", ordering="entity")
    def what(self, export: Export) -> str:
        """Of what, as what."""
        return f"{words(export.entity)} as {export.format.upper()}"

    @admin.display(description="Progress")
    def progress(self, export: Export) -> str:
        """A bar that moves by itself, then the file."""
        return render_to_string(PROGRESS, told(export))
