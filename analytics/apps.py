"""What the record means: the lake, the engine, metrics and findings."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class AnalyticsConfig(AppConfig):
    """Distils facts into metrics."""

    name = "analytics"
    verbose_name = "Analytics"

    def ready(self) -> None:
        """Declare the facts of the customer record, and that the lake holds data of people."""
        from analytics import facts, findings
        from analytics.cost_facts import COST_FACTS
        from analytics.crm_facts import CRM_FACTS
        from analytics.findings import profitability
        from analytics.services import model_requests
        from analytics.services.forgetting import LAKE
        from analytics.services.slice_store import STORE
        from analytics.tier_facts import TIER_FACTS
        from core.jobs import sending
        from core.personal import holders

        facts.register((*CRM_FACTS, *COST_FACTS, *TIER_FACTS))
        findings.register("profitability", profitability.find)
        holders.register(LAKE)
        sending.register(model_requests.KIND, model_requests.TASK)
        holders.register(STORE)
        import_module("analytics.subscribers").subscribe_all()
        post_migrate.connect(self._watch, sender=self, dispatch_uid="analytics.watch")

    def _watch(self, using: str, **_: Any) -> None:
        """Triggers on the tables of lower apps, which know nothing of segments."""
        import_module("analytics.services.segments.watching").install(using)
