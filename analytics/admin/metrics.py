"""What was found, which runs found it, and a button that asks for it anew."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse

from analytics.admin import dashboard
from analytics.errors import NotComputedYet
from analytics.models import ContactMetrics, MetricRun
from analytics.selectors import reports
from analytics.services import recompute
from core.admin import RecordAdmin, actor_of, home
from core.clock import now
from core.errors import DomainError
from core.models.job import Job

RELOAD_SECONDS = "2"


@admin.register(ContactMetrics)
class ContactMetricsAdmin(RecordAdmin):
    """The computed profiles."""

    list_display = (
        "contact", "recency_days", "frequency", "monetary", "average_order_value", "first_order_band", "rfm_segment",
        "is_top20",
    )  # fmt: skip
    list_select_related = ("contact",)
    search_fields = ("contact__name", "contact__email")
    filters = ("first_order_band", "is_top20")


@admin.register(MetricRun)
class MetricRunAdmin(RecordAdmin):
    """The runs; above them what the last ones found."""

    list_display = ("definition", "status", "as_of", "started_at", "finished_at", "rows", "changed", "error")
    search_fields = ("definition",)
    filters = ("status",)
    list_before_template = "analytics/admin/overview.html"

    def get_urls(self) -> list[URLPattern]:
        """With the addresses of the button and of the dashboard."""
        view = self.admin_site.admin_view
        own = [
            path("recompute/", view(self.recompute_view), name="analytics_recompute"),
            path("dashboard/", view(home.dashboard), {"key": dashboard.PAGE}, name="analytics_dashboard"),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, which loads itself again while a recomputation is at work."""
        overview = self._overview(request)
        response: HttpResponse = super().changelist_view(request, (extra_context or {}) | overview)
        if overview["job"] is not None:
            response["Refresh"] = RELOAD_SECONDS
        return response

    def recompute_view(self, request: HttpRequest) -> HttpResponse:
        """Ask for a recomputation as of now."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        try:
            recompute.request(actor=actor_of(request), at=now())
        except DomainError as refusal:
            self.message_user(request, refusal.detail, "error")
        else:
            self.message_user(request, "The recomputation is on its way.", "success")
        return HttpResponseRedirect(reverse("admin:analytics_metricrun_changelist"))

    def _overview(self, request: HttpRequest) -> dict[str, Any]:
        actor = actor_of(request)
        found: dict[str, Any] = {
            "job": Job.objects.filter(kind=recompute.KIND, status__in=recompute.ACTIVE).order_by("id").first(),
            "may_recompute": actor.may("analytics", "recompute"),
        }
        if not actor.may("analytics", "view"):
            return found
        try:
            found["concentration"] = reports.concentration(actor=actor, at=now())
            found["segments"] = reports.rfm_segments(actor=actor, at=now())["segments"]
        except NotComputedYet as nothing:
            found["not_yet"] = nothing.detail
        return found
