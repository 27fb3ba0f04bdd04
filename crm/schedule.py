"""What beat sends for the customer record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "crm-expire-consents": {"task": "crm.tasks.expire_consents", "schedule": timedelta(minutes=10)},
}
