"""When workers do it (for the beat)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "core-forget-idempotent-answers": {
        "task": "core.tasks.forget_idempotent_answers",
        "schedule": timedelta(hours=1),
    },
    "core-throw-away-exports": {"task": "core.tasks.throw_away_exports", "schedule": timedelta(hours=1)},
    "core-resume-jobs": {"task": "core.tasks.resume_jobs", "schedule": timedelta(minutes=1)},
    "core-forget-imports": {"task": "core.tasks.forget_imports", "schedule": timedelta(hours=6)},
    "core-forget-events": {"task": "core.tasks.forget_events", "schedule": timedelta(hours=6)},
}
