"""What stands before a campaign: a segment that is not viable is refused, with what to address instead."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from analytics.errors import SegmentNotViable
from analytics.guard.verdicts import VIABLE
from analytics.selectors import verdicts
from core.actors import Actor


def require_viable(*, actor: Actor, segment_id: UUID, at: datetime, **asked: Any) -> dict[str, Any]:
    """The verdict on the segment, with the parameters of `verdicts.verdicts`. Raises SegmentNotViable, NotFound."""
    found = verdicts.verdict(actor=actor, record_id=segment_id, at=at, **asked)
    if found["verdict"] != VIABLE:
        raise SegmentNotViable(found["reason"], verdict=found)
    return found
