"""What beat sends for analytics."""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "analytics-sync": {"task": "analytics.tasks.sync_lake", "schedule": crontab(minute="*/5")},
    "analytics-compact": {"task": "analytics.tasks.compact_lake", "schedule": crontab(hour="2", minute="10")},
    "analytics-resume": {"task": "analytics.tasks.resume", "schedule": crontab()},
    "analytics-nightly": {"task": "analytics.tasks.nightly", "schedule": crontab(hour="2", minute="30")},
}
