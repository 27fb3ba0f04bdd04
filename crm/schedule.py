"""What beat sends for the customer record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.schedules import crontab

SCHEDULE: dict[str, dict[str, Any]] = {
    "crm-take-out-files": {"task": "crm.tasks.take_out_files", "schedule": timedelta(minutes=15)},
    "crm-sweep-files": {"task": "crm.tasks.sweep_files", "schedule": timedelta(days=1)},
    "crm-remind-of-tasks": {
        "task": "crm.tasks.remind_of_tasks",
        "schedule": timedelta(seconds=30),
        "options": {"expires": 60},
    },
    "crm-expire-consents": {"task": "crm.tasks.expire_consents", "schedule": timedelta(minutes=10)},
    "crm-pass-case-deadlines": {
        "task": "crm.tasks.pass_case_deadlines",
        "schedule": timedelta(seconds=30),
        # The next one looks at everything again.
        "options": {"expires": 60},
    },
    "crm-event-months": {"task": "crm.tasks.keep_event_months_ahead", "schedule": crontab(hour="3", minute="10")},
    "crm-tie-later": {"task": "crm.tasks.tie_later", "schedule": crontab(hour="2", minute="10")},
    "crm-tend-custom-indexes": {"task": "crm.tasks.tend_custom_indexes", "schedule": timedelta(minutes=1)},
    "crm-unfinished-erasures": {"task": "crm.tasks.send_unfinished_erasures", "schedule": timedelta(minutes=5)},
    "crm-retention": {"task": "crm.tasks.nightly_retention", "schedule": crontab(hour="1", minute="10")},
    "crm-resume-retention": {"task": "crm.tasks.resume_retention", "schedule": timedelta(minutes=1)},
}
