"""The grocery data's campaigns: each household that one was sent to was touched by it when it began."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from crm.demo.copying import copy_rows
from crm.demo.files import moment, rows
from crm.models import Touch

# The data tell no more of how they were sent than these three types.
MEDIA = {"Type A": "mail_type_a", "Type B": "mail_type_b", "Type C": "mail_type_c"}
COLUMNS = ("external_id", "contact_id", "occurred_at", "source", "medium", "campaign_code")


def load(contacts: Mapping[int, UUID], prefix: str, at: datetime) -> int:
    """Write the touches of the households that bought something; returns how many."""
    return copy_rows(Touch, COLUMNS, _touches(contacts, prefix), at)


def _touches(contacts: Mapping[int, UUID], prefix: str) -> Iterator[dict[str, Any]]:
    campaigns = {row["campaign_id"]: row for row in rows("complete_journey_campaign_descriptions")}
    for row in rows("complete_journey_campaigns"):
        campaign, household = campaigns[row["campaign_id"]], int(row["household_id"])
        if household in contacts:
            yield {
                "external_id": f"{prefix}campaign:{row['campaign_id']}:{household}",
                "contact_id": contacts[household],
                "occurred_at": moment(campaign["start_date"]),
                "source": "retailer",
                "medium": MEDIA[campaign["campaign_type"]],
                "campaign_code": f"CJ-{row['campaign_id']}",
            }
