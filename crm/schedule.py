"""What beat sends for the customer record."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

SCHEDULE: dict[str, dict[str, Any]] = {
    "crm-expire-consents": {"task": "crm.tasks.expire_consents", "schedule": timedelta(minutes=10)},
    "crm-pass-case-deadlines": {
        "task": "crm.tasks.pass_case_deadlines",
        "schedule": timedelta(seconds=30),
        # The next one looks at everything again.
        "options": {"expires": 60},
    },
}
