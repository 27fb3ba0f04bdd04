"""Fitted models: what they found and how well they foretold."""

from __future__ import annotations

from django.contrib import admin

from analytics.models import FittedModel
from core.admin import RecordAdmin


@admin.register(FittedModel)
class FittedModelAdmin(RecordAdmin):
    """The models, the last fitted first."""

    list_display = (
        "name", "kind", "chosen", "converged", "calibration_end", "holdout_end", "customers", "repeat_customers",
        "rmse", "log_likelihood", "fitted_at", "message",
    )  # fmt: skip
    search_fields = ("name", "message")
    filters = ("kind", "chosen", "converged")
