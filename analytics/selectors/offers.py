"""What to offer one contact."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q

from analytics.models import Recommendation
from analytics.selectors import results
from analytics.selectors.profiles import require_visible
from core.actors import Actor


def recommendations(*, actor: Actor, record_id: UUID, at: datetime) -> list[dict[str, Any]]:
    """Those of a contact in their order. Raises NotFound, Forbidden, or NotComputedYet where there was no run at all.

    Whoever bought nothing for themselves has none.
    """
    require_visible(actor, record_id)
    actor.require("recommendation", "view")
    sold = Q(product__isnull=True) | Q(product__active=True, product__deleted_at__isnull=True)
    rows = Recommendation.objects.filter(contact_id=record_id).visible_to(actor).filter(sold)
    found = [_wire(each) for each in rows.select_related("product").order_by("rank")]
    if not found:
        results.latest("recommendations")
    return found


def _wire(row: Recommendation) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "kind": row.kind,
        "product_id": _text(row.product_id),
        "product_name": row.product.name if row.product else None,
        "related_product_id": _text(row.related_product_id),
        "score": row.score,
        "reason": row.reason,
        "as_of": row.as_of.isoformat(),
        "computed_at": row.computed_at.isoformat(),
    }


def _text(key: UUID | None) -> str | None:
    return None if key is None else str(key)
