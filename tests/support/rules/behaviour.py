"""Rules of events, touches, referrals, life events and lifecycle rules."""

from __future__ import annotations

from tests.support.rules.rule import Rule, ref

RULES = {
    "event": Rule(
        why="who it was is known only where it says so; the same message twice is one event",
        needed=lambda samples: {"contact_id": ref(samples, "contact"), "message_id": f"message {samples.next()}"},
    ),
}
