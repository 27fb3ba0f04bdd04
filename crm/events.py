"""Names of the events that the customer record publishes, beside `<entity>.created|updated|deleted|restored`."""

from __future__ import annotations

CONTACT_STAGE_CHANGED = "contact.stage_changed"
DEAL_MOVED = "deal.moved"
DEAL_WON = "deal.won"
DEAL_LOST = "deal.lost"
DEAL_REOPENED = "deal.reopened"
ORDER_PLACED = "order.placed"
ORDER_CANCELLED = "order.cancelled"
ORDER_RETURNED = "order.returned"
TAG_RENAMED = "tag.renamed"
