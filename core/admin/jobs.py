"""Jobs: what is being worked on, how far it is, and a way to stop it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString

from core.admin.actors import actor_of
from core.admin.base import RecordAdmin
from core.admin.header import tone_of
from core.jobs.sending import ACTIVE
from core.models.job import Job
from core.registry.operations import Operation
from core.templatetags.core_admin import words

PROGRESS = "core/admin/job_progress.html"


def shown(job: Job) -> dict[str, Any]:
    """How far a job is; `address` asks again, while there is something to wait for."""
    return {
        "job": job,
        "tone": tone_of(job.status),
        "status": words(job.status),
        "stopping": job.cancel_requested and job.status in ACTIVE,
        "address": reverse("admin:core_job_progress", args=[job.pk]) if job.status in ACTIVE else "",
    }


@admin.register(Job)
class JobAdmin(RecordAdmin):
    """Nobody writes a job here; it can be cancelled."""

    list_display = ("title", "progress", "created_at", "started_at", "finished_at")
    search_fields = ("kind",)
    filters = ("status",)
    headline = ("created_at", "started_at", "finished_at", "heartbeat_at")
    change_form_outer_before_template = "core/admin/job.html"

    def get_urls(self) -> list[URLPattern]:
        """With the address that tells how far a job is."""
        view = self.admin_site.admin_view(self.progress_view)
        return [path("<uuid:job_id>/progress/", view, name="core_job_progress"), *super().get_urls()]

    def offers(self, operation: Operation, record: Job) -> bool:
        """What is over cannot be stopped."""
        return operation.name != "cancel_job" or (record.status in ACTIVE and not record.cancel_requested)

    def progress_view(self, request: HttpRequest, job_id: Any) -> HttpResponse:
        """How far it is now."""
        job = self._seen(actor_of(request), str(job_id))
        return HttpResponse(render_to_string(PROGRESS, shown(job), request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """With how far it is."""
        if kwargs.get("obj") is not None:
            context["progress"] = shown(kwargs["obj"])
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description="Job", ordering="kind")
    def title(self, job: Job) -> str:
        """The kind of work, readable."""
        return words(job.kind)

    @admin.display(description="Progress")
    def progress(self, job: Job) -> SafeString:
        """A bar that moves by itself."""
        return render_to_string(PROGRESS, shown(job))
