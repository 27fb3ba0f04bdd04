"""When workers do it (for the beat)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "accounts-tidy": {"task": "accounts.tasks.tidy", "schedule": timedelta(hours=6)},
}
