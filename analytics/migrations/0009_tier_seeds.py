"""Tiers to begin with: by percentages of customers, so that they fit any company."""

from __future__ import annotations

from typing import Any

from django.db import migrations

# name, rank, the percentage of customers who have less: to come in, and to stay
TIERS = (("Silver", 1, 60, 50), ("Gold", 2, 85, 78), ("Platinum", 3, 95, 92))


def seed(apps: Any, _editor: Any) -> None:
    """An organisation edits them as it likes."""
    rule = apps.get_model("analytics", "TierRule")
    for name, rank, enter_at, stay_at in TIERS:
        rule.objects.create(
            name=name,
            rank=rank,
            measure="revenue",
            window_days=365,
            basis="percentile",
            enter_at=enter_at,
            stay_at=stay_at,
        )


class Migration(migrations.Migration):
    dependencies = [("analytics", "0008_tiers")]
    operations = [migrations.RunPython(seed, migrations.RunPython.noop)]
