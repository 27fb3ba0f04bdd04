"""What analytics declares: metrics of contacts, runs, and calls; both APIs, criteria and grants are made from these."""

from analytics.entities.calls import CONTACT_METRICS_OF
from analytics.entities.calls import OPERATIONS as CALLS
from analytics.entities.cohorts import COHORTS
from analytics.entities.contact_metrics import CONTACT_METRICS
from analytics.entities.cost_model import COST_ACTIVITY, COST_RATE
from analytics.entities.fitted_model import FIT_MODELS, FITTED_MODEL
from analytics.entities.lifecycle import LIFECYCLE
from analytics.entities.metric_run import COMPARE, METRIC_RUN, REPLAY
from analytics.entities.profit import PROFIT_EVENTS, PROFIT_OF_CONTACT
from analytics.entities.profit_reports import PROFIT_REPORTS
from analytics.entities.recommendation import RECOMMENDATION, RECOMMENDATIONS_OF
from analytics.entities.segment import SEGMENT, SEGMENT_MEMBERSHIP, SEGMENT_OPERATIONS
from analytics.entities.tier import TIER_CHANGE, TIER_RULE
from core import registry
from core.registry.fields import many, reverse_one

ENTITIES = (
    CONTACT_METRICS, COST_ACTIVITY, COST_RATE, FITTED_MODEL, METRIC_RUN, RECOMMENDATION, SEGMENT, SEGMENT_MEMBERSHIP,
    TIER_CHANGE, TIER_RULE,
)  # fmt: skip
OPERATIONS = (*CALLS, COHORTS, FIT_MODELS, LIFECYCLE, *PROFIT_REPORTS, *SEGMENT_OPERATIONS)
RESOURCES = {"analytics": ("view", "recompute")}


def extend() -> None:
    """Hang the metrics on contacts, so that criteria, sorting by relation and both APIs reach them from there."""
    contact = registry.entity("contact")
    contact.add_relation(reverse_one("metrics", "contact_metrics", "contact_id", "The computed profile."))
    contact.add_operation(CONTACT_METRICS_OF)
    contact.add_operation(PROFIT_OF_CONTACT)
    contact.add_feed(PROFIT_EVENTS)
    contact.add_operation(RECOMMENDATIONS_OF)
    contact.add_relation(many("segments", "segment_membership", "contact_id", "The segments they are in."))
    for operation in (REPLAY, COMPARE):
        METRIC_RUN.add_operation(operation)


__all__ = ["ENTITIES", "OPERATIONS", "RESOURCES", "extend"]
