"""The pages of the wizard. An import's page is the wizard, at the step at which the import is."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from core import clock
from core.admin.actors import actor_of
from core.admin.base import RecordAdmin
from core.admin.imports import showing
from core.admin.imports.forms import MappingForm, OptionsForm, UploadForm, targets_of
from core.admin.imports.offers import importable
from core.errors import DomainError
from core.imports.service import OPEN, import_mappings, imports
from core.models.imports import Import, ImportMapping
from core.templatetags.core_admin import words

NEW, PAGE, PROGRESS = (f"core/admin/imports/{name}.html" for name in ("new", "page", "progress"))
RUNNING = (Import.Status.CHECKING, Import.Status.COMMITTING)


@admin.register(Import)
class ImportAdmin(RecordAdmin):
    """Files that were sent, and how far they are."""

    list_display = ("name", "what", "state", "rows", "created_at", "expires_at")
    filters = ("status", "entity")
    search_fields = ("name",)

    def get_urls(self) -> list[URLPattern]:
        """With the first step and the progress of the later ones."""
        view = self.admin_site.admin_view
        return [
            path("new/", view(self.new_view), name="core_import_new"),
            path("<uuid:import_id>/progress/", view(self.progress_view), name="core_import_progress"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """With the way to a new one."""
        found = dict(extra_context or {})
        if importable(actor_of(request)):
            found["import_url"] = reverse("admin:core_import_new")
        return super().changelist_view(request, found)

    def new_view(self, request: HttpRequest) -> HttpResponse:
        """Send a file."""
        actor = actor_of(request)
        names = importable(actor)
        if not names:
            raise PermissionDenied
        sent = (request.POST, request.FILES) if request.method == "POST" else ()
        form = UploadForm(names, *sent, initial={"entity": request.GET.get("entity", "contact")})
        if sent and form.is_valid():
            given = form.cleaned_data
            try:
                key = imports.take(actor=actor, at=clock.now(), file=given["file"], entity=given["entity"])
            except DomainError as refusal:
                for text in [fault.message for fault in refusal.errors] or [refusal.detail]:
                    form.add_error("file", text)
            else:
                return HttpResponseRedirect(self._at(key))
        context = {"form": form, "title": "Import a file", "steps": showing.steps(None)}
        return self._rendered(request, NEW, context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The wizard."""
        actor = actor_of(request)
        actor.require("import", "view")
        try:
            record: Import = self._seen(actor, object_id)
        except Http404:
            return cast("HttpResponse", self._get_obj_does_not_exist_redirect(request, self.opts, object_id))
        if request.method == "POST":
            return self._sent(request, record)
        return self._wizard(request, record)

    def _sent(self, request: HttpRequest, record: Import) -> HttpResponse:
        actor, at, verb = actor_of(request), clock.now(), request.POST.get("do", "")
        mapping, options = self._forms(request, record) if record.status in OPEN else (None, None)
        try:
            if verb == "cancel":
                imports.cancel(actor=actor, record_id=record.pk, at=at)
            elif mapping is not None and options is not None:
                if not options.is_valid():
                    return self._wizard(request, record, mapping, options)
                self._apply(request, record, mapping, options)
                self._go_on(request, record, verb)
        except DomainError as refusal:
            said = showing.place(refusal, mapping, options)
            for text in said:
                messages.error(request, text)
            if mapping is None:
                return HttpResponseRedirect(self._at(record.pk))
            record.refresh_from_db()
            return self._wizard(request, record, mapping, options)
        return HttpResponseRedirect(self._at(record.pk))

    def _apply(self, request: HttpRequest, record: Import, mapping: MappingForm, options: OptionsForm) -> None:
        """Change what is changed. A page that is older than the import is refused."""
        wanted = {"options": options.options(mapping.columns()), "mapping": mapping.mapping()}
        changed = [name for name, value in wanted.items() if not showing.same(value, getattr(record, name))]
        names, version = [item["name"] for item in record.columns], request.POST.get("version", "")
        expected = int(version) if version.isdigit() else None
        with transaction.atomic():
            for name in changed:
                # Read otherwise, the file may have other columns: what was said of the former ones is void.
                if name == "mapping" and names != [item["name"] for item in record.columns]:
                    break
                values, at = {name: wanted[name]}, clock.now()
                imports.update(actor=actor_of(request), record_id=record.pk, values=values, at=at, version=expected)
                record.refresh_from_db()
                expected = record.version

    def _go_on(self, request: HttpRequest, record: Import, verb: str) -> None:
        actor, at = actor_of(request), clock.now()
        match verb:
            case "check":
                imports.dry_run(actor=actor, record_id=record.pk, at=at)
            case "commit":
                imports.commit(actor=actor, record_id=record.pk, at=at)
            case "keep":
                values = {
                    "name": request.POST.get("keep", "").strip(), "entity": record.entity,
                    "signature": record.signature, "mapping": record.mapping, "options": record.options,
                }  # fmt: skip
                kept = import_mappings.create(actor=actor, values=values, at=at)
                messages.success(request, f"The mapping is kept as “{kept.name}”, for files with these columns.")
            case _:
                messages.success(request, "Applied.")

    def _forms(self, request: HttpRequest, record: Import) -> tuple[MappingForm, OptionsForm]:
        sent = request.POST if request.method == "POST" else None
        targets = targets_of(record, actor_of(request))
        return MappingForm(record, targets, sent), OptionsForm(record, targets, *([sent] if sent is not None else []))

    def _wizard(
        self,
        request: HttpRequest,
        record: Import,
        mapping: MappingForm | None = None,
        options: OptionsForm | None = None,
    ) -> HttpResponse:
        actor = actor_of(request)
        editable = record.status in OPEN and record.path is not None and record.deleted_at is None
        may_change = self.has_change_permission(request, record)
        if editable and may_change and (mapping is None or options is None):
            mapping, options = self._forms(request, record)
        context = {
            "record": record,
            "title": record.name,
            "mapping": mapping if editable and may_change else None,
            "options": options if editable and may_change else None,
            "progress": self._progress(request, record),
            "steps": showing.steps(record),
            "preview": showing.preview(record),
            "may": {verb: actor.may("import", verb) for verb in ("dry_run", "commit", "cancel")},
            "result": showing.result(record, actor),
            "entity": words(record.entity),
            "delete_url": reverse("admin:core_import_delete", args=[record.pk])
            if self.has_delete_permission(request, record) and record.status not in RUNNING
            else "",
        }
        return self._rendered(request, PAGE, context)

    def progress_view(self, request: HttpRequest, import_id: UUID) -> HttpResponse:
        """How far it is now; once it is over, the page is to be loaded again."""
        record: Import = self._seen(actor_of(request), str(import_id))
        answer = HttpResponse(self._progress(request, record))
        if record.status not in RUNNING:
            answer["HX-Refresh"] = "true"
        return answer

    def _progress(self, request: HttpRequest, record: Import) -> str:
        if record.status not in RUNNING:
            return ""
        address = reverse("admin:core_import_progress", args=[record.pk])
        return render_to_string(PROGRESS, showing.progress(record) | {"address": address}, request)

    def _rendered(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = admin.site.name
        return TemplateResponse(request, template, {**admin.site.each_context(request), "opts": self.opts, **context})

    @staticmethod
    def _at(key: Any) -> str:
        return reverse("admin:core_import_change", args=[key])

    @admin.display(description="Rows become", ordering="entity")
    def what(self, record: Import) -> str:
        """The kind of record, readable."""
        return words(record.entity)

    @admin.display(description="Status", ordering="status")
    def state(self, record: Import) -> str:
        """The status as a badge."""
        return showing.badge(record)


@admin.register(ImportMapping)
class ImportMappingAdmin(RecordAdmin):
    """What becomes of the columns of files that come again."""

    list_display = ("name", "entity", "created_at")
    filters = ("entity",)
    search_fields = ("name",)
