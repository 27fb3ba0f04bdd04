"""Models that were fitted: on whom, over which time, with what parameters and how well they foretold."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from core.models.record import Record
from core.models.scope import OPEN, Scope


class FittedModel(Record):
    """One method, fitted once. Written by workers only; doing the same job again writes the same rows."""

    class Kind(models.TextChoices):
        PURCHASES = "purchases"
        SPEND = "spend"
        CHURN = "churn"
        OTHER = "other"

    name = models.CharField(max_length=63, help_text="The method: pareto_nbd, bg_nbd, mbg_nbd, gamma_gamma, empirical.")
    kind = models.CharField(max_length=10, choices=Kind, help_text="What it foretells.")
    parameters = models.JSONField(null=True, help_text="By name, time in weeks; null where the method has none.")
    standard_errors = models.JSONField(null=True, help_text="Of the parameters, by name; null where it has no maximum.")
    log_likelihood = models.FloatField(null=True, help_text="Of all customers, at these parameters.")
    calibration_from = models.DateField(null=True, help_text="The day of the first purchase that it was fitted to.")
    calibration_end = models.DateField(help_text="The last day that it was fitted to.")
    holdout_end = models.DateField(null=True, help_text="The last day that it was held to; null where there was none.")
    horizon_days = models.PositiveIntegerField(null=True, help_text="How far `expected_purchases` looks.")
    customers = models.PositiveIntegerField(null=True, help_text="Customers that it was fitted to.")
    repeat_customers = models.PositiveIntegerField(null=True, help_text="Of them, those who had bought again.")
    rmse = models.FloatField(null=True, help_text="Root of the mean squared error per customer in the holdout.")
    errors = models.JSONField(null=True, help_text="All errors in the holdout, by name.")
    holdout_table = models.JSONField(null=True, help_text="Mean purchases by repeats before: actual and expected.")
    expected_purchases = models.JSONField(null=True, help_text="Repeats expected of a new customer, by weeks.")
    population_mean = models.FloatField(null=True, help_text="What a purchase is worth on average, in `basis`.")
    basis = models.CharField(max_length=10, null=True, help_text="What a purchase is worth: margin, or spend.")
    converged = models.BooleanField(help_text="Whether it has parameters that can be used, or needs none.")
    chosen = models.BooleanField(default=False, help_text="The best of its kind in the holdout, and what is used.")
    message = models.CharField(max_length=500, default="", help_text="What to know about it.")
    filter = models.JSONField(null=True, help_text="Criteria of the contacts it was fitted to; null for all.")
    fitted_at = models.DateTimeField()
    run = models.ForeignKey(
        "analytics.MetricRun", models.SET_NULL, null=True, related_name="+", help_text="The run it was a part of."
    )
    job = models.ForeignKey("core.Job", models.SET_NULL, null=True, related_name="+", help_text="The work that did it.")

    scope: ClassVar[Scope] = OPEN
    may_name: ClassVar[tuple[str, ...]] = ("filter",)

    class Meta:
        db_table = "analytics_fitted_model"
        constraints = [
            models.UniqueConstraint(
                fields=["job", "kind", "name", "calibration_end"], name="analytics_fitted_model_job_uniq"
            )
        ]
        indexes = [
            models.Index(fields=["kind", "chosen", "-id"], name="analytics_fitted_last_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.name} up to {self.calibration_end:%Y-%m-%d}"
