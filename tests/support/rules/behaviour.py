"""Rules of events, touches, referrals, life events and lifecycle rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actors import SYSTEM
from crm.services.touches import touches
from tests.support.rules.rule import Rule, ref

if TYPE_CHECKING:
    from tests.support.samples import Samples


def _touched(samples: Samples) -> str:
    """A contact whose first touch is another one, so that this one can be deleted."""
    contact_id = ref(samples, "contact")
    values = {"contact_id": contact_id, "occurred_at": "2020-01-01", "source": f"{samples.marker}first"}
    touches.create(actor=SYSTEM, values=values, at=samples.at)
    return contact_id


RULES = {
    "event": Rule(
        why="the same message twice is one event; without a customer few see it",
        needed=lambda samples: {"contact_id": ref(samples, "contact"), "message_id": f"message {samples.next()}"},
    ),
    "touch": Rule(
        why="it is of somebody; a contact's first touch does not move away",
        needed=lambda samples: {"contact_id": _touched(samples)},
        not_in_updates=frozenset({"contact_id"}),
    ),
    "life_event": Rule(
        why="of a kind that there is; sureness is a share",
        needed=lambda samples: {"kind": "move"},
        complete=lambda samples: {"confidence": "0.75"},
        changed=lambda samples, record: {"kind": "birth", "confidence": "0.5"},
    ),
    "lifecycle_rule": Rule(
        why="only orders are counted, only events are named, stages and criteria are known ones",
        complete=lambda samples: {
            "trigger": "event",
            "from_stages": ["lead"],
            "criteria": {"field": "country", "value": "BE"},
            "order_count": None,
        },
        changed=lambda samples, record: {
            "trigger": "order",
            "match": None,
            "order_count": 2,
            "from_stages": ["lead", "other"],
            "criteria": {"not": {"field": "country", "value": "FR"}},
        },
        # Inactive, so that samples of other things stay in the stage that they were made in.
        needed=lambda samples: {"trigger": "touch", "to_stage": "customer", "is_active": False},
    ),
}
ALSO = {"referral_tree": ("referral", "view")}
# One that was brought by others counts for the first of them.
RELATIVES = {("contact", "referred_by"): lambda samples, record: {"referrer_id": ref(samples, "contact")}}
