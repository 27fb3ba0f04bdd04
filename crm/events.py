"""Names of the events that the customer record publishes, beside `<entity>.created|updated|deleted|restored`."""

from __future__ import annotations

# Events that came as one batch: `ids`. One that came alone is told by `event.created`.
EVENT_BATCH_CREATED = "event.batch_created"
# Months of events that were dropped as a whole: `months`, each by its first day.
EVENT_MONTHS_DROPPED = "event.months_dropped"
CONTACT_STAGE_CHANGED = "contact.stage_changed"
DEAL_MOVED = "deal.moved"
DEAL_WON = "deal.won"
DEAL_LOST = "deal.lost"
DEAL_REOPENED = "deal.reopened"
ORDER_PLACED = "order.placed"
ORDER_CANCELLED = "order.cancelled"
ORDER_RETURNED = "order.returned"
TAG_RENAMED = "tag.renamed"
CASE_OPENED = "case.opened"
CASE_RESPONDED = "case.responded"
CASE_WAITING = "case.waiting"
CASE_RESUMED = "case.resumed"
CASE_RESOLVED = "case.resolved"
CASE_REOPENED = "case.reopened"
CASE_CLOSED = "case.closed"
CASE_RATED = "case.rated"
CASE_BREACHED = "case.breached"
CASE_ESCALATED = "case.escalated"
