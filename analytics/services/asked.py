"""What a recomputation was asked for, as its job keeps it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from core.models.job import Job


@dataclass(frozen=True)
class Asked:
    """as_of: the moment to look back from. live: whether contacts show what is found. options: plain JSON.

    replay_of: the id of the run that this one repeats, if it does.
    """

    as_of: datetime
    live: bool = True
    full_sync: bool = False
    options: dict[str, Any] = field(default_factory=dict)
    replay_of: str | None = None

    @classmethod
    def of(cls, job: Job) -> Self:
        kept = job.parameters
        return cls(
            as_of=datetime.fromisoformat(kept["as_of"]),
            live=kept["live"],
            full_sync=kept["full_sync"],
            options=kept["options"],
            replay_of=kept["replay_of"],
        )

    @property
    def parameters(self) -> dict[str, Any]:
        """As the job keeps them."""
        return {
            "as_of": self.as_of.isoformat(),
            "live": self.live,
            "full_sync": self.full_sync,
            "options": self.options,
            "replay_of": self.replay_of,
        }
