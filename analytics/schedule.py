"""What beat sends for analytics."""

from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    # Coalesced: what was not begun within its interval is dropped, the next one does its work.
    "analytics-segments": {"task": "analytics.tasks.maintain_segments", "schedule": 3.0, "options": {"expires": 3}},
    "analytics-sync": {"task": "analytics.tasks.sync_lake", "schedule": crontab(minute="*/5")},
    "analytics-compact": {"task": "analytics.tasks.compact_lake", "schedule": crontab(hour="2", minute="10")},
    "analytics-resume": {"task": "analytics.tasks.resume", "schedule": crontab()},
    "analytics-nightly": {"task": "analytics.tasks.nightly", "schedule": crontab(hour="2", minute="30")},
}
