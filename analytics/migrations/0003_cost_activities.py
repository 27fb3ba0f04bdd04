"""Activities to begin with. They have no rates: what a company's work costs only the company knows."""

from __future__ import annotations

from typing import Any

from django.db import migrations

SERVICE_CHANNELS = ["call", "chat", "email", "message", "service_desk"]
SALES_CHANNELS = ["call", "chat", "email", "meeting", "message", "post"]
# key, name, driver, statement line, channels, direction
ACTIVITIES: tuple[tuple[str, str, str, str, list[str], str | None], ...] = (
    ("order_handling", "Handling an order", "order", "order", [], None),
    ("order_picking", "Picking a line of an order", "order_line", "order", [], None),
    ("delivery", "Delivering an order", "order", "delivery", ["field", "phone", "web"], None),
    ("return_handling", "Taking back goods", "return", "return", [], None),
    ("service_time", "Minutes of answering customers", "interaction_minutes", "service", SERVICE_CHANNELS, "inbound"),
    ("case_time", "Minutes of work on cases", "case_minutes", "service", [], None),
    ("sales_time", "Minutes of turning to customers", "interaction_minutes", "marketing", SALES_CHANNELS, "outbound"),
    ("visit_time", "Minutes of visits to customers", "interaction_minutes", "marketing", ["visit"], None),
    ("touch", "Sending an advertisement", "touch", "marketing", [], None),
)


def seed(apps: Any, _editor: Any) -> None:
    """An organisation edits them as it likes."""
    activity = apps.get_model("analytics", "CostActivity")
    for key, name, driver, line, channels, direction in ACTIVITIES:
        activity.objects.create(
            key=key, name=name, driver=driver, statement_line=line, channels=channels, direction=direction
        )


class Migration(migrations.Migration):
    dependencies = [("analytics", "0002_cost_model")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
