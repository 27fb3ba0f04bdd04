"""Writes of referrals. Which one counts for a person, triggers keep (crm/models/firsts.py)."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from core import events
from core.errors import Invalid
from core.writes.base import Write, Writes
from crm.errors import ReferralCycle
from crm.events import REFERRAL_CONVERTED
from crm.models import Referral, ReferralStatus
from crm.services import locks

# Who brought the referrer, who brought those, and so on: whether the referred person is among them.
_ABOVE = """
    WITH RECURSIVE above AS (
        SELECT %s::uuid AS id
        UNION
        SELECT r.referrer_id FROM crm_referral r JOIN above ON r.referred_id = above.id WHERE r.deleted_at IS NULL
    )
    SELECT EXISTS (SELECT FROM above WHERE id = %s)
"""


class Referrals(Writes[Referral]):
    """Referrals make a graph in which nobody brings, however indirectly, who brought them."""

    def prepare(self, change: Write[Referral]) -> None:
        referral = change.record
        if referral.reward is not None and referral.currency is None:
            raise Invalid.one("/currency", "required", "A reward needs its currency.")
        if referral.referrer_id == referral.referred_id:
            raise Invalid.one("/referred_id", "not_allowed", "Nobody recommends us to themselves.")
        if change.created and referral.occurred_at > change.at:
            raise Invalid.one("/occurred_at", "in_future", "Must not be in the future.")
        if change.created or "deleted_at" in change.before:
            _refuse_cycle(referral.referrer_id, referral.referred_id)

    def saved(self, change: Write[Referral]) -> None:
        # The triggers have decided by now whether it counts.
        change.record.refresh_from_db(fields=["is_counted"])
        if change.changed("status") and change.record.status == ReferralStatus.CONVERTED:
            payload = {
                "id": str(change.record.pk),
                "referrer_id": str(change.record.referrer_id),
                "referred_id": str(change.record.referred_id),
            }
            events.publish(events.Event(REFERRAL_CONVERTED, payload), actor=change.actor, at=change.at)


def _refuse_cycle(referrer_id: UUID, referred_id: UUID) -> None:
    # Two referrals at once could each be harmless and together make a cycle: one after the other.
    locks.exclusively(locks.Subject.REFERRALS)
    with connection.cursor() as cursor:
        cursor.execute(_ABOVE, [referrer_id, referred_id])
        if cursor.fetchone()[0]:
            raise ReferralCycle(referrer_id=str(referrer_id), referred_id=str(referred_id))


referrals = Referrals("referral")
